"""Masks kept as pictures: which pixels are inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.photos import images

HALF = 128
"""Whiteness from which a pixel is inside."""


def whiteness(source: Path | bytes, name: str = "") -> np.ndarray:
    """How far each pixel of a mask picture is inside, uint8 height × width: white is, black and transparent are not.

    Where something is drawn on nothing in dark colours alone, what is drawn is inside. PhotoError as `images.read`.
    """
    white = images.read(source, name).max(axis=2)
    opaque = images.opacity(source, name)
    if opaque is None:
        return white
    drawn = white[opaque >= HALF]
    return np.minimum(white, opaque) if (drawn >= HALF).any() else opaque
