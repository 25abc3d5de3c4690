"""What was drawn on a photo of the visit, up to this moment and undone, and the tools to draw with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import MaskError
from core.paint.drawing import REACH, Stroke, strokes_of
from core.paint.sketch import Sketch
from core.paint.view import View

MOST_STEPS = 500
MOST_CORNERS = 1000
POLYGON, PICK = "polygon", "pick"
"""Modes of our own, in which places are clicked."""


@dataclass(frozen=True)
class Tool:
    """A way to draw: its sign, the canvas's mode for it, and how its strokes are read."""

    icon: str
    mode: str
    erase: bool = False
    ellipse: bool = False
    hint: str = "Drag from corner to corner."
    keys: str = "Space or Enter sets each of two corners, Escape lets go."

    @property
    def clicked(self) -> bool:
        """Whether it is no drag that draws, but clicks on the picture."""
        return self.mode in (POLYGON, PICK)

    @property
    def sized(self) -> bool:
        return self.mode == "freedraw"

    @property
    def redrawn(self) -> bool:
        """Whether the canvas shows something else than the stroke's effect: a frame, or the eraser's own colour."""
        return self.ellipse or self.erase


_PAINTS = "Space or Enter lowers and lifts the brush, as does Escape."
TOOLS = {
    "Brush": Tool("brush", "freedraw", hint="Paint over what should go.", keys=_PAINTS),
    "Eraser": Tool("ink_eraser", "freedraw", erase=True, hint="Take paint away.", keys=_PAINTS),
    "Rectangle": Tool("rectangle", "rect"),
    "Ellipse": Tool("circle", "rect", ellipse=True, hint="Drag the frame of the ellipse from corner to corner."),
    "Polygon": Tool(
        "pentagon",
        POLYGON,
        hint="Click the corners; the first one again, Enter or another tool closes it. Backspace takes one back.",
        keys="Space sets a corner, Escape drops them all.",
    ),
    "Pick": Tool(
        "ads_click",
        PICK,
        hint="Click a thing that was found, or a patch beside it; again to take it away.",
        keys="Space or Enter picks.",
    ),
}


@dataclass
class CanvasState:
    """What was drawn on one photo: every state up to now, those undone, and the strokes of the mounted canvas."""

    past: list[Sketch] = field(default_factory=lambda: [Sketch()])
    future: list[Sketch] = field(default_factory=list)
    live: tuple[Stroke, ...] = ()
    mount: int = 0
    width: int = 0
    tool: str = "Brush"
    remembered: bool = False
    corners: tuple[tuple[float, float], ...] = ()
    view: View = field(default_factory=View)
    """What the canvas shows. Strokes and corners are kept as places on the photo, so that it moves none of them."""

    def __copy__(self) -> CanvasState:
        """A board of its own with the same drawing."""
        return replace(self, past=[*self.past], future=[*self.future])

    @property
    def sketch(self) -> Sketch:
        """The drawing now; a polygon that is still open has no part in it."""
        return self.past[-1].with_strokes(*self.live)

    @property
    def closed(self) -> Sketch:
        """The drawing with its open polygon closed: what is kept for later."""
        return self.sketch.with_strokes(Stroke(self.corners, filled=True)) if len(self.corners) > 2 else self.sketch

    def take_corners(self, told: Any) -> None:
        """The corners of a polygon that is still open, as the browser tells them; MaskError for anything else."""
        self.corners = self.view.on_photo(corners_of(told))

    def take_strokes(self, told: Any) -> None:
        """The strokes of the mounted canvas, as the browser tells them; MaskError for anything else."""
        drawn = strokes_of(told, self.width, ellipses=TOOLS[self.tool].ellipse)
        self.live = tuple(self.view.stroke(stroke) for stroke in drawn)

    def look(self, view: View) -> None:
        """Show another part of the photo, with all that is drawn by now."""
        if view != self.view:
            self.fold()
            self.view = view

    def close(self) -> None:
        """Put the open polygon into the drawing; one of fewer than three corners stays open."""
        if len(self.corners) > 2:
            sketch, self.corners = self.closed, ()
            self.put(sketch)

    def fold(self) -> None:
        """Put the canvas's strokes into the past, each a step of its own, and mount a fresh canvas."""
        under = self.past[-1]
        for count in range(1, len(self.live) + 1):
            self.past.append(under.with_strokes(*self.live[:count]))
        if self.live:
            self.future.clear()
        del self.past[:-MOST_STEPS]
        self.live, self.mount = (), self.mount + 1

    def put(self, sketch: Sketch) -> None:
        """Go on from another drawing; undo leads back."""
        self.fold()
        self.past.append(sketch)
        self.future.clear()

    def undo(self) -> None:
        self.fold()
        if self.corners:
            self.corners = self.corners[:-1]
            return
        if len(self.past) > 1:
            self.future.append(self.past.pop())

    def redo(self) -> None:
        self.fold()
        if self.future:
            self.past.append(self.future.pop())

    @property
    def is_empty(self) -> bool:
        return self.sketch.is_empty


def corners_of(told: Any) -> tuple[tuple[float, float], ...]:
    """Places that a browser sent, in widths of the photo; MaskError where they are none."""
    if not isinstance(told, list) or len(told) > MOST_CORNERS:
        raise MaskError(f"A polygon is a list of at most {MOST_CORNERS} corners; draw it again.")
    return tuple(place_of(corner) for corner in told)


def place_of(told: Any) -> tuple[float, float]:
    """One place that a browser sent, in widths of the photo; MaskError where it is none."""
    if not isinstance(told, list) or len(told) != 2 or not all(_near(part) for part in told):
        raise MaskError("This is not a place on the photo; click it again.")
    return float(told[0]), float(told[1])


def _near(part: Any) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool) and -REACH < part < REACH
