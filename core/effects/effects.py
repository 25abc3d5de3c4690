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

from core import config
from core.effects import stats
from core.effects.populations import Population, differences, excesses, links, populations
from core.effects.resampling import bca_interval, bootstrap, means, percentile_interval, rank_correlations
from core.effects.table import ALL, COLUMNS, CONFIRMATORY, DETAIL_COLUMNS, ELIGIBLE, EXPLORATORY, KEY, POOLED
from core.study.protocol import EXCESS
from core.study.reading import Study
from core.table import HOSTED, PLACED
from core.types import Interval, Progress, silent

COVERED = 0.5
"""A mask covers a host's own salient object when more than this share of it lies under the mask."""


@dataclass(frozen=True)
class Tables:
    """`effects` has exactly COLUMNS, `details` DETAIL_COLUMNS: what a page shows beside an effect; one row each."""

    effects: pd.DataFrame = field(repr=False)
    details: pd.DataFrame = field(repr=False)


def effect_tables(study: Study, *, weak: Collection[str] = (), progress: Progress = silent) -> Tables:
    """All effects of a study; `weak` names masks whose detector was measured and found too unreliable (rule 5)."""
    rows = [_Row(study, population) for population in populations(study, weak)]
    own = [row for row in rows if not row.repeats]
    groups = _together(row for row in own if row.population.computed)
    for members in progress(groups, len(groups), "effects"):
        _fill_differences(study, members)
        _fill_validity(study, members)
    for members in _together((row for row in own if row.population.outcome == EXCESS), excess=True):
        _fill_excesses(study, members)
    for before, row in pairwise(rows):
        if row.repeats:
            row.copy(before)
    _adjust(rows)
    effects = pd.DataFrame([row.effect for row in rows], columns=list(COLUMNS))
    return Tables(effects, pd.DataFrame([row.detail for row in rows], columns=list(DETAIL_COLUMNS)))


class _Row:
    """A population with the two table rows that are being filled from it."""

    def __init__(self, study: Study, population: Population) -> None:
        condition = study.conditions[population.place]
        values = (condition.ablation, condition.params, condition.mask, condition.fill, condition.direction)
        key = dict(zip(KEY, (study.settings.model, population.source, *values, population.kind), strict=True))
        numbers = COLUMNS[len(KEY) + 1 :]
        self.population = population
        self.error = 0.0
        """Standard error of an excess whose targets share hosts."""
        self.effect: dict[str, Any] = {
            **key,
            "family": EXPLORATORY if population.row is None else CONFIRMATORY,
            **dict.fromkeys(numbers, math.nan),
            "n": len(population.photos),
            "n_controls": len(population.excess),
        }
        self.detail: dict[str, Any] = {
            **key,
            **dict.fromkeys(DETAIL_COLUMNS[len(KEY) :], math.nan),
            "outcome": population.outcome,
            "n_human": 0,
            **_things(study, population),
        }

    @property
    def repeats(self) -> bool:
        """Whether the row before it is of the same photos: everything is eligible for a whole-photo ablation."""
        whole = self.effect["mask"] is None and self.effect["population"] == ELIGIBLE
        return whole and self.population.row is None

    def copy(self, other: _Row) -> None:
        """Take over the numbers of a row of the same photos."""
        self.effect |= {name: other.effect[name] for name in COLUMNS[len(KEY) + 1 :]}
        self.detail |= {name: other.detail[name] for name in DETAIL_COLUMNS[len(KEY) :]}


def _together(rows: Iterable[_Row], excess: bool = False) -> list[list[_Row]]:
    """Rows on the same photos and with as many resamples, which share their draws."""
    groups: dict[tuple[bytes, int], list[_Row]] = {}
    for row in rows:
        photos = row.population.excess_photos if excess else row.population.photos
        groups.setdefault((photos.tobytes(), row.population.draws), []).append(row)
    return list(groups.values())


def _fill_differences(study: Study, rows: list[_Row]) -> None:
    stacked = np.column_stack([row.population.differences for row in rows])
    found = stats.effects(stacked, study.sd, draws=rows[0].population.draws, seed=study.settings.seed)
    for row, effect in zip(rows, found, strict=True):
        placed = study.placements[row.population.photos, row.population.place]
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
            **{name: _mean_size(study, row.population, name) for name in ("area", "rmse", "feature_distance")},
        }
        row.detail |= {
            "median_low": effect.median.low,
            "median_high": effect.median.high,
            "lowered_low": effect.share_lowered.low,
            "lowered_high": effect.share_lowered.high,
            "control_placements": float(placed.mean()) if placed.any() else math.nan,
            **_imbalance(study, row.population),
        }


def _things(study: Study, population: Population) -> dict[str, float]:
    """How many masks a detector guessed, and how large the thing is, in all photos and in those with controls."""
    thing = study.things.get(study.conditions[population.place].mask or "")
    if thing is None:
        return {"n_detected": 0}
    found = {"thing_area": thing.area[population.photos], "thing_area_controlled": thing.area[population.excess_photos]}
    means = {name: float(area[area > 0].mean()) for name, area in found.items() if (area > 0).any()}
    return {"n_detected": int((~thing.exact[population.photos]).sum()), **means}


def _imbalance(study: Study, population: Population) -> dict[str, float]:
    """What still tells the controls from their targets (rule 6), over the photos that have an excess."""
    if study.control_kind == HOSTED:
        return _of_hosts(study, population)
    mask, photos = study.conditions[population.place].mask, population.excess_photos
    photos = photos[np.isfinite(study.control[photos, population.place])]
    if mask is None or mask not in study.things or not len(photos):
        return {}
    values = {
        "control_eccentricity": study.things[mask].imbalance[photos],
        "control_rmse": (study.control_rmse - study.rmse)[photos, population.place],
    }
    known = {name: value[np.isfinite(value)] for name, value in values.items()}
    return {name: float(value.mean()) for name, value in known.items() if len(value)}


def _of_hosts(study: Study, population: Population) -> dict[str, float]:
    """How hosts differ from their targets, each target counting once."""
    photos = population.excess_photos
    hosts = links(study, population.place, photos)
    if not len(hosts):
        return {}
    apart = study.original[hosts.host] - study.original[photos[hosts.target]]
    energy = hosts.rmse - study.rmse[photos[hosts.target], population.place]
    found = {name: hosts.mean(values, len(photos)) for name, values in (("score", apart), ("rmse", energy))}
    known = np.isfinite(hosts.covered)  # a host without a salient object has none to be covered
    return {
        "n_hosts": len(np.unique(hosts.host)),
        "most_used": float(np.unique(hosts.host, return_counts=True)[1].max() / len(np.unique(hosts.target))),
        "host_score": float(np.nanmean(found["score"])),
        "control_rmse": float(np.nanmean(found["rmse"])),
        "host_covered": float((hosts.covered > COVERED).mean()) if known.any() else math.nan,
    }


def _mean_size(study: Study, population: Population, name: str) -> float:
    """Mean area, RMSE or feature distance over the row's photos: 0 where nothing was changed, NaN if unknown."""
    absent = ~np.isfinite(study.score[population.photos, population.place])
    values = getattr(study, name)[population.photos, population.place]
    if np.isnan(values[~absent]).all():
        return math.nan
    return float(np.nanmean(np.where(absent, 0.0, values)))


def _fill_validity(study: Study, rows: list[_Row]) -> None:
    """Validity of the ablated photos and its loss, on the same resamples; empty where too few have human scores."""
    photos = rows[0].population.photos
    human = study.human[photos]
    known = int(np.isfinite(human).sum())
    for row in rows:
        row.detail["n_human"] = known
    if known < config.MIN_COMPUTED:
        return
    columns = np.column_stack([study.original[photos], *(row.population.ablated for row in rows)])
    statistic = [rank_correlations(columns, human)]
    (drawn,) = bootstrap(len(photos), statistic, draws=rows[0].population.draws, seed=study.settings.seed)
    rho = stats.correlations(columns, human)
    for place, row in enumerate(rows, start=1):
        low, high = percentile_interval(drawn[:, 0] - drawn[:, place])
        row.effect |= {"validity_drop": rho[0] - rho[place], "validity_ci_low": low, "validity_ci_high": high}
        low, high = percentile_interval(drawn[:, place])
        row.detail |= {"validity": rho[place], "validity_low": low, "validity_high": high}


def _fill_excesses(study: Study, rows: list[_Row]) -> None:
    """Excesses, which are then what a row's tests are of."""
    stacked = np.column_stack([row.population.excess for row in rows])
    found = stats.effects(stacked, study.sd, draws=rows[0].population.draws, seed=study.settings.seed)
    for row, effect in zip(rows, found, strict=True):
        target = np.nan_to_num(differences(study, row.population.place)[row.population.excess_photos])
        if study.control_kind == HOSTED:
            hosts = links(study, row.population.place, row.population.excess_photos)
            effect = stats.against_hosts(
                effect, target, hosts, study.sd, draws=row.population.draws, seed=study.settings.seed
            )
            if (row.population.source, row.population.kind) == (POOLED, ELIGIBLE):
                row.detail |= _placed(study, row.population)
        row.detail["control"] = study.control_kind
        row.error = effect.error
        row.effect |= {
            "control_mean_delta": float(target.mean()) - effect.mean.estimate,
            "excess_delta": effect.mean.estimate,
            "excess_ci_low": effect.mean.low,
            "excess_ci_high": effect.mean.high,
            "p": effect.p,
            "equivalence_p": effect.equivalence_p,
        }


def _placed(study: Study, population: Population) -> dict[str, Any]:
    """The excess over placed controls, as it is reported beside the one that decides, and whether the two disagree.

    Of pooled rows on eligible photos alone: those are read.
    """
    photos = population.excess_photos[study.present(study.conditions[population.place].mask)[population.excess_photos]]
    hosted, placed = (excesses(study, population.place, kind)[photos] for kind in (HOSTED, PLACED))
    known, both = np.isfinite(placed), np.isfinite(placed) & np.isfinite(hosted)
    found: dict[str, Any] = {"n_placed": int(known.sum()), "n_both": int(both.sum()), "disagree": False}
    if found["n_placed"] < config.MIN_COMPUTED:
        return found
    whole = _interval(placed[known], population, study)
    found |= {"placed_excess": whole.estimate, "placed_low": whole.low, "placed_high": whole.high}
    if found["n_both"] >= config.MIN_COMPUTED:
        own, other = differences(study, population.place)[photos][both], _interval(placed[both], population, study)
        hosts = links(study, population.place, photos[both])
        one = stats.wider(
            _interval(hosted[both], population, study), own, hosts, draws=population.draws, seed=study.settings.seed
        )
        found["disagree"] = (one.low > 0 and other.high < 0) or (one.high < 0 and other.low > 0)
    return found


def _interval(values: np.ndarray, population: Population, study: Study) -> Interval:
    (drawn,) = bootstrap(len(values), [means(values[:, None])], draws=population.draws, seed=study.settings.seed)
    return Interval(float(values.mean()), *bca_interval(drawn[:, 0], values))


def _adjust(rows: list[_Row]) -> None:
    """Holm over the decision rows, each with the largest p of its fills; Benjamini–Hochberg over everything else.

    The minimum detectable effect is at the level that the row's own test must reach.
    """
    p = np.array([row.effect["p"] for row in rows], dtype=float)
    confirmed = _largest(rows, p)
    largest = np.array(list(confirmed.values()))
    holm = dict(zip(confirmed, zip(stats.holm(largest), stats.holm_levels(largest), strict=True), strict=True))
    counted = _counted(rows)
    explored = np.where([row.population.row is None and own == place for place, (row, own) in enumerate(zip(
        rows, counted, strict=True))], p, np.nan)  # fmt: skip
    q, levels = stats.benjamini_hochberg(explored), stats.benjamini_hochberg_levels(explored)
    for row, own in zip(rows, counted, strict=True):
        if row.population.row is None:
            row.effect["q_bh"], level = q[own], levels[own]
        else:
            row.effect["p_holm"], level = holm[row.population.row.id]
        if row.population.computed:
            row.effect["minimum_detectable"] = stats.minimum_detectable(row.population.read, float(level), row.error)


def _largest(rows: list[_Row], p: np.ndarray) -> dict[str, float]:
    """The p of every decision row: the largest over its fills."""
    found: dict[str, float] = {}
    for row, value in zip(rows, p, strict=True):
        if row.population.row is not None:
            found[row.population.row.id] = max(float(value), found.get(row.population.row.id, 0.0))
    return found


def _counted(rows: list[_Row]) -> list[int]:
    """The number of the row that counts in the family in each row's place: every exploratory test counts once.

    Photos without the thing add zeros, which no flip of a sign changes: the row of all photos is the test of the
    eligible ones, which stands behind it. Where those decide, it is the only exploratory one of its kind.
    """
    counted = list(range(len(rows)))
    for place, (row, behind) in enumerate(pairwise(rows)):
        if row.population.kind == ALL and behind.population.kind == ELIGIBLE and behind.population.row is None:
            counted[place] = place + 1
    return counted
