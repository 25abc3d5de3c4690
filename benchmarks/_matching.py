"""Boxes against true boxes, masks against true masks, and the intervals of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from core import config
from core.regions.detectors import SIZES
from core.types import Interval, Mask, Pixels, Rect

EDGES = (0.05, 0.15)
"""Short side of a box over that of the photo, from which a thing is medium and large."""


@dataclass(frozen=True)
class Labelled:
    """A photo with true boxes, boxes that count neither way, and whether it reports or chooses."""

    pixels: Pixels
    things: list[Rect]
    ignored: list[Rect]
    reports: bool
    truth: Mask | None = None


@dataclass
class Count:
    """Matches of one photo: by size, true boxes that were found or not, and found boxes that are right or wrong."""

    right: int = 0
    wrong: int = 0
    sizes: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    found: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))


def overlap(one: Rect, other: Rect) -> float:
    """Area of the intersection in px."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return float(max(0, across) * max(0, down))


def area(box: Rect) -> float:
    """Area in px."""
    return float((box.right - box.left) * (box.bottom - box.top))


def iou(one: Rect, other: Rect) -> float:
    """Intersection over union of two boxes."""
    both = overlap(one, other)
    return both / max(area(one) + area(other) - both, 1e-9)


def match(photo: Labelled, found: Iterable[Rect]) -> Count:
    """Greedy matching at IoU 0.5, best box first; of the rest, those mostly inside an ignored box are left out."""
    count, free = Count(), list(range(len(photo.things)))
    short = min(photo.pixels.shape[:2])
    for box in found:
        best = max(free, key=lambda index: iou(photo.things[index], box), default=None)
        if best is not None and iou(photo.things[best], box) >= 0.5:
            free.remove(best)
            count.right += 1
            count.found[size_of(box, short)].append(True)
        elif not any(overlap(box, other) > 0.5 * area(box) for other in photo.ignored):
            count.wrong += 1
            count.found[size_of(box, short)].append(False)
    for index, thing in enumerate(photo.things):
        count.sizes[size_of(thing, short)].append(index not in free)
    return count


def size_of(box: Rect, short: int) -> str:
    """How large a box is in a photo whose short side is given in px."""
    share = min(box.right - box.left, box.bottom - box.top) / short
    return SIZES[sum(share >= edge for edge in EDGES)]


def wilson(right: int, n: int) -> Interval | None:
    """A share with Wilson's 95 % interval; None of nothing."""
    if not n:
        return None
    low, high = proportion_confint(right, n, method="wilson")
    return Interval(right / n, float(low), float(high))


def by_photo(right: np.ndarray, n: np.ndarray) -> Interval | None:
    """A ratio of sums with the percentile interval over resampled photos; None of nothing."""
    if not n.sum():
        return None
    drawn = np.random.default_rng(config.SEED).integers(len(n), size=(config.RESAMPLES, len(n)))
    ratios = right[drawn].sum(axis=1) / np.maximum(n[drawn].sum(axis=1), 1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Interval(float(right.sum() / n.sum()), float(low), float(high))


def mean_iou(pairs: list[tuple[Mask, Mask]]) -> Interval:
    """Mean intersection over union per photo, with the percentile interval over photos."""
    values = np.array([(found & truth).sum() / max((found | truth).sum(), 1) for found, truth in pairs])
    drawn = np.random.default_rng(config.SEED).integers(len(values), size=(config.RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))
