"""Where photos of a layout lie densely: places by the share of photos that lie at least as densely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDE = 96
"""Cells of the grid a side."""
FEWEST = 20
"""Photos below which lines would show no more than the photos themselves."""


@dataclass(frozen=True)
class Density:
    """Share of photos at places at least as dense (SIDE × SIDE, rows are y), and the places of columns and rows."""

    share: np.ndarray
    x: np.ndarray
    y: np.ndarray


def density(points: np.ndarray) -> Density | None:
    """Highest-density regions of points (N × 2): inside the line at 0.5 lies half of them.

    A Gaussian kernel density on a grid, its width by Scott's rule. Source: Hyndman 1996. None for fewer than FEWEST
    points, or if they lie on a line.
    """
    if len(points) < FEWEST or np.ptp(points, axis=0).min() == 0:
        return None
    from scipy.ndimage import gaussian_filter  # here, because a map without lines does not need it

    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.1 * (high - low)
    edges = [np.linspace(*ends, SIDE + 1) for ends in zip(low - margin, high + margin, strict=True)]
    counts = np.histogram2d(points[:, 0], points[:, 1], bins=edges)[0].T
    width = points.std(axis=0) * len(points) ** (-1 / 6)
    cell = np.array([edge[1] - edge[0] for edge in edges])
    dense = gaussian_filter(counts, sigma=(width / cell)[::-1], mode="constant")
    places = [np.clip(np.searchsorted(edges[k], points[:, k], side="right") - 1, 0, SIDE - 1) for k in (0, 1)]
    own = np.sort(dense[places[1], places[0]])
    share = 1 - np.searchsorted(own, dense, side="left") / len(own)
    return Density(share.astype(np.float32), *((edge[:-1] + edge[1:]) / 2 for edge in edges))
