"""Measured results in plain words."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from core.evaluation import reports
from core.evaluation import words as report_words
from tests.evaluation.test_reports import artifacts

__all__ = ["artifacts"]


@pytest.mark.parametrize(
    ("score", "percentile", "n", "said"),
    [
        (
            0.734,
            64.4,
            1900,
            "73 of 100 people would recognise this photo if they saw it again: a higher score than 64 % ",
        ),
        (0.734, 64.4, 1900, "of 1,900 reference photos get."),
        (0.99, 99.9, 1900, "among the highest scores, compared with 1,900 reference photos."),
        (0.01, 0.0, 1900, "among the lowest scores"),
        (0.5, math.nan, 0, "if they saw it again."),
    ],
)
def test_what_a_score_means_in_words(score: float, percentile: float, n: int, said: str) -> None:
    sentence = report_words.explain(score, percentile, n)
    assert said in sentence
    assert sentence.endswith(".")
    assert "memor" not in (sentence + report_words.CAVEAT).lower()


def test_quality_in_one_line(artifacts: Path) -> None:
    best = reports.headline(reports.evaluations().items)
    assert best is not None
    assert "400 photos" in report_words.quality(best)
    assert "\n" not in report_words.quality(best)
