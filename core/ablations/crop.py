"""Context: the centre alone."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from core.photos import images
from core.registry import ABLATIONS, FILLS, Choice, Range
from core.types import Pixels

RESCALED = "rescaled"
SURROUNDS = (RESCALED, *(entry.id for entry in FILLS))


@ABLATIONS.register(
    "Centre crop",
    removes="context",
    strength="keep",
    none=1.0,
    doses=(0.9, 0.8, 0.7, 0.6, 0.5, 0.4),
)
def centre_crop(
    photo: Pixels,
    *,
    keep: Annotated[float, Range(0.1, 1, 0.05)] = 0.5,
    surround: Annotated[str, Choice(SURROUNDS)] = "mean",
    seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0,
) -> Pixels:
    """Keep the middle share `keep` of width and height, and fill the `surround`; or magnify the middle to full size.

    Filled, the context alone is lost; rescaled, the subject is magnified as well. `seed` counts for noise only.
    """
    height, width = photo.shape[:2]
    middle = _middle(height, keep), _middle(width, keep)
    if keep == 1:
        return photo.copy()
    if surround == RESCALED:
        return images.resize(np.ascontiguousarray(photo[middle]), width, height).copy()
    outside = np.ones((height, width), dtype=bool)
    outside[middle] = False
    fill = FILLS[surround]
    settings = {"seed": seed} if any(param.name == "seed" for param in fill.params) else {}
    return fill.function(photo, outside, **fill.arguments(settings))


def _middle(length: int, keep: float) -> slice:
    """The middle share of an axis, at least 1 px."""
    kept = max(1, round(length * keep))
    start = (length - kept) // 2
    return slice(start, start + kept)
