"""What if: doses of a photo, and its place among the photos of a study of any protocol."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import config, plots
from core.errors import ParameterError
from core.paint import what_if
from core.study import catalogue
from core.types import Pixels
from core.verdict.aggregates import Aggregates, read_aggregates


class Mean:
    """A model whose score is the mean brightness."""

    def score(self, photos: list[Pixels]) -> np.ndarray:
        return np.array([photo.mean() / 255 for photo in photos])


@pytest.fixture(scope="module")
def study() -> Aggregates:
    """The shipped reference study."""
    folder = catalogue.reference()
    assert folder is not None
    return read_aggregates(folder)


def test_every_whole_photo_ablation_is_offered_and_its_default_was_studied(study: Aggregates) -> None:
    offered = what_if.whole_photo_ablations()
    assert {"blur", "grayscale", "centre_crop", "patch_shuffle"} <= {entry.id for entry in offered}
    assert "region" not in {entry.id for entry in offered}
    counts = set()
    for entry in offered:
        how = what_if.dose(entry.id)
        row = what_if.nearest(what_if.studied(study, how), how)
        assert row is not None
        counts.add(int(row["n"]))
        assert how.value is None or row["value"] == how.value
        assert row["low"] <= row["mean"] <= row["high"]
    (count,) = counts  # of a study with targets, those and the photos that people scored
    assert 1000 < count <= study.baseline.n_photos


def test_delta_is_the_score_after_less_the_score_before(photo: Pixels) -> None:
    how = what_if.dose("brightness", {"amount": 0.5})
    score = float(Mean().score([photo])[0])
    assert what_if.delta(Mean(), photo, how, score) == pytest.approx(-score / 2, abs=0.002)
    assert what_if.delta(Mean(), photo, what_if.dose("identity"), score) == 0
    with pytest.raises(ParameterError):
        what_if.dose("brightness", {"sigma": 1})


def test_the_curve_has_usual_studied_and_chosen_strengths(study: Aggregates) -> None:
    how = what_if.dose("blur", {"sigma": 0.03})
    found = what_if.studied(study, how)
    values = what_if.strengths(how, found)
    assert values == sorted({0.03, 0.005, 0.01, 0.02, 0.04, 0.08})
    assert what_if.strengths(what_if.dose("grayscale"), found) == []
    assert what_if.nearest(found, how)["value"] in (0.02, 0.04)


def test_settings_that_the_study_did_not_try_compare_with_nothing(study: Aggregates) -> None:
    how = what_if.dose("high_pass", {"sigma": 0.05})
    assert what_if.nearest(what_if.studied(study, how), how) is None
    assert "did not try High pass in this way" in what_if.in_words(-0.1, how, None)
    assert len(what_if.studied(None, how)) == 0


def test_the_sentence_counts_the_photos_that_lose_less() -> None:
    row = pd.Series({"value": 0.02, "n": 200, "quantiles": np.linspace(-1, 1, 101)})
    how = what_if.dose("blur")
    said = what_if.in_words(-0.84, how, row)
    assert said == "Your photo loses more from Gaussian blur at sigma 0.02 than 92 % of the study's 200 photos."
    assert "gains more from Gaussian blur at sigma 0.02 than 75 %" in what_if.in_words(0.5, how, row)
    assert what_if.in_words(0.0, how, row) == "Gaussian blur at sigma 0.02 does not move your photo's score."


def test_the_answer_compares_at_the_studied_dose_that_is_nearest(study: Aggregates) -> None:
    asked: list[float | None] = []

    def change(dose: what_if.Dose) -> float:
        asked.append(dose.value)
        return -0.3 if dose.value == 0.03 else -0.05

    how, model = what_if.dose("blur", {"sigma": 0.03}), study.baseline.model
    found = what_if.answer(how, change, study, model)
    row = what_if.nearest(found.studied, how)
    assert asked == [0.03, float(row["value"])]
    assert found.delta == -0.3
    assert found.said == f"**Δ = −0.300**: {how.entry.help.splitlines()[0]}"
    assert found.compared == what_if.in_words(-0.05, how, row)
    for other in (what_if.answer(how, change, study, "another"), what_if.answer(how, change, None, model)):
        assert (other.delta, other.compared, len(other.studied)) == (-0.3, "", 0)
    unlike = what_if.answer(what_if.dose("high_pass", {"sigma": 0.05}), change, study, model)
    assert "did not try High pass in this way" in unlike.compared


def test_the_percentage_is_that_of_the_rows_of_the_study(study: Aggregates) -> None:
    """Counted photo by photo in the study's own table."""
    how = what_if.dose("grayscale")
    row = what_if.nearest(what_if.studied(study, how), how)
    parts = sorted((config.ARTIFACTS / "studies" / "reference" / "rows").glob("*.parquet"))
    table = pd.concat([pd.read_parquet(part, columns=["photo_id", "source", "ablation", "score"]) for part in parts])
    table = table.drop_duplicates(["photo_id", "source", "ablation"]).pivot_table(
        index=["source", "photo_id"], columns="ablation", values="score"
    )
    deltas = (table["grayscale"] - table["original"]).dropna()
    said = what_if.in_words(-0.05, how, row)
    assert f"than {100 * (deltas > -0.05).mean():.0f} % of" in said


@pytest.mark.parametrize(("ablation", "rising"), [("blur", True), ("centre_crop", False)])
def test_the_figure_shows_more_taken_away_on_the_right(study: Aggregates, ablation: str, rising: bool) -> None:
    how = what_if.dose(ablation)
    found = what_if.studied(study, how)
    doses = pd.DataFrame({"value": what_if.strengths(how, found), "delta": 0.0})
    figure = plots.along_dose(doses, found, how.name, how.value, rising)
    assert figure.layout.xaxis.autorange == (True if rising else "reversed")
    assert [trace.name for trace in figure.data][-2:] == ["their mean", "your photo"]
    assert max(figure.data[-1].marker.size) == 13
    bare = plots.along_dose(doses, what_if.studied(None, how), how.name, how.value, rising)
    assert [trace.name for trace in bare.data] == ["your photo"]
