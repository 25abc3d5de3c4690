"""What somebody painted, or saved as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import MaskError, PhotoError
from core.photos import mask_pictures
from core.regions import regions
from core.registry import MASKS
from core.types import Pixels, Region


@MASKS.register("Painted", thing="painted parts", version=1, detector=False, boxes=False, needs=("png",))
def painted(photo: Pixels, *, png: str = "") -> Region:
    """A mask picture (PNG) of the photo's size: white is inside, or what is drawn on a transparent background.

    MaskError if there is none, it cannot be read, it has another size, is empty, or covers everything.
    """
    if not png:
        raise MaskError("A painted mask needs its picture: give the parameter png.")
    try:
        white = mask_pictures.whiteness(Path(png))
    except PhotoError as error:
        raise MaskError(f"{png}: {error}") from error
    mask = white >= mask_pictures.HALF
    if white.any() and not mask.any():
        raise MaskError(f"{png}: its brightest pixel is {white.max()} of 255, and what is inside must be white.")
    regions.check(photo, mask)
    return Region(np.ascontiguousarray(mask))
