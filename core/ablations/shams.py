"""Shams: what an effect must exceed before it means anything."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np

from core.registry import ABLATIONS, Range
from core.types import Pixels


@ABLATIONS.register("Nothing (sham)", removes="nothing", strength=None, none=None, doses=())
def identity(photo: Pixels) -> Pixels:
    """Change nothing: the effect must be exactly 0."""
    return photo.copy()


@ABLATIONS.register(
    "JPEG re-encoding (sham)",
    removes="what nobody sees",
    strength="quality",
    none=None,
    doses=(95, 75, 50, 25, 10),
)
def jpeg(photo: Pixels, *, quality: Annotated[int, Range(5, 100, 5)] = 75) -> Pixels:
    """Encode as JPEG and decode again: the practical floor of an effect, which no reader of the photo would notice.

    `quality` is that of the encoder, of 100.
    """
    _, data = cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB)
