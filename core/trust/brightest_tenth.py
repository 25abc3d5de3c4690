"""The one number under a heatmap: what its brightest tenth is worth, beside a tenth of the same shape elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.inference import Predictor, batches
from core.paint.region_effect import working
from core.regions.placements import placements
from core.registry import MASKS
from core.trust.curves import BATCH, without
from core.trust.deciding_fills import deciding_fills
from core.types import Heatmap, Mask, Pixels

SHARE = 0.1
PLACES = 8
FEWEST_PLACES = 4
"""Fewer free places than this: the shape is moved over the border and comes in again at the other side."""
LEAST = 0.02
"""A smaller share of the photo is no tenth: the map says nothing of most places."""


@dataclass(frozen=True)
class BrightestTenth:
    """Δ when the brightest tenth is removed, and Δ of the same shape at each other place; the mask at working size.

    `area` is the share of the photo that was removed: less than a tenth where fewer places raise the score.
    `wrapped` says that the shape had no room elsewhere and was moved over the border.
    """

    delta: float
    elsewhere: tuple[float, ...]
    area: float
    wrapped: bool
    mask: Mask

    @property
    def excess(self) -> float:
        """Δ minus the mean Δ elsewhere: negative where the map found what raises the score."""
        return self.delta - float(np.mean(self.elsewhere))


def brightest_tenth(
    predictor: Predictor,
    photo: Pixels,
    heatmap: Heatmap,
    *,
    fills: Sequence[str] = (),
    places: int = PLACES,
    seed: int = 0,
) -> BrightestTenth | None:
    """What the highest tenth of a heatmap is worth to the score; None where the map points nowhere.

    All at working size; every Δ is the mean over the fills (without any, those that decide for the model), and the
    other places keep their distance from the centre where there is room (`placements`).
    """
    fills = fills or deciding_fills(predictor.name).fills
    small = working(photo)
    mask = MASKS["heatmap_top"].function(small, heatmap, share=SHARE).mask
    if mask.mean() < LEAST:
        return None
    others, wrapped = elsewhere(mask, seed, places)
    made = [small, *(without(small, where, fill) for where in (mask, *others) for fill in fills)]
    scores = np.concatenate([predictor.score(batch) for batch in batches(made, BATCH)])
    changes = scores[1:].reshape(-1, len(fills)).mean(axis=1) - scores[0]
    return BrightestTenth(float(changes[0]), tuple(map(float, changes[1:])), float(mask.mean()), wrapped, mask)


def elsewhere(mask: Mask, seed: int = 0, n: int = PLACES) -> tuple[list[Mask], bool]:
    """The same shape at up to `n` other places of the photo, and whether it had to be moved over the border.

    A map's tenth is often scattered over the photo and has room nowhere: then it is shifted as on a torus, to the
    places where it covers least of itself.
    """
    free = [item.mask for item in placements(mask, n=n, seed=seed).items]
    if len(free) >= FEWEST_PLACES:
        return free, False
    shifts = [(down, right) for down in range(8) for right in range(8) if down or right]
    height, width = mask.shape
    moved = [np.roll(mask, (down * height // 8, right * width // 8), (0, 1)) for down, right in shifts]
    overlap = np.array([(other & mask).sum() for other in moved])
    best = np.random.default_rng(seed).permutation(len(moved))
    best = best[np.argsort(overlap[best], kind="stable")][:n]
    return [moved[index] for index in best], True


def outline(photo: Pixels, mask: Mask, colour: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    """A photo with the border of a mask drawn on it."""
    lines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.ascontiguousarray(photo).copy(), lines, -1, colour, 1)
