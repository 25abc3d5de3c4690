"""The salient object, by a head fitted to outlines on the features of a network trained on ImageNet."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import cv2
import numpy as np

from core.regions import regions
from core.registry import MASKS, Range
from core.types import Mask, Pixels, Rect, Region

SMALLEST = 0.002
"""Share of the photo below which a patch is taken for noise: a cell of the network's grid covers 0.0006."""


def probability_maps(photo: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """Probability of a person and of an object at every pixel, each float32 H × W."""
    from core.regions.segmentation_network import OBJECT, PERSON, probabilities

    maps = cv2.resize(probabilities(photo), photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(maps[..., PERSON]), np.ascontiguousarray(maps[..., OBJECT])


def patches(mask: Mask) -> list[tuple[Mask, Rect]]:
    """The connected patches of a mask that are large enough to be things, largest first, each with its box."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    kept = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= SMALLEST * mask.size]
    kept.sort(key=lambda label: -stats[label, cv2.CC_STAT_AREA])
    found = []
    for label in kept:
        left, top, width, height = (int(value) for value in stats[label, :4])
        found.append((labels == label, Rect(left, top, left + width, top + height)))
    return found


@MASKS.register("Salient object", thing="salient objects", version=1, detector=True, boxes=True)
def salient(photo: Pixels, *, threshold: Annotated[float, Range(0.1, 0.95, 0.05)] = 0.5) -> Region:
    """The one thing that stands out: the patch of objects that is largest and nearest to the middle.

    `threshold` is the lowest probability of an object of any kind, by the network that finds people; where it is
    reached nowhere, nothing stands out.
    """
    objects = probability_maps(photo)[1]
    found = patches(objects >= threshold)
    if not found:
        return Region(regions.empty(photo.shape))
    weight = objects * centrality(photo.shape[:2])
    mask, box = max(found, key=lambda item: float(weight[item[0]].sum()))
    return Region(mask, (box,))


@lru_cache(maxsize=8)
def centrality(size: tuple[int, int]) -> np.ndarray:
    """1 in the middle of a photo, falling to 0 in its corners, float32 H × W."""
    down, across = (np.linspace(-1, 1, length, dtype=np.float32) for length in size)
    return 1 - np.hypot(down[:, None], across[None]) / np.float32(np.sqrt(2))
