"""Pictures as bytes: what tests of reading begin with."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import tifffile
from PIL import Image


def encode(photo: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file of a kind that Pillow writes."""
    buffer = io.BytesIO()
    picture = photo if isinstance(photo, Image.Image) else Image.fromarray(photo)
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(values: np.ndarray, **options: Any) -> bytes:
    """Values of any depth as a TIFF."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()
