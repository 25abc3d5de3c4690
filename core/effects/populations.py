"""Which photos a row of effects rests on, and what is read of each: conditions × sources × populations."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from core import config
from core.effects.table import ALL, ELIGIBLE, POOLED
from core.study.hosts import Hosts
from core.study.protocol import DELTA, EXCESS, DecisionRow, decision_row
from core.study.reading import Study
from core.table import KEEP, PLACED, Condition


@dataclass(frozen=True)
class Population:
    """One row to be: condition number `place` on some photos (indices), and those of them that have an excess.

    `ablated`, `differences` and `excess` are the numbers of those photos; `found` and `found_excess` count the photos
    in which the thing is, `kind` is ALL or ELIGIBLE. `row` is the decision row that it confirms or refutes, if it does.
    """

    source: str
    kind: str
    place: int
    photos: np.ndarray
    ablated: np.ndarray
    differences: np.ndarray
    excess_photos: np.ndarray
    excess: np.ndarray
    found: int
    found_excess: int
    row: DecisionRow | None = None

    @property
    def computed(self) -> bool:
        """Whether the thing is in enough photos for any number."""
        return self.found >= config.MIN_COMPUTED

    @property
    def outcome(self) -> str:
        """Excess where enough photos have one, else the plain difference."""
        return EXCESS if self.found_excess >= config.MIN_COMPUTED else DELTA

    @property
    def read(self) -> np.ndarray:
        """The outcome's values."""
        return self.excess if self.outcome == EXCESS else self.differences

    @property
    def draws(self) -> int:
        """Bootstrap resamples: more for the rows that decide."""
        return config.RESAMPLES if self.row is None else config.CONFIRMATORY_RESAMPLES


def differences(study: Study, place: int) -> np.ndarray:
    """Score ablated − original of one condition (photos,); NaN where it was not run."""
    return study.score[:, place] - study.original


def excesses(study: Study, place: int, kind: str = "") -> np.ndarray:
    """Target − mean of its controls (photos,), of those that decide unless a kind is named.

    NaN in photos with fewer than the full number of controls.
    """
    if (kind or study.control_kind) == PLACED:
        complete = study.placements[:, place] >= config.PLACEMENTS
        return np.where(complete, study.score[:, place] - study.control[:, place], np.nan)
    hosts, n = study.hosts.at(place), len(study.original)
    complete = hosts.counts(n) >= config.PLACEMENTS
    return np.where(complete, differences(study, place) - hosts.mean(hosts.change, n), np.nan)


def links(study: Study, place: int, photos: np.ndarray) -> Hosts:
    """The hosts of some photos (numbers, in order) under a condition; `target` is the position among these."""
    position = np.full(len(study.original), -1)
    position[photos] = np.arange(len(photos))
    hosts = study.hosts.at(place)
    known = hosts.where(position[hosts.target] >= 0)
    return replace(known, target=position[known.target])


def trusted(study: Study, condition: Condition, weak: Collection[str]) -> np.ndarray:
    """Photos whose mask may carry a confirmatory row: all, or those with exact masks where the detector is too weak."""
    if condition.mask is None or condition.mask not in weak or condition.mask not in study.things:
        return np.ones(len(study.original), dtype=bool)
    return study.things[condition.mask].exact


def outcome(study: Study, place: int, kind: str, weak: Collection[str] = ()) -> np.ndarray:
    """What a decision row reads of each photo (photos,), NaN where a photo does not count."""
    values = excesses(study, place) if kind == EXCESS else differences(study, place)
    return np.where(trusted(study, study.conditions[place], weak), values, np.nan)


def populations(study: Study, weak: Collection[str] = ()) -> Iterator[Population]:
    """Every row of a study; `weak` names masks whose detector was found too unreliable."""
    names = sorted(set(study.sources))
    scopes = [(POOLED, np.ones(len(study.original), dtype=bool))]
    if len(names) > 1:
        scopes += [(name, study.sources == name) for name in names]
    for source, scope in scopes:
        for place in range(len(study.conditions)):
            for kind in (ALL, ELIGIBLE):
                population = _population(study, source, scope, place, kind)
                confirmatory = source == POOLED and kind == ELIGIBLE
                yield _confirmed(study, population, weak) if confirmatory else population


def _population(study: Study, source: str, scope: np.ndarray, place: int, kind: str) -> Population:
    delta, excess = differences(study, place), excesses(study, place)
    there, there_excess = (scope & np.isfinite(values) for values in (delta, excess))
    absent = np.zeros_like(scope) if kind == ELIGIBLE else _absent(study, scope, place)
    photos = np.flatnonzero(there | absent)
    with_excess = np.flatnonzero(there_excess | absent if there_excess.any() else there_excess)
    return Population(
        source=source,
        kind=kind,
        place=place,
        photos=photos,
        ablated=np.where(absent, study.original, study.score[:, place])[photos],
        differences=np.where(absent, 0.0, delta)[photos],
        excess_photos=with_excess,
        excess=np.where(absent, 0.0, excess)[with_excess],
        found=int(there.sum()),
        found_excess=int(there_excess.sum()),
    )


def _absent(study: Study, scope: np.ndarray, place: int) -> np.ndarray:
    """Photos without the thing; of a thinned condition, the same share of them as was run of those with it.

    None where the thing is kept: alone, what is not there leaves nothing of the photo, and that was not scored.
    """
    if study.conditions[place].direction == KEEP:
        return np.zeros_like(scope)
    present, run = study.present(study.conditions[place].mask), np.isfinite(study.score[:, place])
    absent = scope & ~present & ~run
    with_thing = (scope & (present | run)).sum()
    share = (scope & run).sum() / with_thing if with_thing else 0.0
    return absent & (np.random.default_rng(study.settings.seed).random(len(scope)) < share) if share < 1 else absent


def _confirmed(study: Study, population: Population, weak: Collection[str]) -> Population:
    """With the confirmatory row where it has one: on trusted photos, if enough of them have the row's outcome."""
    condition = study.conditions[population.place]
    row = decision_row(condition)
    if row is None or (row.filled and row.fill_of(condition) not in study.deciding):
        return population
    good = trusted(study, condition, weak)
    kept, kept_excess = good[population.photos], good[population.excess_photos]
    usable = kept_excess.sum() if row.outcome == EXCESS else kept.sum()
    if usable < config.MIN_CONFIRMATORY:
        return population
    return replace(
        population,
        photos=population.photos[kept],
        ablated=population.ablated[kept],
        differences=population.differences[kept],
        excess_photos=population.excess_photos[kept_excess],
        excess=population.excess[kept_excess],
        found=int(kept.sum()),
        found_excess=int(kept_excess.sum()),
        row=row,
    )


def decision_differences(study: Study, weak: Collection[str] = ()) -> list[np.ndarray]:
    """The confirmatory rows as arrays photos × fills of what they read, NaN where a photo does not count."""
    rows: dict[str, list[np.ndarray]] = {}
    everywhere = np.ones(len(study.original), dtype=bool)
    for place in range(len(study.conditions)):
        population = _confirmed(study, _population(study, POOLED, everywhere, place, ELIGIBLE), weak)
        if population.row is not None:
            rows.setdefault(population.row.id, []).append(outcome(study, place, population.row.outcome, weak))
    return [np.column_stack(fills) for fills in rows.values()]
