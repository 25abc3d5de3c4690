"""A study → one row of effects per condition, population and source.

Population `eligible` holds the photos in which the thing was found; `all` adds the photos without it, in which removing
it changes nothing (Δ = 0, excess 0). For a whole-photo ablation, and for a thing kept alone, the two are the same
photos. Source `all` pools every source; where there are several, each has its own rows too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from core import config, stats
from core.cells import Cell, cells, differences
from core.decisions import EXCESS
from core.effect_table import COLUMNS, CONFIRMATORY, DETAIL_COLUMNS, ELIGIBLE, EXPLORATORY, KEY
from core.resampling import bootstrap, percentile_interval, rank_correlations
from core.study_files import Study
from core.types import Progress, silent


@dataclass(frozen=True)
class Tables:
    """`effects` has exactly COLUMNS, `details` DETAIL_COLUMNS: what a page shows beside an effect; one row each."""

    effects: pd.DataFrame = field(repr=False)
    details: pd.DataFrame = field(repr=False)


def effect_tables(study: Study, *, weak: Collection[str] = (), progress: Progress = silent) -> Tables:
    """All effects of a study; `weak` names masks whose detector was measured and found too unreliable (rule 5)."""
    rows = [_Row(study, cell) for cell in cells(study, weak)]
    own = [row for row in rows if not row.repeats]
    groups = _together(row for row in own if row.cell.computed)
    for members in progress(groups, len(groups), "effects"):
        _fill_differences(study, members)
        _fill_validity(study, members)
    for members in _together((row for row in own if row.cell.outcome == EXCESS), excess=True):
        _fill_excesses(study, members)
    for before, row in pairwise(rows):
        if row.repeats:
            row.copy(before)
    _fill_detectable(rows)
    effects = pd.DataFrame([row.effect for row in rows], columns=list(COLUMNS))
    _adjust(rows, effects)
    return Tables(effects, pd.DataFrame([row.detail for row in rows], columns=list(DETAIL_COLUMNS)))


class _Row:
    """A cell with the two table rows that are being filled from it."""

    def __init__(self, study: Study, cell: Cell) -> None:
        condition = study.conditions[cell.place]
        values = (condition.ablation, condition.params, condition.mask, condition.fill, condition.direction)
        key = dict(zip(KEY, (study.settings.model, cell.source, *values, cell.population), strict=True))
        numbers = COLUMNS[len(KEY) + 1 :]
        self.cell = cell
        self.effect: dict[str, Any] = {
            **key,
            "family": EXPLORATORY if cell.row is None else CONFIRMATORY,
            **dict.fromkeys(numbers, math.nan),
            "n": len(cell.photos),
            "n_controls": len(cell.excess),
        }
        self.detail: dict[str, Any] = {
            **key,
            **dict.fromkeys(DETAIL_COLUMNS[len(KEY) :], math.nan),
            "outcome": cell.outcome,
            "n_human": 0,
        }

    @property
    def repeats(self) -> bool:
        """Whether the row before it is of the same photos: everything is eligible for a whole-photo ablation."""
        whole = self.effect["mask"] is None and self.effect["population"] == ELIGIBLE
        return whole and self.cell.row is None

    def copy(self, other: _Row) -> None:
        """Take over the numbers of a row of the same photos."""
        self.effect |= {name: other.effect[name] for name in COLUMNS[len(KEY) + 1 :]}
        self.detail |= {name: other.detail[name] for name in DETAIL_COLUMNS[len(KEY) :]}


def _together(rows: Iterable[_Row], excess: bool = False) -> list[list[_Row]]:
    """Rows on the same photos and with as many resamples, which share their draws."""
    groups: dict[tuple[bytes, int], list[_Row]] = {}
    for row in rows:
        photos = row.cell.excess_photos if excess else row.cell.photos
        groups.setdefault((photos.tobytes(), row.cell.draws), []).append(row)
    return list(groups.values())


def _fill_differences(study: Study, rows: list[_Row]) -> None:
    stacked = np.column_stack([row.cell.differences for row in rows])
    found = stats.effects(stacked, study.sd, draws=rows[0].cell.draws, seed=study.settings.seed)
    for row, effect in zip(rows, found, strict=True):
        placed = study.placements[row.cell.photos, row.cell.place]
        row.effect |= {
            "mean_delta": effect.mean.estimate,
            "ci_low": effect.mean.low,
            "ci_high": effect.mean.high,
            "median_delta": effect.median.estimate,
            "mean_abs_delta": effect.mean_abs,
            "share_lowered": effect.share_lowered.estimate,
            "d_z": effect.d_z,
            "delta_in_sd": effect.in_sd,
            "p": effect.p,
            "equivalence_p": effect.equivalence_p,
            **{name: _mean_size(study, row.cell, name) for name in ("area", "rmse", "feature_distance")},
        }
        row.detail |= {
            "median_low": effect.median.low,
            "median_high": effect.median.high,
            "lowered_low": effect.share_lowered.low,
            "lowered_high": effect.share_lowered.high,
            "control_placements": float(placed.mean()) if placed.any() else math.nan,
            **_imbalance(study, row.cell),
        }


def _imbalance(study: Study, cell: Cell) -> dict[str, float]:
    """What still tells the controls from their targets (rule 6), over the photos that have an excess."""
    mask, photos = study.conditions[cell.place].mask, cell.excess_photos
    photos = photos[np.isfinite(study.control[photos, cell.place])]
    if mask is None or mask not in study.things or not len(photos):
        return {}
    values = {
        "control_eccentricity": study.things[mask].imbalance[photos],
        "control_rmse": (study.control_rmse - study.rmse)[photos, cell.place],
    }
    known = {name: value[np.isfinite(value)] for name, value in values.items()}
    return {name: float(value.mean()) for name, value in known.items() if len(value)}


def _mean_size(study: Study, cell: Cell, name: str) -> float:
    """Mean area, RMSE or feature distance over the row's photos: 0 where nothing was changed, NaN if unknown."""
    absent = ~np.isfinite(study.score[cell.photos, cell.place])
    values = getattr(study, name)[cell.photos, cell.place]
    if np.isnan(values[~absent]).all():
        return math.nan
    return float(np.nanmean(np.where(absent, 0.0, values)))


def _fill_validity(study: Study, rows: list[_Row]) -> None:
    """Validity of the ablated photos and its loss, on the same resamples; empty where too few have human scores."""
    photos = rows[0].cell.photos
    human = study.human[photos]
    known = int(np.isfinite(human).sum())
    for row in rows:
        row.detail["n_human"] = known
    if known < config.MIN_COMPUTED:
        return
    columns = np.column_stack([study.original[photos], *(row.cell.ablated for row in rows)])
    statistic = [rank_correlations(columns, human)]
    (drawn,) = bootstrap(len(photos), statistic, draws=rows[0].cell.draws, seed=study.settings.seed)
    rho = stats.correlations(columns, human)
    for place, row in enumerate(rows, start=1):
        low, high = percentile_interval(drawn[:, 0] - drawn[:, place])
        row.effect |= {"validity_drop": rho[0] - rho[place], "validity_ci_low": low, "validity_ci_high": high}
        low, high = percentile_interval(drawn[:, place])
        row.detail |= {"validity": rho[place], "validity_low": low, "validity_high": high}


def _fill_excesses(study: Study, rows: list[_Row]) -> None:
    """Excesses, which are then what a row's tests are of."""
    stacked = np.column_stack([row.cell.excess for row in rows])
    found = stats.effects(stacked, study.sd, draws=rows[0].cell.draws, seed=study.settings.seed)
    for row, effect in zip(rows, found, strict=True):
        target = differences(study, row.cell.place)[row.cell.excess_photos]
        row.effect |= {
            "control_mean_delta": float(np.nan_to_num(target).mean()) - effect.mean.estimate,
            "excess_delta": effect.mean.estimate,
            "excess_ci_low": effect.mean.low,
            "excess_ci_high": effect.mean.high,
            "p": effect.p,
            "equivalence_p": effect.equivalence_p,
        }


def _fill_detectable(rows: list[_Row]) -> None:
    """The level is that of the smallest p in the row's family; the fills of a decision row are one test."""
    confirmatory = len({row.cell.row.id for row in rows if row.cell.row is not None})
    exploratory = sum(row.cell.row is None and row.cell.computed for row in rows)
    for row in rows:
        if row.cell.computed:
            tests = exploratory if row.cell.row is None else confirmatory
            row.effect["minimum_detectable"] = stats.minimum_detectable(row.cell.read, config.ALPHA / tests)


def _adjust(rows: list[_Row], effects: pd.DataFrame) -> None:
    """Holm over the decision rows, each with the largest p of its fills; Benjamini–Hochberg over everything else."""
    names = [None if row.cell.row is None else row.cell.row.id for row in rows]
    exploratory = np.array([name is None for name in names])
    p = effects["p"].to_numpy(dtype=float)
    effects.loc[exploratory, "q_bh"] = stats.benjamini_hochberg(p[exploratory])
    largest: dict[str, float] = {}
    for name, value in zip(names, p, strict=True):
        if name is not None:
            largest[name] = max(value, largest.get(name, 0.0))
    adjusted = dict(zip(largest, stats.holm(np.array(list(largest.values()))), strict=True))
    effects["p_holm"] = [math.nan if name is None else adjusted[name] for name in names]
