"""A drawing as text and back: what a browser keeps of it while the page is loaded again.

The text comes back from a visitor, so that nothing in it is trusted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.errors import MaskError
from core.files import json_of
from core.paint import replay
from core.paint.drawing import MAX_OBJECTS, MAX_POINTS, REACH, Stroke
from core.types import Mask

MAX_LENGTH = 4_000_000


def written(strokes: tuple[Stroke, ...], start: Mask | None = None) -> str:
    """Strokes and the mask under them (None for nothing) as text."""
    under = None if start is None else replay.mask_text(start)
    return json.dumps({"strokes": [asdict(stroke) for stroke in strokes], "start": under})


def read(text: Any, height: int, width: int) -> tuple[tuple[Stroke, ...], Mask | None]:
    """The strokes and the mask under them, for a photo of height × width px; MaskError for any other text."""
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        raise MaskError("The stored drawing cannot be used, or is too large; draw again.")
    try:
        found = json_of(text)
    except ValueError as error:
        raise MaskError("The stored drawing cannot be read; draw again.") from error
    rows = found.get("strokes") if isinstance(found, Mapping) else None
    if not isinstance(rows, list) or len(rows) > MAX_OBJECTS:
        raise MaskError("The stored drawing has no strokes that could be read; draw again.")
    strokes = tuple(_stroke(row) for row in rows)
    if sum(len(stroke.points) for stroke in strokes) > MAX_POINTS:
        raise MaskError(f"The stored drawing has more than {MAX_POINTS} points; draw again with fewer.")
    under = found.get("start")
    start = None if under is None else replay.mask_of(str(under))
    if start is not None and start.shape != (height, width):
        raise MaskError("The stored drawing belongs to a photo of another size; draw again.")
    return strokes, start


def _stroke(row: Any) -> Stroke:
    points = row.get("points") if isinstance(row, Mapping) else None
    if not isinstance(points, list) or not 0 < len(points) <= MAX_POINTS:
        raise MaskError("The stored drawing has a stroke without points; draw again.")
    if not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise MaskError("The stored drawing has a point without a place; draw again.")
    pairs = tuple((_number(x, REACH), _number(y, REACH)) for x, y in points)
    return Stroke(pairs, abs(_number(row.get("thickness"), 2)), row.get("filled") is True, row.get("erase") is True)


def _number(value: Any, reach: float) -> float:
    """A number within ±reach."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= reach:  # NaN neither
        raise MaskError("The stored drawing has a number that cannot be used; draw again.")
    return float(value)
