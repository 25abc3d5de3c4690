"""Where a heatmap is highest."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np

from core.errors import MaskError
from core.regions import regions
from core.registry import MASKS, Range
from core.types import Heatmap, Pixels, Region


@MASKS.register("Top of a heatmap", thing="highest places", version=1, detector=False, boxes=False, needs=("heatmap",))
def heatmap_top(
    photo: Pixels, heatmap: Heatmap | None = None, *, share: Annotated[float, Range(0.01, 0.9, 0.01)] = 0.1
) -> Region:
    """The highest `share` of a heatmap's pixels, those above 0 only; ties at the border are left out.

    A heatmap of another size is stretched over the photo. MaskError without a heatmap.
    """
    if heatmap is None:
        raise MaskError("The top of a heatmap needs the heatmap: choose an attribution method.")
    size = photo.shape[1], photo.shape[0]
    values = cv2.resize(heatmap.values.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    wanted = int(share * values.size)
    if wanted == 0 or not (values > 0).any():
        return Region(regions.empty(photo.shape))
    border = np.partition(values, values.size - wanted - 1, axis=None)[values.size - wanted - 1]
    return Region((values > border) & (values > 0))
