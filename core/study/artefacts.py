"""Which fills decide: what each does by itself, where there is nothing to take away (rule 7)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core import config
from core.registry import FILLS
from core.study.hosts import Hosts
from core.study.protocol import CONFIRMATORY_FILLS, DECISION_ROWS, SEMANTIC
from core.table import Condition
from core.types import Interval

RATIO = 1.5
"""A fill decides if its artefact is at most this many times that of the least."""
FLOOR = config.SESOI / 4
"""In SD: so small an artefact moves no row, and what is many times nearly nothing is still nearly nothing."""
FEWEST = 2
"""Fewer fills than these decide nothing."""
LARGEST = 0.2
"""Share of the photo below which a mask's shape is moved to an empty place."""
WIDE = 1.959964
"""Standard errors to either side of a mean within which 95 % lie."""


@dataclass(frozen=True)
class Artefact:
    """What a fill does at `n` empty places of hosts: `size` is the mean |Δ|, `mean` the mean Δ, both in SD."""

    fill: str
    size: float
    mean: Interval
    n: int
    decides: bool

    @property
    def sign(self) -> str:
        """Whether the fill by itself raises or lowers the score; empty where its interval holds 0."""
        return "raises" if self.mean.low > 0 else "lowers" if self.mean.high < 0 else ""


def fill_artefacts(empty: Hosts, conditions: Sequence[Condition], sd: float) -> tuple[Artefact, ...]:
    """The artefact of every fill that a study tried at empty places, the least first.

    Of the places (the shape of a target's mask on a host), the half with the least gradient under the mask counts.
    Intervals are over hosts. Computed from hosts alone; no target is read.
    """
    masks = {row.mask for row in DECISION_ROWS if row.kind == SEMANTIC}
    names = sorted(masks - {None}, key=str)
    kept = [place for place, item in enumerate(conditions) if item.mask in masks and item.fill in CONFIRMATORY_FILLS]
    rows = empty.where(np.isin(empty.place, kept) & np.isfinite(empty.structure) & ~(empty.area >= LARGEST))
    if not len(rows) or sd <= 0:
        return ()
    mask = np.array([names.index(item.mask) if place in kept else -1 for place, item in enumerate(conditions)])
    spots = np.stack([rows.target, rows.host, mask[rows.place]])
    _, first = np.unique(spots, axis=1, return_index=True)
    rows = rows.where(rows.structure <= np.median(rows.structure[first]))
    fills = np.array([str(item.fill) for item in conditions])[rows.place]
    found = [_artefact(fill, rows.where(fills == fill), sd) for fill in sorted(set(fills.tolist()))]
    most = max(FLOOR, RATIO * min(item.size for item in found))
    judged = [replace(item, decides=item.size <= most) for item in found]
    return tuple(sorted(judged, key=lambda item: item.size))


def _artefact(fill: str, rows: Hosts, sd: float) -> Artefact:
    change = rows.change / sd
    hosts, number = np.unique(rows.host, return_inverse=True)
    by_host = np.bincount(number, weights=change) / np.bincount(number)
    error = float(by_host.std(ddof=1)) / math.sqrt(len(hosts)) if len(hosts) > 1 else math.nan
    mean = float(change.mean())
    return Artefact(
        fill, float(np.abs(change).mean()), Interval(mean, mean - WIDE * error, mean + WIDE * error), len(rows), False
    )


def deciding(artefacts: Sequence[Artefact]) -> tuple[str, ...]:
    """The fills that decide; none where there would be fewer than two kinds of them."""
    found = tuple(item.fill for item in artefacts if item.decides)
    return found if enough(found) else ()


def by_floor(artefacts: Sequence[Artefact]) -> tuple[str, ...]:
    """The fills that decide by the floor alone: their artefact is more than 1.5 times the least."""
    least = min((item.size for item in artefacts), default=0.0)
    return tuple(item.fill for item in artefacts if item.decides and item.size > RATIO * least)


def enough(fills: Iterable[str]) -> bool:
    """Whether there are fills of two kinds: one that often does what another does is no second witness."""
    return len({FILLS[fill].facts.get("often", fill) if fill in FILLS else fill for fill in fills}) >= FEWEST
