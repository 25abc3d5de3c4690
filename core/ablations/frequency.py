"""Spatial frequency: blur, high pass, and a scrambled phase spectrum."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from scipy import fft

from core.photos.images import to_bytes
from core.registry import ABLATIONS, Range
from core.types import Pixels


@ABLATIONS.register(
    "Gaussian blur",
    removes="high spatial frequencies",
    strength="sigma",
    none=0.0,
    doses=(0.005, 0.01, 0.02, 0.04, 0.08),
)
def blur(photo: Pixels, *, sigma: Annotated[float, Range(0, 0.1, 0.005)] = 0.02) -> Pixels:
    """Blur with a Gaussian; `sigma` is its standard deviation as a fraction of the short side."""
    return cv2.GaussianBlur(photo, (0, 0), sigma * min(photo.shape[:2])) if sigma > 0 else photo.copy()


@ABLATIONS.register(
    "High pass",
    removes="low spatial frequencies",
    strength="amount",
    none=0.0,
    doses=(0.25, 0.5, 0.75, 1.0),
)
def high_pass(
    photo: Pixels,
    *,
    amount: Annotated[float, Range(0, 1, 0.05)] = 1.0,
    sigma: Annotated[float, Range(0.005, 0.1, 0.005)] = 0.02,
) -> Pixels:
    """Take away what a Gaussian blur would keep, except the mean colour.

    `amount` is the share of it that goes; `sigma` is the blur's standard deviation as a fraction of the short side.
    """
    exact = photo.astype(np.float32)
    coarse = cv2.GaussianBlur(exact, (0, 0), sigma * min(photo.shape[:2]))
    return to_bytes(exact - amount * (coarse - np.array(cv2.mean(photo)[:3], dtype=np.float32)))


@ABLATIONS.register(
    "Phase scramble",
    removes="all shapes; spectrum and colours stay",
    strength="amount",
    none=0.0,
    doses=(0.25, 0.5, 0.75, 1.0),
)
def phase_scramble(
    photo: Pixels,
    *,
    amount: Annotated[float, Range(0, 1, 0.05)] = 1.0,
    seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0,
) -> Pixels:
    """Turn the phase of every spatial frequency by a random angle, the same in all channels.

    Amplitude spectrum, mean colour and the correlation of the channels are kept, up to clipping. `amount` is the share
    of the angle. Source: Oppenheim & Lim 1981; for colour, Torralba & Oliva 2003.
    """
    if amount == 0:
        return photo.copy()
    # The phases of a real noise picture have the symmetry that keeps the result real.
    noise = np.random.default_rng(seed).standard_normal(photo.shape[:2], dtype=np.float32)
    turn = np.angle(fft.rfft2(noise)) * amount
    turn[0, 0] = 0
    spectrum = fft.rfft2(photo.astype(np.float32), axes=(0, 1)) * np.exp(1j * turn)[..., None].astype(np.complex64)
    return to_bytes(fft.irfft2(spectrum, s=photo.shape[:2], axes=(0, 1)))
