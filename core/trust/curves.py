"""Deletion and insertion: the score while a photo's places go, or come back, in the order of a heatmap.

Sources: Samek et al. 2017; Petsiuk et al. 2018; Blücher et al. 2024 (the gain of both orders over each other).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.inference import Predictor, batches
from core.paint.region_effect import working
from core.registry import FILLS
from core.trust.deciding_fills import deciding_fills
from core.trust.grid import SIDE, mask_of, ranking
from core.types import Heatmap, Mask, Pixels

STEPS = 10
BATCH = 5


@dataclass(frozen=True)
class Curves:
    """Scores (steps + 1,) by the share of the photo that is gone: the highest places first, or the lowest first.

    Both start at the whole photo and end with none of it. `lowest_first` read backwards is insertion: the highest
    places come back first.
    """

    shares: np.ndarray
    highest_first: np.ndarray
    lowest_first: np.ndarray

    @property
    def gain(self) -> float:
        """Mean score with the lowest places gone minus that with the highest gone: 0 for a map that knows nothing."""
        return float(np.trapezoid(self.lowest_first, self.shares) - np.trapezoid(self.highest_first, self.shares))


def curves(
    predictor: Predictor,
    photo: Pixels,
    heatmap: Heatmap,
    *,
    fills: Sequence[str] = (),
    steps: int = STEPS,
    seed: int = 0,
) -> Curves:
    """Both curves of a heatmap on its photo at working size, each score the mean over the fills.

    Without `fills`, over those that decide for the model.
    """
    fills = fills or deciding_fills(predictor.name).fills
    small = working(photo)
    order = ranking(heatmap, seed)
    removed = [removal(order, step / steps, small) for step in range(steps + 1)]
    last = [removal(order[::-1], step / steps, small) for step in range(1, steps)]
    scores = _scores(predictor, small, [*removed, *last], fills)
    high, low = scores[: steps + 1], scores[steps + 1 :]
    return Curves(np.linspace(0, 1, steps + 1), high, np.concatenate([high[:1], low, high[-1:]]))


def removal(order: np.ndarray, share: float, photo: Pixels) -> Mask:
    """The pixels that are gone when a share of the cells is, in this order."""
    return mask_of(order[: round(share * SIDE * SIDE)], *photo.shape[:2])


def without(photo: Pixels, where: Mask, fill: str) -> Pixels:
    """A photo with some pixels filled; unchanged where there are none."""
    return FILLS[fill].function(photo, where) if where.any() else photo


def _scores(predictor: Predictor, photo: Pixels, masks: list[Mask], fills: Sequence[str]) -> np.ndarray:
    """Mean score over the fills of a photo without each mask (masks,)."""
    made = (without(photo, mask, fill) for mask in masks for fill in fills)
    scores = np.concatenate([predictor.score(batch) for batch in batches(made, BATCH)])
    return scores.reshape(len(masks), len(fills)).mean(axis=1)
