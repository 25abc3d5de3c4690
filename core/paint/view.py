"""The part of a photo that a canvas shows while one paints: places on the canvas to places on the photo, and back.

All places and sizes are in widths: on the photo in those of the photo, on the canvas in those of the canvas, which has
the photo's own ratio of height to width.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from core.paint.drawing import Stroke
from core.types import Mask, Pixels

ZOOMS = (1, 2, 4)
STEP = 0.5
"""How far a move goes, as a share of what is seen: half of it stays in sight."""
Place = tuple[float, float]


@dataclass(frozen=True)
class View:
    """A window on a photo: how many times it is enlarged, and where its left upper corner lies."""

    zoom: int = 1
    left: float = 0.0
    top: float = 0.0

    def on_photo(self, places: Iterable[Place]) -> tuple[Place, ...]:
        """Places on the canvas, on the photo."""
        return tuple((self.left + x / self.zoom, self.top + y / self.zoom) for x, y in places)

    def on_canvas(self, places: Iterable[Place]) -> tuple[Place, ...]:
        """Places on the photo, on the canvas; those that are not seen lie outside of it."""
        return tuple(((x - self.left) * self.zoom, (y - self.top) * self.zoom) for x, y in places)

    def stroke(self, drawn: Stroke) -> Stroke:
        """A stroke on the canvas, on the photo."""
        return replace(drawn, points=self.on_photo(drawn.points), thickness=drawn.thickness / self.zoom)

    def zoomed(self, by: int, ratio: float) -> View:
        """The next zoom but so many, around the middle of what is seen; `ratio` is the photo's height by its width."""
        zoom = ZOOMS[max(0, min(len(ZOOMS) - 1, ZOOMS.index(self.zoom) + by))]
        grown = (1 / self.zoom - 1 / zoom) / 2
        return View(zoom, self.left + grown, self.top + grown * ratio)._within(ratio)

    def moved(self, right: int, down: int, ratio: float) -> View:
        """So many steps on, as far as the photo goes."""
        step = STEP / self.zoom
        return replace(self, left=self.left + right * step, top=self.top + down * step * ratio)._within(ratio)

    def picture(self, photo: Pixels, width: int, height: int) -> Pixels:
        """What is seen of a photo of any size: uint8 height × width × 3."""
        box = self._box(photo.shape[1], photo.shape[0])
        shown = Image.fromarray(photo).resize((width, height), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)
        return np.asarray(shown)

    def mask(self, whole: Mask, width: int, height: int) -> Mask:
        """What is seen of a mask of height · zoom × width · zoom px: bool height × width."""
        left = min(round(self.left * width * self.zoom), width * (self.zoom - 1))
        top = min(round(self.top * width * self.zoom), height * (self.zoom - 1))
        return whole[top : top + height, left : left + width]

    def _box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, upper, right and lower edge of what is seen, in px of a picture of the whole photo."""
        left, top = self.left * width, self.top * width
        return left, top, min(width, left + width / self.zoom), min(height, top + height / self.zoom)

    def _within(self, ratio: float) -> View:
        """The same window moved onto the photo."""
        room = 1 - 1 / self.zoom
        return replace(self, left=min(max(self.left, 0.0), room), top=min(max(self.top, 0.0), room * ratio))
