"""Where a region's Δ lies among the region effects of a study; never imports torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.table import REMOVE
from core.verdict.aggregates import Aggregates

REGION, DELTA = "region", "delta"
LEVELS = np.linspace(0, 100, 101)
"""Percents at which a study keeps quantiles."""


@dataclass(frozen=True)
class Percentile:
    """Percent of a study's region effects that lie below a Δ, ties counted half: of `n` effects on these things."""

    percentile: float
    n: int
    things: tuple[str, ...]


def percentile_among(delta: float, distributions: pd.DataFrame, fill: str, direction: str) -> Percentile | None:
    """The place of Δ among all effects of one fill and direction, whatever the thing; None where there are none.

    `distributions` has the columns DISTRIBUTION_COLUMNS of core.verdict.aggregates. An effect is that of one thing on
    one photo that has it; between two of the 101 stored quantiles the share below is interpolated.
    """
    wanted = {"ablation": REGION, "outcome": DELTA, "fill": fill, "direction": direction}
    rows = distributions[(distributions[list(wanted)] == pd.Series(wanted)).all(axis="columns")]
    if rows.empty:
        return None
    below = [percent_below(delta, np.asarray(quantiles, dtype=float)) for quantiles in rows["quantiles"]]
    counts = rows["n"].to_numpy()
    return Percentile(float(np.average(below, weights=counts)), int(counts.sum()), tuple(sorted(rows["mask"].unique())))


def in_words(
    delta: float, study: Aggregates | None, model: str, fill: str, direction: str, *, as_studied: bool = True
) -> str:
    """The place of Δ among a reference study's region effects, as one sentence that says of what it is a percentile.

    A study knows every fill at its default settings and with a hard border; `as_studied` is False for any other Δ,
    whose sentence then says what it is compared with.
    """
    if study is None:
        return "There is no reference study on this machine whose effects Δ could be compared with."
    if study.baseline.model != model:
        return (
            f"The reference study was made with {study.baseline.model}: its effects say nothing about this model's Δ."
        )
    found = percentile_among(delta, study.distributions, fill, direction)
    if found is None:
        return "The reference study replaced nothing in this way, so that Δ cannot be compared with its effects."
    things = ", ".join(found.things)
    done = "taken away from a photo" if direction == REMOVE else "kept alone in a photo"
    by = "by the same fill" if as_studied else "by this fill at its usual settings and with a hard border, unlike here"
    return (
        f"Δ is at percentile {found.percentile:.0f} of the {found.n:,} effects in the reference study of one thing "
        f"({things}) {done} {by}."
    )


def percent_below(delta: float, quantiles: np.ndarray) -> float:
    """Percent of a distribution below a value, ties counted half, from its quantiles in order."""
    upper = np.interp(delta, quantiles, LEVELS, left=0, right=100)
    lower = 100 - np.interp(-delta, -quantiles[::-1], LEVELS, left=0, right=100)
    return float(upper + lower) / 2
