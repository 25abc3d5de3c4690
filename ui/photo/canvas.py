"""The canvas: what was drawn on each photo of the visit, and the pen.

The browser holds only what was drawn since the canvas was mounted; whenever anything else happens (undo, another tool,
another width, another page) those strokes are put into the picture under the canvas and a fresh one is mounted. So a
stroke is kept as a share of the photo, an eraser leaves no colour behind, and no old stroke can meet another photo.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.paint import drawing
from core.paint.canvas_picture import canvas_picture
from core.paint.segments import Segments, found_in, picked
from core.paint.sketch import read_sketch
from core.photos import overlay
from core.types import Pixels
from ui import components, layout, resources
from ui.photo.boards import PICK, TOOLS, CanvasState, place_of
from ui.resources import Item

PEN = f"rgba{(*overlay.PAINT, 0.55)}"
ERASER = f"{drawing.ERASE_COLOUR}a0"
TALLEST = 620
"""Greatest height in px: on a usual screen the whole canvas is seen at once."""
NARROW = 480
"""Below this width in px the tools are shown by their signs alone, so that all are seen; the hint names it."""
BY_KEYS = "By keys: focus the picture; arrows move a mark (Shift: further), "
BRUSH = 7
"""Size of the brush at first, in per cent of the width that is seen: enlarged, it paints finer."""


def board(item: Item) -> CanvasState:
    """What was drawn on a photo in this visit."""
    boards: dict[str, CanvasState] = st.session_state.setdefault("boards", {})
    return boards.setdefault(item.digest, CanvasState())


def read(item: Item) -> CanvasState:
    """The board of a photo with all that its canvas has sent; strokes of a canvas that is gone are folded."""
    own = board(item)
    if TOOLS[own.tool].clicked:
        told = st.session_state.get(_clicks_key(item)) or {}
        open_now = told.get("corners")
        if isinstance(open_now, Mapping) and open_now.get("number") == own.mount:
            own.take_corners(open_now.get("corners"))
        return own
    key = _key(item, own)
    if key not in st.session_state:
        if own.live:
            own.fold()
        return own
    sent = st.session_state[key].get("drawing") or {}
    own.take_strokes(sent.get("raw"))
    if own.live and TOOLS[own.tool].redrawn:
        own.fold()
    return own


def remember(item: Item, own: CanvasState, photo: Pixels) -> None:
    """Keep the drawing beyond a reload, and take it back after one; `remembered` once there was anything to keep."""
    own.remembered |= not own.closed.is_empty
    kept = components.memory("canvas-memory", item.digest, own.closed.written() if own.remembered else None)
    if kept is None or own.remembered:
        return
    own.remembered = True
    found = layout.attempt(lambda: read_sketch(kept, *photo.shape[:2]))
    if found is not None:
        own.put(found)


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
    size = st.session_state.get("brush-size", BRUSH) / 100
    brush = max(1, round(size * width)) if tool.sized else 1
    with st.container(key="canvas-frame", height=round(width * height / across) + 2, border=False):
        if tool.clicked:
            _clickable(item, own, photo, width)
        else:
            st_canvas(
                fill_color="rgba(0, 0, 0, 0)" if tool.ellipse else PEN,
                stroke_color=ERASER if tool.erase else PEN,
                stroke_width=brush,
                background_image=_under(item, own, photo, width),
                height=round(width * height / across),
                width=width,
                drawing_mode=tool.mode,
                key=_key(item, own),
            )
            components.pen(
                "canvas-pen",
                (width, round(width * height / across)),
                brush,
                shape=not tool.sized,
                photo=item.digest,
                label=f"The photo {item.name} to paint on: {own.tool}",
                frame=".st-key-canvas-frame",
            )
    enlarged = f" Enlarged {own.view.zoom} times." if own.view.zoom > 1 else ""
    keys = f" {BY_KEYS}{tool.keys}" if room >= NARROW else ""
    st.caption(f"{own.tool}: {tool.hint[0].lower()}{tool.hint[1:]}{enlarged}{keys}")


@st.fragment
def _clickable(item: Item, own: CanvasState, photo: Pixels, width: int) -> None:
    """The picture to click on; a fragment, so that a corner of a polygon does not draw the page again."""
    height = round(width * photo.shape[0] / photo.shape[1])
    picks = TOOLS[own.tool].mode == PICK
    done = components.clicks(
        _clicks_key(item),
        _under(item, own, photo, width),
        (width, height),
        polygon=not picks,
        corners=own.view.on_canvas(own.corners),
        number=own.mount,
        alt=f"The photo {item.name} to {'pick parts of' if picks else 'draw a polygon on'}",
        on_corners=lambda: None,
        on_closed=lambda: layout.attempt(lambda: _close(item)),
        on_clicked=lambda: layout.attempt(lambda: _pick(item)),
    )
    if done.closed or done.clicked:
        st.rerun()


def _close(item: Item) -> None:
    """Before the run: a polygon that was closed becomes a part of the drawing."""
    own = board(item)
    own.take_corners(st.session_state[_clicks_key(item)].closed)
    own.close()


def _pick(item: Item) -> None:
    """Before the run: what was clicked is added to the drawing, or taken away."""
    own = board(item)
    (place,) = own.view.on_photo([place_of(st.session_state[_clicks_key(item)].clicked)])
    own.put(picked(own.sketch, _segments(item.digest, item), *place))


@st.cache_resource(show_spinner="Looking for things to click …", max_entries=32)
def _segments(digest: str, _item: Item) -> Segments:
    """What can be clicked in a photo, found once for all visitors."""
    return found_in(resources.working(digest, _item))


def _under(item: Item, own: CanvasState, photo: Pixels, width: int) -> bytes:
    """The picture under the canvas: the photo with what was drawn before the canvas was mounted."""
    picks = TOOLS[own.tool].mode == PICK
    key = (item.digest, own.mount, width, picks, own.view)
    kept = st.session_state.get("under")
    if kept is None or kept[0] != key:
        height = round(width * photo.shape[0] / photo.shape[1])
        seen = resources.display(item.digest, item)
        if own.view.zoom > 1:
            seen = resources.part(own.view, width, height, item.digest, item)
        found = _segments(item.digest, item) if picks else None
        under = canvas_picture(seen, width, height, own.view, own.past[-1], found)
        st.session_state["under"] = kept = (key, resources.jpeg(under))
    return kept[1]


def _clicks_key(item: Item) -> str:
    return f"clicks-{item.digest[:16]}"


def _key(item: Item, own: CanvasState) -> str:
    return f"canvas-{item.digest[:16]}-{own.width}-{own.mount}"
