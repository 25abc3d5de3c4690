"""The canvas: what was drawn on each photo of the visit, and the pen.

The browser holds only what was drawn since the canvas was mounted; whenever anything else happens (undo, another tool,
another width, another page) those strokes are put into the picture under the canvas and a fresh one is mounted. So a
stroke is kept as a share of the photo, an eraser leaves no colour behind, and no old stroke can meet another photo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import streamlit as st

from core.paint import drawing
from core.paint.drawing import Stroke
from core.paint.sketch import Sketch, read_sketch
from core.photos import images
from core.types import Mask, Pixels
from ui import components, layout, resources
from ui.resources import Item

PAINT = (217, 120, 45)
PEN = "rgba(217, 120, 45, 0.55)"
ERASER = f"{drawing.ERASE_COLOUR}a0"
TALLEST = 620
"""Greatest height in px: on a usual screen the whole canvas is seen at once."""
MOST_STEPS = 500
NARROW = 480
"""Below this width in px the tools are shown by their signs alone, so that all are seen; the hint names it."""


@dataclass(frozen=True)
class Tool:
    """A way to draw: its sign, the canvas's mode for it, and how its strokes are read."""

    icon: str
    mode: str
    erase: bool = False
    ellipse: bool = False
    hint: str = "Drag from corner to corner."

    @property
    def sized(self) -> bool:
        return self.mode == "freedraw"

    @property
    def redrawn(self) -> bool:
        """Whether the canvas shows something else than the stroke's effect: a frame, or the eraser's own colour."""
        return self.ellipse or self.erase


TOOLS = {
    "Brush": Tool("brush", "freedraw", hint="Paint over what should go."),
    "Eraser": Tool("ink_eraser", "freedraw", erase=True, hint="Take paint away."),
    "Rectangle": Tool("rectangle", "rect"),
    "Ellipse": Tool("circle", "rect", ellipse=True, hint="Drag the frame of the ellipse from corner to corner."),
    "Polygon": Tool("pentagon", "polygon", hint="Click the corners, and the first one again to close."),
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

    @property
    def sketch(self) -> Sketch:
        """The drawing now."""
        return self.past[-1].with_strokes(*self.live)

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
        if len(self.past) > 1:
            self.future.append(self.past.pop())

    def redo(self) -> None:
        self.fold()
        if self.future:
            self.past.append(self.future.pop())

    @property
    def is_empty(self) -> bool:
        return self.sketch.is_empty


def board(item: Item) -> CanvasState:
    """What was drawn on a photo in this visit."""
    boards: dict[str, CanvasState] = st.session_state.setdefault("boards", {})
    return boards.setdefault(item.digest, CanvasState())


def read(item: Item) -> CanvasState:
    """The board of a photo with all that its canvas has sent; strokes of a canvas that is gone are folded."""
    own = board(item)
    key = _key(item, own)
    if key not in st.session_state:
        if own.live:
            own.fold()
        return own
    sent = st.session_state[key].get("drawing") or {}
    own.live = drawing.strokes_of(sent.get("raw"), own.width, ellipses=TOOLS[own.tool].ellipse)
    if own.live and TOOLS[own.tool].redrawn:
        own.fold()
    return own


def remember(item: Item, own: CanvasState, photo: Pixels) -> None:
    """Keep the drawing beyond a reload, and take it back after one; `remembered` once there was anything to keep."""
    own.remembered |= not own.is_empty
    kept = components.memory("canvas-memory", item.digest, own.sketch.written() if own.remembered else None)
    if kept is None or own.remembered:
        return
    own.remembered = True
    found = layout.attempt(lambda: read_sketch(kept, *photo.shape[:2]))
    if found is not None:
        own.put(found)


def toolbar(item: Item, own: CanvasState) -> None:
    """Tools, size of the brush, undo, redo and clear."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="canvas-tools"):
        st.segmented_control(
            "Tool",
            list(TOOLS),
            format_func=_signs if 0 < st.session_state.get("room", 0) < NARROW else _names,
            default=own.tool,
            required=True,
            key="tool",
            label_visibility="collapsed",
            on_change=_change_tool,
            args=(item,),
        )
        with st.container(horizontal=True, gap="xsmall", width="content"):
            for name, icon, act, able in (
                ("Undo", "undo", CanvasState.undo, len(own.past) > 1 or bool(own.live)),
                ("Redo", "redo", CanvasState.redo, bool(own.future) and not own.live),
                ("Clear", "delete", _clear, not own.is_empty),
            ):
                st.button(
                    f":material/{icon}:",
                    key=f"canvas-{name.lower()}",
                    help=name,
                    on_click=_act,
                    args=(item, act),
                    disabled=not able,
                )


def _signs(name: str) -> str:
    return f":material/{TOOLS[name].icon}:"


def _names(name: str) -> str:
    return f"{_signs(name)} {name}"


def show(item: Item, own: CanvasState, photo: Pixels) -> None:
    """The canvas itself, as wide as there is room; nothing is drawn before the browser has told how wide that is."""
    from streamlit_drawable_canvas import st_canvas  # here, because it can be imported only inside a running app

    room = components.width("canvas-room", st.session_state.get("room", 0))
    st.session_state["room"] = room
    if not room:
        return
    height, across = photo.shape[:2]
    width = min(room, round(TALLEST * across / height))
    if width != own.width:
        own.fold()
        own.width = width
    tool = TOOLS[own.tool]
    size = 0.06
    if tool.sized:
        size = st.slider("Size of the brush", 1, 30, 7, format="%d %%", key="brush-size") / 100
    with st.container(key="canvas-frame", height=round(width * height / across) + 2, border=False):
        st_canvas(
            fill_color=PEN if tool.mode == "polygon" or not tool.ellipse else "rgba(0, 0, 0, 0)",
            stroke_color=ERASER if tool.erase else PEN,
            stroke_width=max(1, round(size * width)) if tool.sized else 1,
            background_image=_under(item, own, photo, width),
            height=round(width * height / across),
            width=width,
            drawing_mode=tool.mode,
            key=_key(item, own),
        )
    st.caption(f"{own.tool}: {tool.hint[0].lower()}{tool.hint[1:]}")


def painted(photo: Pixels, mask: Mask) -> Pixels:
    """A photo with a mask laid over it in the pen's colour."""
    tint = photo.copy()
    tint[mask] = (0.45 * photo[mask] + 0.55 * np.array(PAINT)).astype(np.uint8)
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(tint, edges, -1, PAINT, max(1, min(photo.shape[:2]) // 250), cv2.LINE_AA)


def _under(item: Item, own: CanvasState, photo: Pixels, width: int) -> bytes:
    """The picture under the canvas: the photo with what was drawn before the canvas was mounted."""
    key = (item.digest, own.mount, width)
    kept = st.session_state.get("under")
    if kept is None or kept[0] != key:
        height = round(width * photo.shape[0] / photo.shape[1])
        picture = images.resize(resources.display(item.digest, item), width, height)
        under = painted(picture, own.past[-1].mask(height, width))
        st.session_state["under"] = kept = (key, resources.jpeg(under))
    return kept[1]


def _key(item: Item, own: CanvasState) -> str:
    return f"canvas-{item.digest[:16]}-{own.width}-{own.mount}"


def _act(item: Item, act: Callable[[CanvasState], None]) -> None:
    act(read(item))


def _clear(own: CanvasState) -> None:
    own.put(Sketch())


def _change_tool(item: Item) -> None:
    own = read(item)
    own.fold()
    own.tool = st.session_state["tool"]
