"""Masks kept as pictures: which pixels are inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import PhotoError
from core.photos import images
from core.types import Pixels

HALF = 128
"""Whiteness from which a pixel is inside."""
DARK, BRIGHT = 64, 192
"""Values of all channels up to which a pixel is black, and from which it is white."""
NEARLY, SOME = 0.95, 0.01
"""Shares of what is opaque: of black and white together, and of each, where a picture is drawn in black and white."""


def whiteness(source: Path | bytes, name: str = "") -> np.ndarray:
    """How strongly each pixel of a mask picture counts as inside, 0 to 255: height × width.

    White is inside, and black is not; or what is drawn on a transparent background is, in whatever colours and however
    faintly. PhotoError as `images.read`, and where a picture is opaque all around and transparent within.
    """
    picture = images.read(source, name)
    white = picture.max(axis=2)
    opaque = images.opacity(source, name)
    if opaque is None or not opaque.any():
        return white if opaque is None else opaque
    opaque = np.rint(opaque / opaque.max() * 255).astype(np.uint8)
    if _black_and_white(picture[opaque == 255]):
        return np.minimum(white, opaque)
    border = np.concatenate([opaque[0], opaque[-1], opaque[:, 0], opaque[:, -1]])
    if (border >= HALF).all():
        raise PhotoError("it is transparent within and not at its border, which may mean either; paint white on black.")
    return opaque


def _black_and_white(pixels: Pixels) -> bool:
    """Whether pixels (N × 3) are black and white, with some of each."""
    black, white = (float(found.mean()) for found in ((pixels <= DARK).all(axis=1), (pixels >= BRIGHT).all(axis=1)))
    return black + white >= NEARLY and min(black, white) >= SOME
