"""What a click on a photo means: the found thing there, or else the patch of pixels that look alike.

Patches: Achanta et al. 2012, SLIC superpixels compared to state-of-the-art superpixel methods.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import MaskError
from core.paint.sketch import Sketch
from core.registry import MASKS
from core.types import Mask, Pixels, Region

PATCHES = 120
"""Patches that a photo is divided into, about."""
SMALLEST = 0.0005
"""Share of the photo below which a part of a found mask is no thing to click."""


@dataclass(frozen=True, eq=False)
class Segments:
    """What can be clicked: found things (bool H × W), smallest first, and the number of each pixel's patch (H × W)."""

    things: tuple[Mask, ...]
    patches: np.ndarray


def found_in(photo: Pixels) -> Segments:
    """What can be clicked in a photo: all that detectors find in it, and patches of pixels that look alike."""
    return segments(photo, [entry.function(photo) for entry in MASKS if entry.facts["detector"]])


def segments(photo: Pixels, found: Iterable[Region]) -> Segments:
    """The things in regions of a photo, one by one, and its patches."""
    from skimage.segmentation import slic  # here, because it takes as long to import as a page to draw

    things = [thing for region in found for thing in _instances(region)]
    things.sort(key=lambda thing: int(thing.sum()))
    return Segments(tuple(things), slic(photo, PATCHES, compactness=12, start_label=0, channel_axis=2))


def segment_at(found: Segments, x: float, y: float) -> Mask:
    """The smallest thing at a place, or else its patch; x and y in widths of the photo; MaskError outside of it."""
    height, width = found.patches.shape
    column, row = int(x * width), int(y * width)
    if not (x >= 0 and y >= 0 and column < width and row < height):
        raise MaskError("This place is outside the photo; click inside it.")
    for thing in found.things:
        if thing[row, column]:
            return thing
    return found.patches == found.patches[row, column]


def toggled(drawn: Mask, segment: Mask) -> Mask:
    """A mask with a segment more, or without it where it is in it already: a second click takes the first one back.

    Both bool H × W.
    """
    return drawn & ~segment if (drawn | ~segment).all() else drawn | segment


def picked(drawn: Sketch, found: Segments, x: float, y: float) -> Sketch:
    """A drawing after a click: with what is meant at the place, or without it where it was drawn already.

    x and y in widths of the photo; MaskError outside of it.
    """
    mask = toggled(drawn.mask(*found.patches.shape), segment_at(found, x, y))
    return Sketch(mask) if mask.any() else Sketch()


def _instances(region: Region) -> list[Mask]:
    """Each thing of a region: what its boxes hold, or else its connected parts."""
    if region.boxes:
        parts = []
        for box in region.boxes:
            part = np.zeros_like(region.mask)
            part[box.top : box.bottom, box.left : box.right] = region.mask[box.top : box.bottom, box.left : box.right]
            parts.append(part)
    else:
        count, labels = cv2.connectedComponents(region.mask.astype(np.uint8))
        parts = [labels == label for label in range(1, count)]
    return [part for part in parts if part.mean() >= SMALLEST]
