"""A mask picture back to a mask: what the page hands out it also takes in, at any size of the same shape."""

from __future__ import annotations

import numpy as np

from core.errors import MaskError, PhotoError
from core.photos import mask_pictures
from core.regions import regions
from core.types import Mask

TOLERANCE = 0.02
"""Relative difference of two aspect ratios up to which a mask may belong to a photo: rounding of small pictures."""


def read_mask(data: bytes, name: str, height: int, width: int) -> Mask:
    """The mask in a picture file, white is inside, at height × width px (bool).

    MaskError if it cannot be read, has another shape than the photo, or has nothing, or nothing but, white in it.
    """
    try:
        white = mask_pictures.whiteness(data, name)
    except PhotoError as error:
        raise MaskError(f"{name}: {error}") from error
    tall, wide = white.shape
    if abs(wide * height / (tall * width) - 1) > TOLERANCE:
        raise MaskError(
            f"{name}: the mask is {wide} × {tall} px and the photo {width} × {height}; it belongs to another photo."
        )
    mask = regions.resize_mask(np.ascontiguousarray(white >= mask_pictures.HALF), height, width)
    if not mask.any():
        raise MaskError(f"{name}: nothing in this mask is white; white marks the painted part.")
    if mask.all():
        raise MaskError(f"{name}: all of this mask is white; paint the part alone in white, on black.")
    return mask
