"""The canvas: what was drawn on each photo of the visit, and the pen.

The browser holds only what was drawn since the canvas was mounted; whenever anything else happens (undo, another tool,
another width, another page) those strokes are put into the picture under the canvas and a fresh one is mounted. So a
stroke is kept as a share of the photo, an eraser leaves no colour behind, and no old stroke can meet another photo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
import streamlit as st

from core.paint import drawing, mask_files
from core.paint.pieces import Pieces, added, piece_at, pieces
from core.paint.sketch import Sketch, read_sketch
from core.photos import images, overlay
from core.registry import MASKS
from core.types import Pixels
from ui import components, layout, resources
from ui.photo.boards import PICK, TOOLS, CanvasState, corners_of, place_of
from ui.resources import Item

PEN = f"rgba{(*overlay.PAINT, 0.55)}"
ERASER = f"{drawing.ERASE_COLOUR}a0"
TALLEST = 620
"""Greatest height in px: on a usual screen the whole canvas is seen at once."""
OUTLINE = (255, 255, 255)
BRUSHES = (1, 30)
"""Least and greatest size of the brush in per cent of the photo's width."""
BRUSH, STEP = 7, 2
KEYS = {
    "ctrl+z": "undo",
    "ctrl+shift+z": "redo",
    "ctrl+y": "redo",
    "[": "smaller",
    "-": "smaller",
    "]": "larger",
    "+": "larger",
}
"""Which of the toolbar's buttons a key presses."""
NARROW = 480
"""Below this width in px the tools are shown by their signs alone, so that all are seen; the hint names it."""


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
            own.corners = corners_of(open_now.get("corners"))
        return own
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
    own.remembered |= not own.closed.is_empty
    kept = components.memory("canvas-memory", item.digest, own.closed.written() if own.remembered else None)
    if kept is None or own.remembered:
        return
    own.remembered = True
    found = layout.attempt(lambda: read_sketch(kept, *photo.shape[:2]))
    if found is not None:
        own.put(found)


def toolbar(item: Item, own: CanvasState, photo: Pixels) -> None:
    """Tools, undo, redo, clear, a mask from a file, and the size of the brush."""
    st.session_state["tool"] = own.tool  # a photo keeps its tool: the one shown must be the one that draws
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="canvas-tools"):
        st.segmented_control(
            "Tool",
            list(TOOLS),
            format_func=_signs if 0 < st.session_state.get("room", 0) < NARROW else _names,
            required=True,
            key="tool",
            label_visibility="collapsed",
            on_change=_change_tool,
            args=(item,),
        )
        with st.container(horizontal=True, gap="xsmall", width="content"):
            for name, icon, act, able, keys in (
                ("Undo", "undo", CanvasState.undo, len(own.past) > 1 or bool(own.live or own.corners), "Ctrl+Z"),
                ("Redo", "redo", CanvasState.redo, bool(own.future) and not own.live, "Ctrl+Y"),
                ("Clear", "delete", _clear, not own.closed.is_empty or bool(own.corners), ""),
            ):
                st.button(
                    f":material/{icon}:",
                    key=f"canvas-{name.lower()}",
                    help=f"{name} ({keys})" if keys else name,
                    on_click=_act,
                    args=(item, act),
                    disabled=not able,
                )
            with st.popover(":material/upload_file:", help="Load a mask from a picture"):
                _mask_from_file(item, photo)
        if TOOLS[own.tool].sized:
            _brush_size()
    selectors = {key: f".st-key-canvas-{name} button" for key, name in KEYS.items()}
    components.keys("canvas-keys", selectors, ".st-key-canvas-frame")


def _brush_size() -> None:
    """The size of the brush, by hand or by its keys."""
    st.session_state.setdefault("brush-size", BRUSH)
    with st.container(horizontal=True, gap="xsmall", width="content", vertical_alignment="bottom"):
        st.button(
            ":material/remove:", key="canvas-smaller", help="Smaller brush (key [)", on_click=_resize, args=(-STEP,)
        )
        st.slider("Size of the brush", *BRUSHES, format="%d %%", key="brush-size", width=150, persist_state="session")
        st.button(":material/add:", key="canvas-larger", help="Larger brush (key ])", on_click=_resize, args=(STEP,))


def _resize(by: int) -> None:
    low, high = BRUSHES
    st.session_state["brush-size"] = max(low, min(high, st.session_state["brush-size"] + by))


def _mask_from_file(item: Item, photo: Pixels) -> None:
    """A mask picture, as this page's ZIP holds them, takes the place of the drawing; undo leads back."""
    file = st.file_uploader(
        "A mask picture of this photo: white is painted",
        type=["png"],
        key=f"mask-file-{st.session_state.get('masks-taken', 0)}",
    )
    if file is None:
        return
    mask = layout.attempt(lambda: mask_files.read_mask(file.getvalue(), file.name, *photo.shape[:2]))
    if mask is not None:
        read(item).put(Sketch(mask))
        st.session_state["masks-taken"] = st.session_state.get("masks-taken", 0) + 1
        st.rerun()


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
    size = st.session_state.get("brush-size", BRUSH) / 100
    with st.container(key="canvas-frame", height=round(width * height / across) + 2, border=False):
        if tool.clicked:
            _clickable(item, own, photo, width)
        else:
            st_canvas(
                fill_color="rgba(0, 0, 0, 0)" if tool.ellipse else PEN,
                stroke_color=ERASER if tool.erase else PEN,
                stroke_width=max(1, round(size * width)) if tool.sized else 1,
                background_image=_under(item, own, photo, width),
                height=round(width * height / across),
                width=width,
                drawing_mode=tool.mode,
                key=_key(item, own),
            )
    st.caption(f"{own.tool}: {tool.hint[0].lower()}{tool.hint[1:]}")


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
        corners=own.corners,
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
    own.corners = corners_of(st.session_state[_clicks_key(item)].closed)
    own.close()


def _pick(item: Item) -> None:
    """Before the run: what was clicked is added to the drawing, or taken away."""
    own, photo = board(item), resources.working(item.digest, item)
    piece = piece_at(_pieces(item.digest, item), *place_of(st.session_state[_clicks_key(item)].clicked))
    mask = added(own.sketch.mask(*photo.shape[:2]), piece)
    own.put(Sketch(mask) if mask.any() else Sketch())


@st.cache_resource(show_spinner="Looking for things to click …", max_entries=32)
def _pieces(digest: str, _item: Item) -> Pieces:
    """What can be clicked in a photo: all that detectors find in it, and patches of pixels that look alike."""
    photo = resources.working(digest, _item)
    return pieces(photo, [entry.function(photo) for entry in MASKS if entry.facts["detector"]])


def _under(item: Item, own: CanvasState, photo: Pixels, width: int) -> bytes:
    """The picture under the canvas: the photo with what was drawn before the canvas was mounted."""
    picks = TOOLS[own.tool].mode == PICK
    key = (item.digest, own.mount, width, picks)
    kept = st.session_state.get("under")
    if kept is None or kept[0] != key:
        height = round(width * photo.shape[0] / photo.shape[1])
        picture = images.resize(resources.display(item.digest, item), width, height)
        if picks:
            picture = _outlined(picture, _pieces(item.digest, item))
        under = overlay.painted(picture, own.past[-1].mask(height, width))
        st.session_state["under"] = kept = (key, resources.jpeg(under))
    return kept[1]


def _outlined(picture: Pixels, found: Pieces) -> Pixels:
    """A picture with the outlines of the things that can be clicked."""
    drawn = picture.copy()
    for thing in found.things:
        large = cv2.resize(thing.astype(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        edges, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(drawn, edges, -1, (0, 0, 0), 4, cv2.LINE_AA)
        cv2.drawContours(drawn, edges, -1, OUTLINE, 2, cv2.LINE_AA)
    return drawn


def _clicks_key(item: Item) -> str:
    return f"clicks-{item.digest[:16]}"


def _key(item: Item, own: CanvasState) -> str:
    return f"canvas-{item.digest[:16]}-{own.width}-{own.mount}"


def _act(item: Item, act: Callable[[CanvasState], None]) -> None:
    act(read(item))


def _clear(own: CanvasState) -> None:
    own.corners = ()
    own.put(Sketch())


def _change_tool(item: Item) -> None:
    own = read(item)
    own.close()
    own.fold()
    own.tool = st.session_state["tool"]
