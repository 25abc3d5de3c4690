"""A heatmap or a mask laid over its photo."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from core.photos import images
from core.types import Heatmap, Mask, Pixels

COLOURS = cv2.COLORMAP_INFERNO
"""Perceptually uniform from dark to bright, readable with any colour vision and in grey."""
LOWERS = ((12, 12, 16), (20, 70, 130), (80, 170, 235), (225, 247, 255))
RAISES = ((12, 12, 16), (135, 55, 5), (240, 140, 35), (255, 248, 205))
"""From nothing to most on the signed scale: blue and orange, told apart with any colour vision, each ever lighter."""

PAINT = (217, 120, 45)
"""The colour in which a painted part is shown."""


def painted(photo: Pixels, mask: Mask) -> Pixels:
    """A photo with a mask of its size laid over it in the colour of paint, and outlined."""
    tint = photo.copy()
    tint[mask] = (0.45 * photo[mask] + 0.55 * np.array(PAINT)).astype(np.uint8)
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(tint, edges, -1, PAINT, max(1, min(photo.shape[:2]) // 250), cv2.LINE_AA)


def coloured(values: np.ndarray, signed: bool = False) -> Pixels:
    """Values in [0, 1] (H × W) as colours, uint8 H × W × 3; values outside are clipped.

    On the signed scale values lie in [−1, 1]: those below 0 are blue, those above it orange.
    """
    if signed:
        places = np.rint(np.clip(np.nan_to_num(values), -1, 1) * 255).astype(np.int16) + 255
        return _signed_colours()[places]
    steps = np.rint(np.clip(np.nan_to_num(values), 0, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(steps, COLOURS), cv2.COLOR_BGR2RGB)


def blend(photo: Pixels, heatmap: Heatmap, opacity: float, signed: bool | None = None) -> Pixels:
    """The photo with its heatmap on top, uint8 at the photo's size; opacity 0 is the photo, 1 the heatmap alone.

    The heatmap may have another size; it is stretched. Its colours are those of its method, or of the scale that
    `signed` says, for methods side by side. ValueError if the opacity lies outside [0, 1].
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie between 0 and 1, not {opacity!r}.")
    height, width = photo.shape[:2]
    colours = images.resize(coloured(heatmap.values, heatmap.signed if signed is None else signed), width, height)
    return cv2.addWeighted(np.ascontiguousarray(photo), 1 - opacity, np.ascontiguousarray(colours), opacity, 0)


def on_one_scale(*heatmaps: Heatmap) -> tuple[Heatmap, ...]:
    """Heatmaps of one method and model, their values divided by the highest peak among them: 1 is the same in all."""
    highest = max((item.peak for item in heatmaps), default=0.0)
    if highest <= 0:
        return heatmaps
    return tuple(replace(item, values=item.values * (item.peak / highest), peak=highest) for item in heatmaps)


def scale(width: int = 512, height: int = 12, signed: bool = False) -> Pixels:
    """The colours from 0, or from −1 where signed, (left) to 1 (right) as a strip, uint8 height × width × 3."""
    return coloured(np.tile(np.linspace(-1 if signed else 0, 1, width), (height, 1)), signed)


@cache
def _signed_colours() -> np.ndarray:
    """Colours of −255 … 255, uint8 511 × 3."""
    steps = np.linspace(0, len(LOWERS) - 1, 256)
    low, high = (
        np.stack([np.interp(steps, range(len(stops)), channel) for channel in zip(*stops, strict=True)], axis=1)
        for stops in (LOWERS, RAISES)
    )
    return np.rint(np.concatenate([low[:0:-1], high])).astype(np.uint8)
