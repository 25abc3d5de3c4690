"""What somebody painted, or saved as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import MaskError, PhotoError
from core.photos import images
from core.regions import regions
from core.registry import MASKS
from core.types import Pixels, Region

HALF = 128
"""Grey value from which a pixel of a mask picture counts as painted."""


@MASKS.register("Painted", thing="painted parts", version=1, detector=False, boxes=False, needs=("png",))
def painted(photo: Pixels, *, png: str = "") -> Region:
    """A mask picture (PNG, white is inside) of the photo's size.

    MaskError if there is none, it cannot be read, it has another size, is empty, or covers everything.
    """
    if not png:
        raise MaskError("A painted mask needs its picture: give the parameter png.")
    try:
        values = images.read(Path(png))
    except PhotoError as error:
        raise MaskError(f"{png}: {error}") from error
    mask = values.max(axis=2) >= HALF
    if values.any() and not mask.any():
        raise MaskError(f"{png}: its brightest pixel is {values.max()} of 255, and what is inside must be white.")
    regions.check(photo, mask)
    return Region(np.ascontiguousarray(mask))
