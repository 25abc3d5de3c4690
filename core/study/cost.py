"""What a study will cost: one estimate, from how often things are in its photos and how fast this machine is.

Nothing here opens a photo or a model, so that a page may ask before anything is loaded; `core.study.first_photos`
measures both on a study's first photos and asks the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

from core import config
from core.photos.photo_files import many
from core.study.conditions import SENSITIVITY, WHOLE, Design, Step, grid, steps_by_mask
from core.study.protocol import CONFIRMATORY_FILLS, DECISION_ROWS, SEMANTIC, decision_row
from core.table import REMOVE

LONG = 3600
"""Seconds from which a study wants somebody's word (`--yes`), or is refused where a server allows no long ones."""


@dataclass(frozen=True)
class Frequency:
    """How often a thing is in photos: the share that has it, and the share of those with room for all its controls."""

    there: float
    room: float


@dataclass(frozen=True)
class Speed:
    """How fast a machine is: ms a row (rendering and scoring), and ms to open a photo and find what is in it."""

    row_ms: float
    open_ms: float


@dataclass(frozen=True)
class Cost:
    """Photos that are left to do, rows a photo, ms a row (rendering and scoring), ms to open a photo.

    A photo's rows include those in which others are ablated in its stead.
    """

    photos: int
    rows: float
    row_ms: float
    open_ms: float

    @property
    def seconds(self) -> float:
        return self.photos * (self.rows * self.row_ms + self.open_ms) / 1000

    def spread(self, workers: int) -> Cost:
        """The same work by so many workers, each like a core of this machine."""
        times = config.CORES / workers
        return replace(self, row_ms=times * self.row_ms, open_ms=times * self.open_ms)

    @property
    def length(self) -> str:
        """The time in minutes or hours."""
        minutes = self.seconds / 60
        return f"{minutes / 60:.1f} hours" if minutes >= 60 else f"{max(minutes, 0.1):.1f} minutes"

    def __str__(self) -> str:
        return (
            f"{many(self.photos, 'photo')} × {self.rows:.0f} rows × {self.row_ms:.1f} ms, and {self.open_ms:.0f} ms to "
            f"open a photo: about {self.length}"
        )


def estimate(
    design: Design, photos: float, things: Mapping[str, Frequency], speed: Speed, *, scored: float = 0, left: float = 1
) -> Cost:
    """The cost of a design on so many photos, `scored` of them by people, of which a share is `left` to be opened.

    As many targets are taken to find hosts as there are hosts for, and every fill to decide.
    """
    rows = rows_of(design, photos, things, scored)
    return Cost(round(photos), rows / max(photos, 1), speed.row_ms, left * speed.open_ms)


def rows_of(design: Design, photos: float, things: Mapping[str, Frequency], scored: float) -> float:
    """Rows of a study: of untouched photos, of things with their controls and at empty places, and of whole photos."""
    rows, ablated = photos, 0.0
    semantic = {row.mask for row in DECISION_ROWS if row.kind == SEMANTIC}
    by_mask = steps_by_mask(grid(design))
    for mask, steps in by_mask.items():
        if mask is None or (found := things.get(mask)) is None:
            continue
        there = photos * found.there * _share(design, mask)
        count = min(design.targets or math.inf, there)
        hosted = hosted_targets(count, photos * (1 - found.there), design.hosts)
        ablated += count
        rows += sum(count * (1 + found.room * _placed(step, design)) + hosted * _hosts(step, design) for step in steps)
        if mask in semantic:
            removed = sum(step.condition.direction == REMOVE for step in steps)
            rows += min(hosted, config.EMPTY_PLACES) * removed
    whole = min(photos, (ablated or design.targets) + scored) if design.targets else photos
    return rows + whole * sum(_share(design, step.group or WHOLE) for step in by_mask.get(None, ()))


def hosted_targets(targets: float, lacking: float, hosts: int) -> float:
    """How many of so many targets find `hosts` photos without the thing, none of which serves too many.

    Scores are taken to be normal, and alike with the thing and without: a target finds hosts where enough photos lie
    within the caliper of its score.
    """
    if not (hosts and targets and lacking):
        return 0.0
    most = max(1, int(config.MOST_HOSTED * targets))
    normal = NormalDist()
    scores = [normal.inv_cdf((place + 0.5) / 100) for place in range(100)]
    near = [lacking * (normal.cdf(at + config.CALIPER) - normal.cdf(at - config.CALIPER)) for at in scores]
    served = sum(count >= hosts for count in near) / len(near)
    return min(targets * served, lacking * most / hosts)


def _share(design: Design, group: str) -> float:
    """The share of photos that a group of conditions is applied to."""
    return dict(design.shares).get(group, 1.0)


def _controlled(step: Step, design: Design) -> float:
    """The share of targets that have controls under a region's step."""
    decides = step.condition.fill in CONFIRMATORY_FILLS and decision_row(step.condition) is not None
    return 1.0 if decides else _share(design, SENSITIVITY)


def _placed(step: Step, design: Design) -> float:
    return step.controls * _controlled(step, design)


def _hosts(step: Step, design: Design) -> float:
    return step.hosts * _controlled(step, design)
