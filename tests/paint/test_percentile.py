"""The percentile of Δ among a study's region effects, against values counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core import config
from core.paint import percentile
from core.study import catalogue
from core.verdict.aggregates import read_aggregates


def row(values: Any, mask: str = "faces", **given: Any) -> dict[str, Any]:
    made = {"ablation": "region", "mask": mask, "fill": "mean", "direction": "remove", "outcome": "delta"}
    return made | {"n": len(values), "quantiles": np.quantile(values, np.linspace(0, 1, 101))} | given


def place(delta: float, *rows: dict[str, Any], fill: str = "mean", direction: str = "remove") -> float:
    found = percentile.percentile_among(delta, pd.DataFrame(rows), fill, direction)
    assert found is not None
    return found.percentile


def test_it_is_the_share_below_as_scipy_counts_it() -> None:
    values = np.random.default_rng(0).normal(0, 0.05, 4001)
    for delta in (-0.08, -0.01, 0.0, 0.03):
        assert place(delta, row(values)) == pytest.approx(stats.percentileofscore(values, delta, "mean"), abs=0.3)


def test_beyond_all_effects_it_is_0_or_100() -> None:
    assert place(-1, row([-0.1, 0, 0.1])) == 0
    assert place(1, row([-0.1, 0, 0.1])) == 100


def test_ties_count_half() -> None:
    assert place(0, row([0.0] * 11)) == 50
    assert place(0, row([-0.1, *[0.0] * 99, 0.1])) == pytest.approx(50, abs=0.5)


def test_things_count_by_their_number_of_photos() -> None:
    low, high = row([-0.2, -0.1] * 15), row([0.1, 0.2] * 5, mask="text")
    assert place(0, low, high) == pytest.approx(75)
    found = percentile.percentile_among(0, pd.DataFrame([low, high]), "mean", "remove")
    assert found == percentile.Percentile(75.0, 40, ("faces", "text"))


def test_only_effects_of_the_same_kind_count() -> None:
    own = row([-0.1, 0.0, 0.1])
    others = [row([1.0, 2.0], **{name: value}) for name, value in
              {"fill": "blur", "direction": "keep", "outcome": "excess", "ablation": "blur"}.items()]  # fmt: skip
    assert place(0, own, *others) == 50
    assert percentile.percentile_among(0, pd.DataFrame([own]), "blur", "remove") is None
    assert percentile.percentile_among(0, pd.DataFrame([own]), "mean", "keep") is None


def test_without_a_study_there_is_one_sentence() -> None:
    assert "no reference study" in percentile.in_words(0.0, None, "resnet50", "mean", "remove")


def test_the_shipped_study_places_a_delta() -> None:
    folder = catalogue.reference()
    if folder is None:
        pytest.skip("the reference study is not shipped")
    study = read_aggregates(folder)
    own = study.baseline.model
    said = percentile.in_words(-0.3, study, own, "mean", "remove")
    assert "at percentile 0" in said
    assert said.endswith("by the same fill.")
    other = percentile.in_words(-0.3, study, own, "mean", "remove", as_studied=False)
    assert other.endswith("at its usual settings and with a hard border, unlike here.")
    assert own in percentile.in_words(0.0, study, "small_cnn", "mean", "remove")
    assert "replaced nothing in this way" in percentile.in_words(0.0, study, own, "grayscale", "remove")
    assert own == config.DEFAULT_MODEL
