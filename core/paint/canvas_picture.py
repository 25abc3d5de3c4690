"""The picture that lies under a canvas: what is seen of the photo, what was drawn on it, and what can be clicked."""

from __future__ import annotations

import cv2
import numpy as np

from core.paint.segments import Segments
from core.paint.sketch import Sketch
from core.paint.view import View
from core.photos import images, overlay
from core.types import Pixels

OUTLINE = (255, 255, 255)


def canvas_picture(
    seen: Pixels, width: int, height: int, view: View, drawn: Sketch, found: Segments | None = None
) -> Pixels:
    """A drawing over what a view shows of its photo (`seen`, of any size), uint8 height × width × 3.

    With `found`, the things that can be clicked have outlines.
    """
    picture = images.resize(seen, width, height)
    if found is not None:
        picture = _outlined(picture, found, view)
    whole = drawn.mask(height * view.zoom, width * view.zoom)
    return overlay.painted(picture, view.mask(whole, width, height))


def _outlined(picture: Pixels, found: Segments, view: View) -> Pixels:
    """What is seen of a photo with the outlines of the things that can be clicked."""
    drawn, (height, width) = picture.copy(), picture.shape[:2]
    for thing in found.things:
        size = (width * view.zoom, height * view.zoom)
        large = cv2.resize(thing.astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
        seen = np.ascontiguousarray(view.mask(large, width, height))
        edges, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(drawn, edges, -1, (0, 0, 0), 4, cv2.LINE_AA)
        cv2.drawContours(drawn, edges, -1, OUTLINE, 2, cv2.LINE_AA)
    return drawn
