"""Texture without arrangement, and arrangement without texture."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np

from core.registry import ABLATIONS, Range
from core.types import Pixels


@ABLATIONS.register(
    "Texture removed",
    removes="texture",
    strength="sigma",
    none=0.0,
    doses=(0.02, 0.05, 0.1, 0.2, 0.4),
)
def texture(
    photo: Pixels,
    *,
    sigma: Annotated[float, Range(0, 0.4, 0.02)] = 0.2,
    contrast: Annotated[float, Range(0.1, 1, 0.05)] = 0.4,
) -> Pixels:
    """Smooth surfaces and keep edges and colours, by the domain transform's recursive filter.

    `sigma` is the reach along a surface as a fraction of the short side; `contrast` is the colour distance (of 1) from
    which a step counts as an edge. Source: Gastal & Oliveira 2011.
    """
    reach = sigma * min(photo.shape[:2])
    if reach == 0:
        return photo.copy()
    return cv2.edgePreservingFilter(photo, flags=cv2.RECURS_FILTER, sigma_s=reach, sigma_r=contrast)


@ABLATIONS.register(
    "Patch shuffle",
    removes="arrangement; local texture stays",
    strength="grid",
    none=1,
    doses=(2, 4, 8, 16),
)
def patch_shuffle(
    photo: Pixels,
    *,
    grid: Annotated[int, Range(1, 32, 1)] = 8,
    seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0,
) -> Pixels:
    """Cut the photo into `grid` × `grid` patches and put them back in random order; every pixel is kept.

    Rows and columns left over by the division stay where they are. Source: Geirhos et al. 2019; Brendel & Bethge 2019.
    """
    height, width = photo.shape[:2]
    rows, columns = min(grid, height), min(grid, width)
    tall, wide = height // rows, width // columns
    inside = photo[: tall * rows, : wide * columns]
    patches = inside.reshape(rows, tall, columns, wide, 3).swapaxes(1, 2).reshape(-1, tall, wide, 3)
    mixed = patches[np.random.default_rng(seed).permutation(len(patches))] if len(patches) > 1 and grid > 1 else patches
    result = photo.copy()
    result[: tall * rows, : wide * columns] = (
        mixed.reshape(rows, columns, tall, wide, 3).swapaxes(1, 2).reshape(inside.shape)
    )
    return result
