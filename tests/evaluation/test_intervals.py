"""Intervals hold as many photos as they promise on a planted world, widen far away, and are read back as written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.errors import ArtifactError, CheckpointError, SourceError
from core.evaluation import intervals
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.registry import MODELS
from tests.conftest import MakeLamem

FAR = 200.0


def planted(seed: int, n: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, human scores and features of a world whose errors grow with the distance from the middle."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(n, 40)) * np.linspace(3, 0.5, 40)
    features[:, 0] += shift
    scores = random.uniform(0.45, 0.75, n)
    error = 0.05 * (1 + 0.2 * np.abs(features[:, 0]) / 3)
    return scores, np.clip(scores + random.normal(size=n) * error, 0, 1), features


@pytest.fixture(scope="module")
def known() -> intervals.Intervals:
    """Intervals of a planted world: 600 learned photos, 200 that calibrate."""
    return intervals.fit(planted(1, 600)[2], *planted(2, 200))


def test_ninety_percent_intervals_hold_87_to_93_of_100(known: intervals.Intervals) -> None:
    held = [intervals.covered(known, *planted(seed, 2000)) for seed in range(3, 6)]
    assert 0.87 <= float(np.mean(held)) <= 0.93
    over_worlds = [
        intervals.covered(intervals.fit(planted(seed, 600)[2], *planted(seed + 1, 200)), *planted(seed + 2, 2000))
        for seed in range(100, 160, 3)
    ]
    assert np.mean(over_worlds) == pytest.approx(0.9, abs=0.012), "right on average over worlds, not in one alone"


def test_an_interval_widens_on_photos_unlike_the_learned_ones(known: intervals.Intervals) -> None:
    home, away = planted(7, 300)[2], planted(7, 300, shift=FAR)[2]
    low, high = known.around(np.full(300, 0.6), home)
    wide_low, wide_high = known.around(np.full(300, 0.6), away)
    further = known.unlikeness(away).mean() / known.unlikeness(home).mean()
    assert further > 4
    assert (wide_high - wide_low).mean() > 0.9 * further**intervals.GROWTH * (high - low).mean()
    assert (high - low).min() == pytest.approx(2 * known.quantile), "never narrower than near home"
    low, high = known.around(np.array([0.01, 0.99]), away[:2])
    assert (low >= 0).all()
    assert (high <= 1).all()


def test_an_interval_widens_where_the_learned_photos_hardly_differ(known: intervals.Intervals) -> None:
    home, away = planted(7, 300)[2], planted(7, 300)[2]
    away[:, 33:] *= 4  # beyond the directions in which neighbours are looked for
    assert np.median(known.distance(away)) == pytest.approx(np.median(known.distance(home)), rel=0.2), (
        "near in the rest"
    )
    low, high = known.around(np.full(300, 0.6), home)
    wide_low, wide_high = known.around(np.full(300, 0.6), away)
    further = known.unlikeness(away).mean() / known.unlikeness(home).mean()
    assert further > 2
    assert (wide_high - wide_low).mean() > 0.9 * further**intervals.GROWTH * (high - low).mean()
    assert not known.is_usual(away[0])


def test_photos_of_few_features_have_nothing_outside() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 6))
    few = intervals.fit(features, np.full(60, 0.5), random.uniform(size=60), features)
    assert few.usual_outside == 0
    np.testing.assert_array_equal(few.unlikeness(features), few.distance(features) / few.usual)


@pytest.mark.parametrize(("n", "coverage"), [(19, 0.9), (9, 0.9), (8, 0.9), (200, 0.95), (100, 0.5)])
def test_the_conformal_quantile_is_the_smallest_that_covers(n: int, coverage: float) -> None:
    residuals = np.random.default_rng(n).uniform(size=n)
    found = intervals.conformal_quantile(residuals, coverage)
    enough = [value for value in residuals if (residuals <= value).sum() >= (n + 1) * coverage]
    assert found == (min(enough) if enough else np.inf)


def test_distance_is_that_to_the_fifth_nearest_in_whitened_directions() -> None:
    random = np.random.default_rng(0)
    learned, other = random.normal(size=(50, 6)) * [9, 5, 3, 2, 1, 0.5], random.normal(size=(4, 6)) * 4
    found = intervals.distance_to(learned)(other)
    precision = np.linalg.inv(np.cov(learned.T, bias=True))
    for row, distance in zip(other, found, strict=True):
        direct = sorted(float(np.sqrt((row - known) @ precision @ (row - known))) for known in learned)
        assert distance == pytest.approx(direct[4], rel=1e-6)


def test_many_photos_have_the_distances_that_each_has(
    known: intervals.Intervals, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = planted(9, 50)[2]
    whole = known.distance(features)
    monkeypatch.setattr(intervals, "AT_ONCE", 7)
    np.testing.assert_allclose(known.distance(features), whole, rtol=1e-12)


def test_intervals_are_read_back_and_a_damaged_file_is_named(known: intervals.Intervals, tmp_path: Path) -> None:
    file = tmp_path / intervals.FILE
    assert intervals.read(file) is None
    intervals.save(intervals.with_facts(known, {"photos": "photos of planted"}), file)
    again = intervals.read(file)
    assert again is not None
    scores, _, features = planted(8, 50)
    np.testing.assert_allclose(again.around(scores, features), known.around(scores, features), atol=1e-3)
    assert "between 0.50 and 0.70 in 90 of 100 cases, measured on photos of planted" in intervals.in_words(
        again, 0.5, 0.7
    )
    outdoors = intervals.with_facts(again, {"photos": "photos of lnsim"})
    assert "measured on outdoor scenes (lnsim)." in intervals.in_words(outdoors, 0.5, 0.7)
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(ArtifactError, match="cannot be read"):
        intervals.read(file)


def test_each_half_checks_what_the_other_gives() -> None:
    scores, human, features = planted(2, 600)
    seen = intervals.ScoredPhotos(scores, human, features, np.arange(600) % 2 == 0)
    learned = planted(1, 600)[2]
    direct = [
        intervals.covered(intervals.fit(learned, *seen.half(first)), *seen.half(not first)) for first in (True, False)
    ]
    assert intervals.held_by_the_other_half(learned, seen) == pytest.approx(np.mean(direct))
    assert intervals.held_by_the_other_half(learned, seen) == pytest.approx(0.9, abs=0.03)


def test_too_few_photos_are_refused() -> None:
    with pytest.raises(SourceError, match="at least 20"):
        intervals.fit(planted(1, 100)[2], *planted(2, 19))


def test_the_command_writes_intervals_that_scoring_then_shows(
    make_lamem: MakeLamem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, data = tmp_path / "model", make_lamem(240)
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(32, 32))}
    checkpoints.save(folder, MODELS["small_cnn"].function(), card)
    photo = str(data / "images" / "00001.png")
    assert main(["score", photo, "--model", str(folder), "--intervals"]) == 2
    assert "python -m core intervals DATA" in capsys.readouterr().err
    assert main(["intervals", str(data), "--model", str(folder), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["calibrated"] == 48
    assert 0 <= answer["held"] <= 1
    assert main(["score", photo, "--model", str(folder), "--intervals"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head == "file,score,low,high"
    score, low, high = map(float, row.split(",")[1:])
    assert low < score < high
    assert main(["score", photo, "--model", str(folder), "--intervals", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)[0]) == {"file", "score", "low", "high"}


def test_a_model_without_intervals_is_named() -> None:
    with pytest.raises(CheckpointError, match="resmem has no intervals"):
        intervals.of("resmem")
