"""Boxes against true boxes, masks against true masks, and the intervals of both."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from core import config
from core.regions import regions
from core.regions.detectors import SIZES
from core.registry import MASKS
from core.types import Interval, Mask, Pixels, Rect

EDGES = (0.05, 0.15, 0.5)
"""Short side of a box over that of the photo, from which a thing is medium, large and huge."""

TIMED = 20
"""Photos whose computing time is taken."""

Thing = Rect | Mask
"""What is counted: by its box where only boxes are labelled, else by its mask."""


@dataclass(frozen=True)
class Labelled:
    """A photo with all true things of a kind, and boxes that count neither way."""

    pixels: Pixels
    things: Sequence[Thing]
    ignored: Sequence[Rect] = ()


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


def iou(one: Thing, other: Thing) -> float:
    """Intersection over union of two masks, or of two boxes."""
    if isinstance(one, Rect) or isinstance(other, Rect):
        one, other = box_of(one), box_of(other)
        both = overlap(one, other)
        return both / max(area(one) + area(other) - both, 1e-9)
    return float((one & other).sum() / max((one | other).sum(), 1))


def match(photo: Labelled, found: Iterable[Thing]) -> Count:
    """Greedy matching at IoU 0.5, best box first; of the rest, those mostly inside an ignored box are left out."""
    count, free = Count(), list(range(len(photo.things)))
    short = min(photo.pixels.shape[:2])
    for item in found:
        box = box_of(item)
        best = max(free, key=lambda index: iou(photo.things[index], item), default=None)
        if best is not None and iou(photo.things[best], item) >= 0.5:
            free.remove(best)
            count.right += 1
            count.found[size_of(box, short)].append(True)
        elif not any(overlap(box, other) > 0.5 * area(box) for other in photo.ignored):
            count.wrong += 1
            count.found[size_of(box, short)].append(False)
    for index, thing in enumerate(photo.things):
        count.sizes[size_of(box_of(thing), short)].append(index not in free)
    return count


def box_of(thing: Thing) -> Rect:
    """A box itself, or the smallest around a mask."""
    return thing if isinstance(thing, Rect) else regions.around(thing)


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


def in_use(mask: str | None) -> float | None:
    """The threshold that a mask has unless another is asked for; None without a mask."""
    params = {param.name: param.default for param in MASKS[mask].params} if mask else {}
    return params.get("threshold")


def version(mask: str | None) -> int | None:
    """The version of a mask; None without one."""
    return MASKS[mask].facts["version"] if mask else None


def milliseconds(find: Callable[[Pixels], Any], photos: Sequence[Pixels]) -> float:
    """Median computing time per photo, of all threads together, over photos spread over a set."""
    times = []
    for photo in photos[:: -(-len(photos) // TIMED)]:
        started = time.process_time()
        find(photo)
        times.append(time.process_time() - started)
    return round(1000 * statistics.median(times), 1)
