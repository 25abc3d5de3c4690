"""Controls: the same mask shape elsewhere in the same photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core import config
from core.errors import MaskError
from core.regions import regions
from core.types import Mask

SPACING = 0.05
"""Wanted distance between two placements, as a fraction of the short side; halved until there are enough."""
POOL = 2
"""The best matches in eccentricity that are looked at, in multiples of the number wanted: of them the most spread out
are taken."""


TIE, TIES = 1e-6, 16
"""Mean structure below which two places are equally empty but for rounding, and how many of them are looked at."""


@dataclass(frozen=True)
class Placement:
    """A shifted copy of a mask: `down` and `right` px away, with its distance from the centre in short sides."""

    mask: Mask
    down: int
    right: int
    eccentricity: float


@dataclass(frozen=True)
class Placements:
    """The controls of one mask, possibly fewer than wanted; `eccentricity` is that of the mask itself."""

    items: tuple[Placement, ...]
    eccentricity: float
    wanted: int

    @property
    def complete(self) -> bool:
        """Whether there are as many as wanted; if not, the photo has no excess."""
        return len(self.items) >= self.wanted

    @property
    def imbalance(self) -> float:
        """Mean eccentricity of the controls minus that of the mask, in short sides; NaN without controls."""
        if not self.items:
            return float("nan")
        return float(np.mean([item.eccentricity for item in self.items])) - self.eccentricity


def placements(mask: Mask, avoid: Mask | None = None, *, n: int = config.PLACEMENTS, seed: int = 0) -> Placements:
    """Up to `n` shifted copies of a mask that lie inside the photo and overlap neither the mask nor `avoid`.

    All shifts on a grid of `SPACING` with a random phase are tried; a finer grid where too few of them are free. Of the
    2n whose centre of mass is as far from the photo's centre as the mask's, or nearly, n are taken one by one, each as
    far as possible from those taken (the first at random). The same seed gives the same placements.
    MaskError for an empty mask.
    """
    if not mask.any():
        raise MaskError("An empty mask cannot be placed elsewhere.")
    random = np.random.default_rng(seed)
    top, left, shape = _cut(mask)
    free = _free(shape, mask if avoid is None else mask | avoid)
    middle = np.argwhere(shape).mean(axis=0)
    target = float(_eccentricity(np.array([[top, left]]), middle, mask.shape)[0])
    corners = _candidates(free, n, max(1, round(SPACING * min(mask.shape))), random)
    found = _eccentricity(corners, middle, mask.shape)
    near = np.argsort(np.abs(found - target), kind="stable")[: POOL * n]
    chosen = [near[index] for index in _spread_out(corners[near], n, random)]
    items = tuple(_placed(mask.shape, shape, corners[index], (top, left), float(found[index])) for index in chosen)
    return Placements(items, target, n)


def emptiest(mask: Mask, structure: np.ndarray) -> tuple[Mask, float]:
    """A mask's shape moved to where there is least to see, and the mean structure (`regions.structure`) under it.

    The shape may touch the place that it comes from: that is no target here. MaskError for an empty mask.
    """
    top, left, shape = _cut(mask)
    sums = cv2.matchTemplate(structure, shape.astype(np.float32), cv2.TM_CCORR) / shape.sum()
    # By Fourier transform, sums are not the same to the last bit each time: what is nearly the least is summed exactly.
    corners = np.argwhere(sums <= sums.min() + TIE)[:TIES]
    places = [_placed(mask.shape, shape, corner, (top, left), 0.0).mask for corner in corners]
    means = [float(structure[place].mean(dtype=np.float64)) for place in places]
    best = int(np.argmin(means))
    return places[best], means[best]


def _cut(mask: Mask) -> tuple[int, int, Mask]:
    """Top, left and content of a mask's bounding box."""
    box = regions.around(mask)
    return box.top, box.left, mask[box.top : box.bottom, box.left : box.right]


def _free(shape: Mask, taken: Mask) -> np.ndarray:
    """For every corner at which a shape lies inside the photo, whether it touches nothing that is taken."""
    overlap = cv2.matchTemplate(taken.astype(np.float32), shape.astype(np.float32), cv2.TM_CCORR)
    return overlap < 0.5  # counts of pixels, by Fourier transform: whole numbers but for rounding


def _candidates(free: np.ndarray, n: int, step: int, random: np.random.Generator) -> np.ndarray:
    """Free corners (N × 2) on the coarsest grid that has at least `n` of them."""
    while True:
        phase = random.integers(0, step, 2)
        corners = np.argwhere(free[phase[0] :: step, phase[1] :: step]) * step + phase
        if len(corners) >= n or step == 1:
            return corners
        step = max(1, step // 2)


def _eccentricity(corners: np.ndarray, middle: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Distance of a shape's centre of mass from the photo's centre, in short sides, for every corner."""
    centre = (np.array(size) - 1) / 2
    return np.linalg.norm(corners + middle - centre, axis=1) / min(size)


def _spread_out(corners: np.ndarray, n: int, random: np.random.Generator) -> list[int]:
    """Up to `n` of the corners, each as far as possible from those before it; the first at random."""
    if not len(corners):
        return []
    chosen = [int(random.integers(len(corners)))]
    nearest = np.linalg.norm(corners - corners[chosen[0]], axis=1)
    while len(chosen) < min(n, len(corners)):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(corners - corners[chosen[-1]], axis=1))
    return chosen


def _placed(
    size: tuple[int, ...], shape: Mask, corner: np.ndarray, origin: tuple[int, int], eccentricity: float
) -> Placement:
    top, left = int(corner[0]), int(corner[1])
    moved = np.zeros(size, dtype=bool)
    moved[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
    return Placement(moved, top - origin[0], left - origin[1], eccentricity)
