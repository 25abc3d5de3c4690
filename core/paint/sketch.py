"""A drawing at one moment, and all that a page asks of it: its mask at any size, and its text for the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.paint import drawing, drawing_text
from core.paint.drawing import Stroke
from core.regions import regions
from core.types import Mask


@dataclass(frozen=True, eq=False)
class Sketch:
    """Strokes over a starting mask (bool H × W of any size; None for nothing)."""

    start: Mask | None = None
    strokes: tuple[Stroke, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.start is None and not self.strokes

    def with_strokes(self, *more: Stroke) -> Sketch:
        """The same drawing with strokes on top."""
        return Sketch(self.start, self.strokes + more)

    def mask(self, height: int, width: int) -> Mask:
        """The mask that it leaves on a photo of height × width px."""
        under = None if self.start is None else regions.resize_mask(self.start, height, width)
        return drawing.draw(self.strokes, height, width, under)

    def written(self) -> str:
        """The drawing as text, as `read_sketch` takes it."""
        return drawing_text.written(self.strokes, self.start)


def read_sketch(text: Any, height: int, width: int) -> Sketch:
    """The drawing in a text, for a photo of height × width px; MaskError for any other text."""
    strokes, start = drawing_text.read(text, height, width)
    return Sketch(start, strokes)
