"""A heatmap laid over its photo."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from core.photos import images
from core.types import Heatmap, Pixels

COLOURS = cv2.COLORMAP_INFERNO
"""Perceptually uniform from dark to bright, readable with any colour vision and in grey."""


def coloured(values: np.ndarray) -> Pixels:
    """Values in [0, 1] (H × W) as colours, uint8 H × W × 3; values outside are clipped."""
    steps = np.rint(np.clip(np.nan_to_num(values), 0, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(steps, COLOURS), cv2.COLOR_BGR2RGB)


def blend(photo: Pixels, heatmap: Heatmap, opacity: float) -> Pixels:
    """The photo with its heatmap on top, uint8 at the photo's size; opacity 0 is the photo, 1 the heatmap alone.

    The heatmap may have another size; it is stretched. ValueError if the opacity lies outside [0, 1].
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie between 0 and 1, not {opacity!r}.")
    height, width = photo.shape[:2]
    colours = images.resize(coloured(heatmap.values), width, height)
    return cv2.addWeighted(np.ascontiguousarray(photo), 1 - opacity, np.ascontiguousarray(colours), opacity, 0)


def on_one_scale(*heatmaps: Heatmap) -> tuple[Heatmap, ...]:
    """Heatmaps of one method and model, their values divided by the highest peak among them: 1 is the same in all."""
    highest = max((item.peak for item in heatmaps), default=0.0)
    if highest <= 0:
        return heatmaps
    return tuple(replace(item, values=item.values * (item.peak / highest), peak=highest) for item in heatmaps)


def scale(width: int = 512, height: int = 12) -> Pixels:
    """The colours from 0 (left) to 1 (right) as a strip, uint8 height × width × 3."""
    return coloured(np.tile(np.linspace(0, 1, width), (height, 1)))
