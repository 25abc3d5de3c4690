"""Colour, contrast and brightness: global statistics of the pixel values."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np

from core.photos.images import to_bytes
from core.registry import ABLATIONS, Range
from core.types import Pixels


def luminance(photo: Pixels) -> np.ndarray:
    """Luma of a photo, float32 H × W in 0 … 255, with the weights of ITU-R BT.601 (0.299, 0.587, 0.114)."""
    return cv2.cvtColor(photo.astype(np.float32), cv2.COLOR_RGB2GRAY)


@ABLATIONS.register("Grayscale", removes="colour", strength=None, none=None, doses=())
def grayscale(photo: Pixels) -> Pixels:
    """Remove all colour and keep the luminance (weights of ITU-R BT.601)."""
    return desaturate(photo, amount=1.0)


@ABLATIONS.register("Desaturation", removes="colour", strength="amount", none=0.0, doses=(0.25, 0.5, 0.75, 1.0))
def desaturate(photo: Pixels, *, amount: Annotated[float, Range(0, 1, 0.05)] = 0.5) -> Pixels:
    """Move every colour towards the grey of its own luminance; at an `amount` of 1 the photo is grayscale."""
    grey = luminance(photo)[..., None]
    return to_bytes(photo + amount * (grey - photo))


@ABLATIONS.register("Low contrast", removes="contrast", strength="amount", none=0.0, doses=(0.25, 0.5, 0.75, 0.9))
def contrast(photo: Pixels, *, amount: Annotated[float, Range(0, 0.95, 0.05)] = 0.5) -> Pixels:
    """Shrink the contrast about the photo's mean luminance, which is kept; the RMS contrast falls by `amount`."""
    return to_bytes(photo + amount * (luminance(photo).mean() - photo.astype(np.float32)))


@ABLATIONS.register("Darkening", removes="brightness", strength="amount", none=0.0, doses=(0.2, 0.4, 0.6, 0.8))
def brightness(photo: Pixels, *, amount: Annotated[float, Range(0, 0.95, 0.05)] = 0.4) -> Pixels:
    """Darken like a shorter exposure: every value times 1 − `amount`; ratios and hues stay, and nothing clips."""
    return to_bytes(photo.astype(np.float32) * (1 - amount))
