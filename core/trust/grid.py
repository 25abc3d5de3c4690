"""A heatmap in cells: the places that are removed, ranked and compared."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.stats import spearmanr

from core.types import Heatmap, Mask

SIDE = 14
"""Cells along each side: two for each place of the 7 × 7 last maps of a ResNet at 224 px."""


def cells(values: np.ndarray) -> np.ndarray:
    """Mean of a map (H × W) in each cell: float64 14 × 14."""
    return cv2.resize(values.astype(np.float64), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def ranking(heatmap: Heatmap, seed: int = 0) -> np.ndarray:
    """Cells from the highest value to the lowest, as indices (196,); ties in a random order that the seed fixes."""
    values = cells(heatmap.values).ravel()
    shuffled = np.random.default_rng(seed).permutation(values.size)
    return shuffled[np.argsort(-values[shuffled], kind="stable")]


def mask_of(chosen: np.ndarray, height: int, width: int) -> Mask:
    """The pixels of a photo that some cells (indices) cover."""
    grid = np.zeros(SIDE * SIDE, np.uint8)
    grid[chosen] = 1
    return cv2.resize(grid.reshape(SIDE, SIDE), (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)


def agreement(first: Heatmap, second: Heatmap) -> float:
    """Spearman ρ of two maps over their cells; 0 where one of them says nothing."""
    one, other = cells(first.values).ravel(), cells(second.values).ravel()
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one, other).statistic)
