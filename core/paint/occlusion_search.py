"""Find what matters: a coarse occlusion map of a photo, and the regions whose removal moves the score most.

Source: Zeiler & Fergus 2014 (occlusion sensitivity).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from core.inference import Predictor, batches
from core.paint.region_effect import BATCH, Treatment, ablate, paint, working
from core.table import REMOVE
from core.types import Mask, Pixels

WINDOW = 0.3
"""Side of the occluded square as a share of the short side."""
STEP = 0.15
"""Distance of neighbouring squares as a share of the short side."""
SHARE_OF_PEAK = 0.5
"""A region reaches as far as the map has this share of its extreme."""


@dataclass(frozen=True)
class Candidate:
    """A region worth painting: its mask at working size, and Δ when it is removed."""

    mask: Mask
    delta: float


@dataclass(frozen=True)
class Search:
    """How far a search is: windows done of all, the map so far, and at the end what lowers and raises the score most.

    `map` is float64 at working size: mean Δ of the windows over each pixel, 0 where none was tried. `lowers` and
    `raises` are None while the search runs, and where no removal moves the score that way.
    """

    done: int
    total: int
    map: np.ndarray
    lowers: Candidate | None = None
    raises: Candidate | None = None

    @property
    def finished(self) -> bool:
        return self.done == self.total


def occlusion_search(predictor: Predictor, photo: Pixels, how: Treatment, score: float) -> Iterator[Search]:
    """Remove every square of a coarse grid in turn; yields after each batch, and last the two regions.

    `score` is the photo's own at working size; of the treatment everything counts but its direction. Whoever stops
    asking stops the search.
    """
    how = replace(how, direction=REMOVE)
    small = working(photo)
    squares = windows(*small.shape[:2])
    total, seen = np.zeros(small.shape[:2]), np.zeros(small.shape[:2])
    tried: list[Candidate] = []
    for batch in batches(squares, BATCH):
        scores = predictor.score([ablate(small, square, how) for square in batch])
        for square, value in zip(batch, scores, strict=True):
            tried.append(Candidate(square, float(value) - score))
            total += square * tried[-1].delta
            seen += square
        if len(tried) < len(squares):
            yield Search(len(tried), len(squares), total / np.maximum(seen, 1))
    found = total / np.maximum(seen, 1)
    low, high = (_best(predictor, small, how, score, found, tried, sign) for sign in (-1, 1))
    yield Search(len(squares), len(squares), found, low, high)


def windows(height: int, width: int) -> list[Mask]:
    """Squares that cover a photo in even steps, row by row, as masks (height, width)."""
    side = max(1, round(WINDOW * min(height, width)))
    step = STEP * min(height, width)
    rows, columns = (np.linspace(0, size - side, round((size - side) / step) + 1).round() for size in (height, width))
    masks = []
    for top in rows.astype(int):
        for left in columns.astype(int):
            mask = np.zeros((height, width), bool)
            mask[top : top + side, left : left + side] = True
            masks.append(mask)
    return masks


def _best(
    predictor: Predictor,
    photo: Pixels,
    how: Treatment,
    score: float,
    found: np.ndarray,
    tried: list[Candidate],
    sign: int,
) -> Candidate | None:
    """Of the single square and the connected region around the map's extreme, the one that moves the score further."""
    square = max(tried, key=lambda item: sign * item.delta)
    options = [square]
    peak = (sign * found).max()
    if peak > 0:
        _, labels = cv2.connectedComponents((sign * found >= SHARE_OF_PEAK * peak).astype(np.uint8))
        region = labels == labels[np.unravel_index((sign * found).argmax(), found.shape)]
        if not region.all():
            options.append(Candidate(region, paint(predictor, photo, region, how, score=score).delta))
    best = max(options, key=lambda item: sign * item.delta)
    return best if sign * best.delta > 0 else None
