"""The tests of the answer against hand-made cases, the map of a photo set, and the sentences where there is nothing to
say."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge as SklearnRidge

from core import config, inference
from core.__main__ import main
from core.errors import ArtifactError, CheckpointError, LatentError
from core.inference import checkpoints
from core.inference.autoencoder import load_autoencoder
from core.latent import atlas, clusters, geometry
from core.latent.build import make
from core.latent.clusters import explained, morans_i
from core.latent.direction import memorability_direction
from core.latent.words import scope_of_tests
from core.models.vae import VAE
from core.photos.preprocess import Preset
from core.registry import MODELS, PROJECTIONS, SPACES
from core.sources import open_source
from core.types import Photo
from tests.conftest import MakeLamem, draw_photo, write_photo

FAST = ("pca",)


@pytest.fixture(scope="module")
def vae_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained autoencoder of 8 numbers."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("vae")
    card = {"architecture": "vae", "preset": checkpoints.preset_fields(Preset(64, 64)), "settings": {"latent": 8}}
    checkpoints.save(folder, VAE(8), card)
    return folder


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained predictor that says what it learned from: nothing."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("small")
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(64, 64)), "training_photos": []}
    checkpoints.save(folder, MODELS["small_cnn"].function(), card)
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the projection that takes no time."""
    chosen = {name: PROJECTIONS[name] for name in FAST}
    monkeypatch.setattr(PROJECTIONS, "_entries", chosen)


def cloud(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def test_morans_i_is_that_of_the_textbook() -> None:
    points = np.array([[0.0], [1.0], [2.1], [3.3], [4.6]])
    scores = np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    weights = np.zeros((5, 5))
    for i, near in enumerate([(1, 2), (0, 2), (1, 3), (2, 4), (3, 2)]):
        weights[i, list(near)] = 0.5
    z = scores - scores.mean()
    expected = len(z) / weights.sum() * (z @ weights @ z) / (z @ z)
    graph = clusters.neighbour_graph(points, 2)
    np.testing.assert_allclose(graph.toarray(), weights)
    assert clusters._autocorrelation(graph, scores[:, None])[0] == pytest.approx(expected)


def test_ridge_is_that_of_scikit_learn() -> None:
    points, random = cloud(60, 5), np.random.default_rng(1)
    scores = points[:, 0] + random.normal(size=60)
    found = clusters.ridge(points, (scores - scores.mean())[:, None])
    known = SklearnRidge(alpha=found.penalties[0]).fit(points, scores)
    np.testing.assert_allclose(found.weights[:, 0], known.coef_, rtol=1e-8)


def test_the_penalty_is_the_one_of_least_generalised_error() -> None:
    points = cloud(40, 6)
    scores = points @ np.arange(6.0) + 2 * np.random.default_rng(1).normal(size=40)
    scores -= scores.mean()
    centred = points - points.mean(axis=0)
    scale = np.square(centred).sum() / 6
    errors = []
    for penalty in clusters.PENALTIES * scale:
        hat = centred @ np.linalg.solve(centred.T @ centred + penalty * np.eye(6), centred.T)
        errors.append(np.square(scores - hat @ scores).sum() / (40 - 1 - np.trace(hat)) ** 2)
    chosen = clusters.ridge(points, scores[:, None]).penalties[0]
    assert chosen == pytest.approx(clusters.PENALTIES[np.argmin(errors)] * scale)


def test_r2_is_near_the_share_that_was_planted() -> None:
    points, noise = cloud(2000, 10), np.random.default_rng(1).normal(size=2000)
    found = explained(points, points[:, 0] + noise, permutations=50)
    assert found.value == pytest.approx(0.5, abs=0.04)
    assert abs(found.null) < 0.02
    assert found.p == pytest.approx(1 / 51)
    assert explained(points, noise, permutations=50).value < 0.01


def test_what_differs_only_between_sources_is_in_the_null() -> None:
    strata = np.repeat([0, 1], 150)
    points = cloud(300, 4) + 3 * strata[:, None]
    scores = strata + 0.3 * np.random.default_rng(1).normal(size=300)
    free, within = (morans_i(points, scores, s, permutations=200) for s in (None, strata))
    assert free.p < 0.01
    assert within.p > 0.05
    assert within.null > 0.5
    assert explained(points, scores, strata, permutations=100).null > 0.5


@pytest.mark.parametrize("test", [explained, morans_i])
def test_shuffled_scores_are_called_clustered_as_rarely_as_promised(test) -> None:
    """200 repetitions at 5 %: 2 to 9 % must be rejected."""
    random = np.random.default_rng(7)
    points = cloud(80, 6)
    rejected = []
    for repetition in range(200):
        scores = random.permutation(np.linspace(0.3, 0.9, 80))
        more = {"folds": 5} if test is explained else {}
        rejected.append(test(points, scores, permutations=99, seed=repetition, **more).p <= 0.05)
    assert 0.02 <= np.mean(rejected) <= 0.09


def test_clustered_scores_are_found() -> None:
    points = cloud(200, 6)
    assert morans_i(points, points[:, 0] + 0.5 * cloud(200, 1, 3)[:, 0], permutations=199).p <= 0.01


def test_nothing_to_test_is_said() -> None:
    points = cloud(40, 3)
    with pytest.raises(LatentError, match="same score"):
        morans_i(points, np.full(40, 0.7))
    with pytest.raises(LatentError, match="at least 20"):
        explained(points[:10], np.arange(10.0))
    with pytest.raises(LatentError, match="same place"):
        explained(np.zeros((40, 3)), np.arange(40.0))


def test_the_direction_is_the_planted_one_and_knows_how_sure_it_is() -> None:
    points = cloud(800, 6)
    scores = 0.6 + 0.1 * points[:, 2] + 0.1 * cloud(800, 1, 5)[:, 0]
    vector, direction = memorability_direction(points, scores, "pixels", "human", draws=100)
    assert vector[2] > 0.95
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert direction.agreement.low < 0.71 < direction.agreement.high
    assert direction.slope.low < 0.1 < direction.slope.high
    assert direction.steadiness.low > 0.9
    _, vague = memorability_direction(points, cloud(800, 1, 6)[:, 0], "pixels", "human", draws=100)
    assert vague.agreement.low < 0 < vague.agreement.high


def test_neighbours_and_contrasts() -> None:
    points = np.array([[0.0, 0], [1, 0], [0, 2], [5, 5]])
    scores = np.array([0.9, 0.85, 0.6, 0.1])
    assert geometry.neighbours(points, 0, 2).tolist() == [1, 2]
    assert geometry.contrast(points, scores, 0, 0.2) == 2
    assert geometry.contrast(points, scores, 0, 0.5) == 3
    assert geometry.contrast(points, scores, 0, 0.95) is None
    with pytest.raises(LatentError, match="no score"):
        geometry.contrast(points, np.array([np.nan, 1, 1, 1]), 0, 0.1)


def test_opposites_are_the_nearest_on_either_side() -> None:
    points = np.array([[0.0, 0], [1, 0], [0, 2], [5, 5], [0.1, 0]])
    scores = np.array([0.9, 0.85, 0.6, 0.1, np.nan])
    assert geometry.opposites(points, scores, np.zeros(2), 0.7, 0.1) == (0, 2)
    assert geometry.opposites(points, scores, np.array([0.9, 0]), 0.7, 0.1) == (1, 2)
    assert geometry.opposites(points, scores, np.zeros(2), 0.7, 0.2) == (0, 3)
    assert geometry.opposites(points, scores, np.zeros(2), 0.7, 0.5) == (None, 3)
    assert geometry.opposites(points, scores, np.zeros(2), 0.5, 0.45) == (None, None)


def test_a_known_photo_lands_on_itself_and_ways_end_at_their_ends() -> None:
    points, layout = cloud(50, 4), cloud(50, 2, 1)
    np.testing.assert_allclose(geometry.landing(points, layout, points[7]), layout[7], atol=1e-4)
    way = geometry.between(points[0], points[1], 5)
    np.testing.assert_allclose(way[[0, 2, 4]], [points[0], (points[0] + points[1]) / 2, points[1]])
    steps = geometry.along(points[0], np.array([1.0, 0, 0, 0]), 2.0, np.array([-1.0, 0, 1]))
    np.testing.assert_allclose(steps[:, 0] - points[0, 0], [-2, 0, 2])


SLOW = {"umap": pytest.mark.slow}  # it compiles


@pytest.mark.parametrize("projection", [pytest.param(entry.id, marks=SLOW.get(entry.id, ())) for entry in PROJECTIONS])
def test_projections_keep_neighbours_and_their_seed(projection: str) -> None:
    points = np.concatenate([cloud(30, 8), cloud(30, 8, 1) + 20]).astype(np.float32)
    project = PROJECTIONS[projection].function
    for dims in (2, 3):
        laid = project(points, dims, 0)
        assert laid.shape == (60, dims)
        assert laid.dtype == np.float32
        assert np.isfinite(laid).all()
        if dims == 2:  # in three, t-SNE needs more photos than these
            assert (geometry.neighbours(laid, 0, 10) < 30).all()
        np.testing.assert_array_equal(laid, project(points, dims, 0))


def test_pca_is_that_of_scikit_learn_up_to_sign() -> None:
    from sklearn.decomposition import PCA

    points = cloud(40, 5) * [5, 4, 3, 2, 1]
    np.testing.assert_allclose(
        np.abs(PROJECTIONS["pca"].function(points, 3, 0)), np.abs(PCA(3).fit_transform(points)), atol=1e-4
    )
    assert PROJECTIONS["pca"].function(points[:, :1], 3, 0).shape == (40, 3)


def test_colour_spaces_are_what_they_say() -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    seen = [_seen(red)]
    np.testing.assert_allclose(SPACES["mean_colour"].function(None, seen), [[1, 0, 0]])
    histogram = SPACES["colour_histogram"].function(None, seen)[0]
    assert histogram[3 * 16] == 1
    assert np.square(histogram).sum() == pytest.approx(1)


def _seen(small: np.ndarray):
    from core.latent.spaces import SpaceInput

    return SpaceInput(Photo("a", "t", lambda: small), small, 0.5, np.zeros(3))


def test_a_wide_space_is_compressed_as_by_one_decomposition(tmp_path: Path) -> None:
    from sklearn.decomposition import PCA

    from core.latent.encoding import MOST_DIMENSIONS, _Collected

    wide = (cloud(200, 80) * np.linspace(3, 0.1, 80)).astype(np.float32)
    collected = _Collected(tmp_path / "wide")
    for start in range(0, 200, 32):
        collected.add(wide[start : start + 32])
    places, axes, kept = collected.finish()
    known = PCA(MOST_DIMENSIONS).fit(wide)
    np.testing.assert_allclose(np.abs(places), np.abs(known.transform(wide)), atol=1e-2)
    assert kept == pytest.approx(known.explained_variance_ratio_.sum(), abs=1e-4)
    np.testing.assert_allclose((wide - axes["centre"]) @ axes["axes"].astype(np.float32), places, atol=2e-2)


def test_a_map_comes_back_as_it_was_written(make_lamem: MakeLamem, vae_folder, model_folder, quick, tmp_path) -> None:
    listing = open_source(str(make_lamem(40)))
    made, problems = make(
        inference.load(str(model_folder)),
        load_autoencoder(str(vae_folder)),
        [listing],
        tmp_path / "map",
        places={"set": "somewhere"},
        permutations=20,
    )
    atlas.write(made)
    again = atlas.read(tmp_path / "map")
    assert problems == ()
    assert again.answer == made.answer
    assert again.places == {"set": "somewhere"}
    assert again.spaces["pixels"].shape == (40, 8)
    assert again.spaces["learned"].shape == (40, 64)
    np.testing.assert_allclose(again.spaces["pixels"], made.spaces["pixels"], atol=1e-2)
    np.testing.assert_array_equal(again.layouts["pixels", "pca", 3], made.layouts["pixels", "pca", 3])
    assert again.photos["human_score"].tolist() == pytest.approx([photo.score for photo in listing.photos])
    assert again.index(again.name(7)) == 7
    assert again.index("set/none") is None
    tested = {(row.space, row.target, row.photos) for row in again.answer.rows}
    assert ("learned", "human", atlas.KEPT_OUT) in tested
    assert not any(space == "learned" and target == "model" for space, target, _ in tested)
    assert atlas.read(tmp_path / "none") is None

    for name in (atlas.AXES, atlas.ANSWER):  # a writer was killed between the files of the next map
        before = (tmp_path / "map" / name).read_bytes()
        (tmp_path / "map" / name).write_bytes(before + b" ")
        with pytest.raises(ArtifactError, match=f"{name} is of another map"):
            atlas.read(tmp_path / "map")
        (tmp_path / "map" / name).write_bytes(before)
    assert atlas.read(tmp_path / "map") is not None


def test_more_photos_take_no_more_memory(vae_folder: Path, model_folder: Path) -> None:
    """All of them decoded are 47 MB; what may grow is a row of numbers each."""
    import tracemalloc

    from core.latent.encoding import encode
    from core.types import Listing

    predictor, autoencoder = inference.load(str(model_folder)), load_autoencoder(str(vae_folder))
    peaks = []
    for n in (80, 320):
        photos = tuple(Photo(str(i), "drawn", partial(draw_noise, i)) for i in range(n))
        tracemalloc.start()
        assert len(encode(predictor, autoencoder, [Listing("drawn", photos)]).photos) == n
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3_000_000


def draw_noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (256, 192, 3), dtype=np.uint8)


def test_the_shipped_map_is_small_and_whole() -> None:
    shipped = atlas.read()
    assert shipped is not None
    files = [file for name in ("latent", "vae") for file in (config.ARTIFACTS / name).iterdir()]
    assert sum(file.stat().st_size for file in files) <= 15_000_000
    assert not shipped.photos.duplicated(["source", "photo_id"]).any()
    assert shipped.photos["score"].between(0, 1).all()
    assert {space for space, _, dims in shipped.layouts if dims == 2} == set(shipped.spaces)
    assert all(np.isfinite(values).all() for values in (*shipped.spaces.values(), *shipped.layouts.values()))
    assert not [row for row in shipped.answer.rows if row.space == "learned" and row.target == "model"]
    assert shipped.spaces["pixels"].shape[1] == load_autoencoder().latent == 64


def test_a_space_learned_from_scores_is_tested_only_on_unseen_photos(
    make_lamem: MakeLamem, vae_folder, model_folder, quick, tmp_path
) -> None:
    from core.photos.fingerprints import fingerprint

    listing = open_source(str(make_lamem(60)))
    seen = [fingerprint(photo.read()) for photo in listing.photos if photo.split != "test"]
    model = inference.load(str(model_folder))
    model.card["training_photos"] = [[item.pixels, item.look] for item in seen]
    made, _ = make(model, load_autoencoder(str(vae_folder)), [listing], tmp_path, permutations=20)
    unseen = int(made.photos["kept_out"].sum())
    assert 0 < unseen <= 12
    assert all(row.space != "learned" for row in made.answer.rows)  # 12 are too few, and the others are no evidence
    assert any("learned" in note and "at least 20" in note for note in made.answer.notes)
    assert made.answer.row("pixels", "human", atlas.ALL_SCORED).n == 60
    assert made.answer.row("pixels", "human") is None


def test_one_photo_constant_scores_and_missing_scores(
    tmp_path: Path, vae_folder, model_folder, quick, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(model_folder), "--autoencoder", str(vae_folder), "--permutations", "20"]
    write_photo(tmp_path / "one" / "a.png")
    assert main(["latent", str(tmp_path / "one"), *options, "--out", str(tmp_path / "map")]) == 2
    assert "one: 1 photo; a map needs at least 10." in capsys.readouterr().err
    for number in range(24):
        write_photo(tmp_path / "many" / f"{number}.png", seed=number)
    lines = "".join(f"many/{number}.png,0.5\n" for number in range(24))
    (tmp_path / "same.csv").write_text("image_path,memorability_score\n" + lines)
    assert main(["latent", str(tmp_path / "same.csv"), *options, "--out", str(tmp_path / "same")]) == 0
    assert "all 24 photos have the same score, 0.5" in capsys.readouterr().out
    assert main(["latent", str(tmp_path / "many"), *options, "--out", str(tmp_path / "none")]) == 0
    said = capsys.readouterr().out
    assert "could not be tested" in said
    assert {row.target for row in atlas.read_answer(tmp_path / "none").rows} == {"model"}


def test_photos_that_look_alike_count_once(
    tmp_path: Path, vae_folder, model_folder, quick, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(model_folder), "--autoencoder", str(vae_folder), "--permutations", "20"]
    for number in range(36):
        write_photo(tmp_path / "thrice" / f"{number}.png", seed=number // 3)
    assert main(["latent", str(tmp_path / "thrice"), *options, "--out", str(tmp_path / "map")]) == 0
    assert "24 photos set aside because they look like another one: copies count once." in capsys.readouterr().out
    assert len(atlas.read(tmp_path / "map").photos) == 12
    for number in range(12):
        write_photo(tmp_path / "same" / f"{number}.png", seed=1)
    assert main(["latent", str(tmp_path / "same"), *options, "--out", str(tmp_path / "none")]) == 2
    assert "same: 1 photo can be used, beside 11 that look like another; a map needs" in capsys.readouterr().err
    twice = [str(tmp_path / "thrice")] * 2
    assert main(["latent", *twice, *options, "--out", str(tmp_path / "none")]) == 2
    assert "Two sources are called thrice" in capsys.readouterr().err
    assert main(["latent", twice[0], *options[:-1], "0", "--out", str(tmp_path / "none")]) == 2
    assert "--permutations must be 1 or more" in capsys.readouterr().err


def test_unreadable_photos_are_named(tmp_path, vae_folder, model_folder, quick) -> None:
    for number in range(12):
        write_photo(tmp_path / "set" / f"{number}.png", seed=number)
    (tmp_path / "set" / "bad.jpg").write_bytes(b"no photo")
    listing = open_source(str(tmp_path / "set"))
    made, problems = make(
        inference.load(str(model_folder)), load_autoencoder(str(vae_folder)), [listing], tmp_path, permutations=5
    )
    assert len(made.photos) == 12
    assert len(problems) == 1
    assert "bad.jpg" in str(problems[0])


def test_another_latent_size_is_refused(vae_folder: Path) -> None:
    with pytest.raises(CheckpointError, match="with 8 numbers, and 64 are needed"):
        load_autoencoder(str(vae_folder), latent=64)
    with pytest.raises(CheckpointError, match="with 8 numbers, not 64"):
        load_autoencoder(str(vae_folder)).decode(np.zeros((1, 64)))


def test_a_predictor_is_no_autoencoder(model_folder: Path) -> None:
    with pytest.raises(CheckpointError, match="not an autoencoder"):
        load_autoencoder(str(model_folder))


def test_showing_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = atlas.SpaceResult("pixels", "human", atlas.KEPT_OUT, 400, 0.05, -0.01, 0.002, 0.04, 0.0, 0.001)
    answer = atlas.MapAnswer((row,), (), (), atlas.MapFacts(permutations=1000))
    layouts = {("pixels", "pca", 2): np.zeros((2, 2), np.float32)}
    photos = {name: [None, None] for name in atlas.PHOTO_COLUMNS.names}
    import pandas as pd

    photos |= {"kept_out": [True, False], "drawn_before": [True, False]}
    atlas.write(atlas.Atlas(tmp_path, pd.DataFrame(photos), {}, layouts, {"a": np.zeros(1)}, answer, {}))
    assert main(["latent", "--show", "--json", "--out", str(tmp_path)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {"space", "target", "n", "r2", "null_r2", "p", "morans_i", "morans_p"} <= set(shown[0])
    assert main(["latent", "--show", "--out", str(tmp_path)]) == 0
    assert "R² = 0.05" in capsys.readouterr().out
    compressed = atlas.MapAnswer((row,), (), (), atlas.MapFacts(kept_variance={"learned": 0.509}))
    assert "What the model learned* is tested on its first principal components, with 51" in scope_of_tests(compressed)
    (tmp_path / atlas.ANSWER).write_text("{")
    with pytest.raises(ArtifactError, match="cannot be read"):
        atlas.read_answer(tmp_path)
    assert main(["latent", "--show", "--out", str(tmp_path / "none")]) == 2
    assert "there is no tested answer" in capsys.readouterr().err
    assert main(["latent"]) == 2


def test_decoding_inverts_what_was_encoded_in_shape(vae_folder: Path) -> None:
    autoencoder = load_autoencoder(str(vae_folder))
    squares = [draw_photo(seed, 64, 64) for seed in range(3)]
    latents = autoencoder.encode(squares)
    assert latents.shape == (3, 8)
    assert autoencoder.decode(latents).shape == (3, 64, 64, 3)
    assert autoencoder.decode(np.empty((0, 8))).shape == (0, 64, 64, 3)
