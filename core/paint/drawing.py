"""A drawing to a mask: strokes in order over a starting mask, at any size of the photo.

A stroke keeps its place as a share of the photo's width, so that neither the size of a window nor that of a photo can
move it. What a canvas sends (objects of Fabric.js as JSON) is read here, and nothing in it is trusted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from core.errors import MaskError
from core.types import Mask

ERASE_COLOUR = "#2f9e9e"
"""Strokes of this colour take away; every other colour adds."""

MAX_OBJECTS = 2_000
MAX_POINTS = 200_000
REACH = 20.0
"""Coordinates further than this many widths from the photo are no drawing of anybody's."""
FINE = 4
"""A mask is drawn this many times larger, and a pixel belongs to it when half of it does."""
MAX_FINE = 16_000_000
"""Pixels of the enlarged mask; a long strip is enlarged less."""
CURVE_STEPS = 8
ELLIPSE_STEPS = 96


@dataclass(frozen=True)
class Stroke:
    """A line, or a filled shape: points (N, 2) as x, y and thickness in widths of the photo; `erase` takes away."""

    points: tuple[tuple[float, float], ...]
    thickness: float = 0.0
    filled: bool = False
    erase: bool = False


def draw(strokes: tuple[Stroke, ...], height: int, width: int, start: Mask | None = None) -> Mask:
    """The mask that strokes leave on a photo of height × width px, in order, over a starting mask of that size.

    MaskError if the starting mask has another size.
    """
    if start is not None and start.shape != (height, width):
        raise MaskError(f"The mask is {_size(start)} px and the photo {width} × {height}; it belongs to another photo.")
    mask = np.zeros((height, width), bool) if start is None else start.astype(bool)
    if not strokes:
        return mask
    times = max(1, min(FINE, math.isqrt(MAX_FINE // (height * width))))
    fine = cv2.resize(mask.astype(np.uint8) * 255, (width * times, height * times), interpolation=cv2.INTER_NEAREST)
    for stroke in strokes:
        _draw(fine, stroke)
    return cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA) >= 128


def strokes_of(drawing: Any, width: int, *, ellipses: bool = False) -> tuple[Stroke, ...]:
    """The strokes in what a canvas `width` px wide sent; with `ellipses`, a rectangle stands for the ellipse in it.

    MaskError for anything but a drawing: foreign objects, numbers that are none or out of reach, too many of them.
    """
    if drawing is None:
        return ()
    objects = drawing.get("objects") if isinstance(drawing, Mapping) else None
    if not isinstance(objects, list):
        raise MaskError("This is not a drawing: it has no list of objects; clear the canvas and draw again.")
    if len(objects) > MAX_OBJECTS:
        raise MaskError(f"The drawing has more than {MAX_OBJECTS} strokes; clear it and draw with fewer.")
    strokes = tuple(_stroke(item, width, ellipses) for item in objects)
    if sum(len(stroke.points) for stroke in strokes) > MAX_POINTS:
        raise MaskError(f"The drawing has more than {MAX_POINTS} points; clear it and draw with fewer.")
    return tuple(stroke for stroke in strokes if not _is_slip(stroke))


def _size(mask: Mask) -> str:
    return " × ".join(map(str, mask.shape[::-1]))


def _draw(fine: np.ndarray, stroke: Stroke) -> None:
    """One stroke on the enlarged mask, with round ends and joints; 4 bits of fraction keep places below a pixel."""
    width = fine.shape[1]
    value = 0 if stroke.erase else 255
    points = np.rint(np.array(stroke.points) * width * 16 - 8).astype(np.int32).reshape(-1, 1, 2)
    if stroke.filled:
        cv2.fillPoly(fine, [points], value, shift=4)
    thickness = round(stroke.thickness * width)
    if thickness and len(points) == 1:
        cv2.circle(fine, tuple(int(v) for v in points[0, 0]), thickness * 8, value, cv2.FILLED, shift=4)
    elif thickness:
        cv2.polylines(fine, [points], stroke.filled, value, thickness, shift=4)


def _is_slip(stroke: Stroke) -> bool:
    """A shape of a click without a drag: nobody meant to draw it."""
    reach = np.ptp(np.array(stroke.points), axis=0)
    return stroke.filled and float(reach.min()) < 0.004


def _stroke(item: Any, width: int, ellipses: bool) -> Stroke:
    """One object of the canvas as a stroke in widths of the photo."""
    kind = str(item.get("type", "")).lower() if isinstance(item, Mapping) else ""
    if kind not in OUTLINES:
        known = ", ".join(OUTLINES)
        raise MaskError(f"The drawing holds an object of kind {kind[:30]!r}; a mask is drawn with {known}.")
    shape = "ellipse" if kind == "rect" and ellipses else kind
    outline, filled = OUTLINES[shape](item), shape in FILLED
    placed = outline if kind in ABSOLUTE and _is_untouched(item) else _placed(item, outline)
    points = placed / width
    if not np.isfinite(points).all() or np.abs(points).max(initial=0) > REACH:
        raise MaskError("The drawing has a point far outside the photo; clear the canvas and draw again.")
    thickness = 0.0 if filled else _number(item, "strokeWidth", 1.0) / width
    if not 0 <= thickness <= 2:
        raise MaskError("A stroke of the drawing is wider than the photo; choose a smaller brush.")
    colours = (str(item.get("stroke", "")).lower(), str(item.get("fill", "")).lower())
    erase = any(colour.startswith(ERASE_COLOUR) for colour in colours)
    return Stroke(tuple((float(x), float(y)) for x, y in points), thickness, filled, erase)


def _number(item: Mapping[str, Any], name: str, default: float = 0.0) -> float:
    """A finite number of an object."""
    value = item.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e7:  # NaN neither
        raise MaskError(f"The drawing's {name} is {str(value)[:30]!r}, which is not a number.")
    return float(value)


def _is_untouched(item: Mapping[str, Any]) -> bool:
    """Not turned, stretched or mirrored since it was drawn: its points are where they were drawn."""
    turned = any(_number(item, name) for name in ("angle", "skewX", "skewY")) or item.get("flipX") or item.get("flipY")
    return not turned and _number(item, "scaleX", 1.0) == _number(item, "scaleY", 1.0) == 1.0


def _placed(item: Mapping[str, Any], outline: np.ndarray) -> np.ndarray:
    """An outline around its own middle, put where Fabric shows it: stretched, turned, then moved."""
    if _number(item, "skewX") or _number(item, "skewY"):
        raise MaskError("A slanted object cannot be part of a mask; draw it again.")
    scale = np.array([_number(item, "scaleX", 1.0), _number(item, "scaleY", 1.0)])
    edge = _number(item, "strokeWidth", 1.0) * (1.0 if item.get("strokeUniform") else scale)
    size = np.array([_number(item, "width"), _number(item, "height")]) * scale + edge
    origins = (ORIGINS.get(str(item.get("originX", "left"))), ORIGINS.get(str(item.get("originY", "top"))))
    if None in origins:
        raise MaskError("The drawing has an object without a place; clear the canvas and draw again.")
    angle = math.radians(_number(item, "angle"))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    mirror = np.array([-1.0 if item.get(name) else 1.0 for name in ("flipX", "flipY")])
    corner = np.array([_number(item, "left"), _number(item, "top")])
    middle = corner + ((0.5 - np.array(origins, dtype=float)) * size) @ turn
    own = (outline.min(axis=0) + outline.max(axis=0)) / 2
    return ((outline - own) * scale * mirror) @ turn + middle


def _path(item: Mapping[str, Any]) -> np.ndarray:
    """A freely drawn line: moves, lines and quadratic curves in px of the canvas."""
    commands = item.get("path")
    if not isinstance(commands, list) or not 0 < len(commands) <= MAX_POINTS:
        raise MaskError("The drawing has a line without points; clear the canvas and draw again.")
    points: list[tuple[float, float]] = []
    for command in commands:
        name, *values = command if isinstance(command, list) and command else ("",)
        if COUNTS.get(str(name)) != len(values):
            raise MaskError("The drawing has a line of a kind that the brush does not draw; draw it again.")
        pairs = [_pair(values[start : start + 2]) for start in range(0, len(values), 2)]
        points.extend(_curve(points[-1], *pairs) if name == "Q" and points else pairs[-1:])
    if not points:
        raise MaskError("The drawing has a line without points; clear the canvas and draw again.")
    if all(point == points[0] for point in points):
        points = points[:1]
    return np.array(points)


def _pair(values: Any) -> tuple[float, float]:
    if isinstance(values, Mapping):
        values = [values.get("x"), values.get("y")]
    named = dict(zip(("x", "y"), values, strict=True))
    return _number(named, "x"), _number(named, "y")


def _curve(
    start: tuple[float, float], control: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float]]:
    """Points on a quadratic Bézier curve after its start."""
    t = np.linspace(0, 1, CURVE_STEPS + 1)[1:, None]
    curve = (1 - t) ** 2 * np.array(start) + 2 * t * (1 - t) * np.array(control) + t**2 * np.array(end)
    return [(float(x), float(y)) for x, y in curve]


def _line(item: Mapping[str, Any]) -> np.ndarray:
    """A straight line from one end to the other, around its middle."""
    return np.array([[_number(item, "x1"), _number(item, "y1")], [_number(item, "x2"), _number(item, "y2")]])


def _polygon(item: Mapping[str, Any]) -> np.ndarray:
    """The corners of a polygon in px of the canvas."""
    corners = item.get("points")
    if not isinstance(corners, list) or not 3 <= len(corners) <= MAX_POINTS:
        raise MaskError("The drawing has a polygon with fewer than three corners; draw it again.")
    if not all(isinstance(corner, Mapping) for corner in corners):
        raise MaskError("The drawing has a polygon without corners; draw it again.")
    return np.array([_pair(corner) for corner in corners])


def _rectangle(item: Mapping[str, Any]) -> np.ndarray:
    x, y = _number(item, "width") / 2, _number(item, "height") / 2
    return np.array([[-x, -y], [x, -y], [x, y], [-x, y]])


def _ellipse(item: Mapping[str, Any]) -> np.ndarray:
    """The ellipse that touches all sides of an object's rectangle."""
    x, y = _number(item, "width") / 2, _number(item, "height") / 2
    angle = np.linspace(0, 2 * np.pi, ELLIPSE_STEPS, endpoint=False)
    return np.stack([x * np.cos(angle), y * np.sin(angle)], axis=1)


OUTLINES: dict[str, Callable[[Mapping[str, Any]], np.ndarray]] = {
    "path": _path,
    "line": _line,
    "rect": _rectangle,
    "ellipse": _ellipse,
    "circle": _ellipse,
    "polygon": _polygon,
}
ABSOLUTE = ("path", "polygon")
"""Kinds whose points are places on the canvas as long as nobody moved them."""
FILLED = ("rect", "ellipse", "circle", "polygon")
COUNTS = {"M": 2, "L": 2, "Q": 4, "Z": 0, "z": 0}
ORIGINS = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}
