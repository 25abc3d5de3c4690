"""People, by the head that was fitted to outlines."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np

from core.regions import regions
from core.registry import MASKS, Range
from core.types import Mask, Pixels, Rect, Region

SURE = 0.95
"""Probability that somebody must reach somewhere: what looks a little like a person everywhere is none."""
GAP = 0.018
"""Of the photo's short side, on either side: patches nearer than twice this belong together."""
SMALLEST, SMALLEST_BESIDE = 0.005, 0.25
"""Share of the photo, and of the largest in it, below which nobody can be told from noise."""
WORTH_A_LOOK, SMALLEST_LOOK, FAR, LOOKS = 0.9, 0.004, 0.12, 3
"""What is looked at once more, from nearer: how sure and how large it must be, and how small, and how many of them."""
AROUND, LEAST = 2.0, 0.35
"""Sides of what a second look sees: in sides of what was found, and in sides of the photo at least."""


@MASKS.register("People", thing="people", version=3, detector=True, boxes=True)
def people(photo: Pixels, *, threshold: Annotated[float, Range(0.1, 0.9, 0.05)] = 0.5) -> Region:
    """People, or what can be seen of them, from 0.5 % of the photo on; people who touch have one box.

    `threshold` is the lowest probability of a person at a place, by a small network fitted to outlines (half of the
    photos of people and of COCO) on the features of DINOv2 ViT-S/14. Who is small in the photo is looked at twice, the
    second time from nearer. Sources: Oquab et al. 2023; Lin et al. 2014.
    """
    from core.regions.segmentation_network import person_map  # torch takes seconds to import

    likely = person_map(photo)
    seen = [mask for mask in groups(likely, threshold, WORTH_A_LOOK, SMALLEST_LOOK) if mask.mean() < FAR]
    once = likely.copy()
    for mask in seen[:LOOKS]:
        part = window(regions.around(mask), photo.shape)
        likely[part] = (once[part] + person_map(photo[part])) / 2
    found = groups(likely, threshold)
    return Region(regions.union(found, photo.shape), tuple(map(regions.around, found)))


def window(box: Rect, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a photo around a box that show it larger, with something of what is around it."""

    def side(low: int, high: int, length: int) -> slice:
        middle, half = (low + high) / 2, max(AROUND * (high - low), LEAST * length) / 2
        return slice(int(max(0, middle - half)), int(min(length, middle + half)))

    return side(box.top, box.bottom, shape[0]), side(box.left, box.right, shape[1])


def groups(probability: np.ndarray, threshold: float, sure: float = SURE, smallest: float = SMALLEST) -> list[Mask]:
    """Places that belong together as one or several people who touch, largest first, of a map float32 H × W."""
    inside = probability >= threshold
    grown = regions.dilated(inside, round(GAP * min(inside.shape)), cv2.MORPH_ELLIPSE)
    count, labels = cv2.connectedComponents(grown.astype(np.uint8))
    masks = [inside & (labels == label) for label in range(1, count)]
    masks = [mask for mask in masks if mask.mean() >= smallest and probability[mask].max() >= sure]
    masks.sort(key=lambda mask: -int(mask.sum()))
    return [mask for mask in masks if mask.sum() >= SMALLEST_BESIDE * masks[0].sum()]
