"""The table of effects: its columns, and how a row is read; light enough for any page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.types import Interval

POOLED = "all"
"""The source of rows that pool all sources."""
ALL, ELIGIBLE = "all", "eligible"
CONFIRMATORY, EXPLORATORY = "confirmatory", "exploratory"
KEY = ("model", "source", "ablation", "params", "mask", "fill", "direction", "population")
COLUMNS = (
    *KEY,
    "family",  # confirmatory: the decision rows at default strength, pooled, eligible; all else exploratory
    "n",
    "mean_delta",  # in units of the score, with its BCa interval
    "ci_low",
    "ci_high",
    "median_delta",
    "mean_abs_delta",
    "share_lowered",
    "d_z",
    "delta_in_sd",
    "control_mean_delta",  # of the photos that have an excess
    "excess_delta",
    "excess_ci_low",
    "excess_ci_high",
    "n_controls",  # photos that have an excess: the full number of controls
    "p",  # sign-flip test of the excess where the row has one, else of Δ; as are the four columns below
    "p_holm",  # confirmatory only: of the decision row, whose p is the largest over its fills
    "q_bh",  # exploratory only; both populations of a condition are one test, which counts once
    "equivalence_p",
    "minimum_detectable",  # in units of the score, at the level that p must reach, the rest of its family being fixed
    "validity_drop",  # ρ of the untouched photos − ρ of the ablated ones; empty without human scores
    "validity_ci_low",
    "validity_ci_high",
    "area",
    "rmse",
    "feature_distance",
)
DETAIL_COLUMNS = (
    *KEY,
    "outcome",  # what p is of: excess or delta
    "median_low",
    "median_high",
    "lowered_low",
    "lowered_high",
    "validity",  # ρ of the ablated photos with human scores
    "validity_low",
    "validity_high",
    "n_human",
    "n_detected",  # photos whose mask is a detector's answer; the others' is exact
    "thing_area",  # mean share of the photo that the thing covers, where it is
    "thing_area_controlled",  # the same over photos with room for all controls, where things are small
    "control_placements",  # mean number of placed controls a photo
    "control_eccentricity",  # imbalance: mean distance of the controls from the centre − the target's, in short sides
    "control_rmse",  # imbalance of the removed energy: mean RMSE of the controls − the target's
    "control",  # kind of the controls that the excess is over: hosted or placed
    "n_hosts",  # how many different photos were hosts
    "most_used",  # share of the targets that the host used most often was host to
    "host_score",  # imbalance: mean clean score of the hosts − the target's
    "host_covered",  # share of the hosts more than half of whose own salient object the mask covers
    "placed_excess",  # over placed controls, where hosted ones decide; in photos with room for all of them
    "placed_low",
    "placed_high",
    "n_placed",
    "n_both",  # photos with both kinds of controls
    "disagree",  # whether on those the two excesses differ in sign, and both intervals exclude 0
)


def excess_interval(row: Mapping[Any, Any]) -> Interval:
    """The excess of a row of effects with its interval."""
    return Interval(row["excess_delta"], row["excess_ci_low"], row["excess_ci_high"])


def delta_interval(row: Mapping[Any, Any]) -> Interval:
    """The mean difference of a row of effects with its interval."""
    return Interval(row["mean_delta"], row["ci_low"], row["ci_high"])
