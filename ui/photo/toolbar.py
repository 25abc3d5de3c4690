"""The buttons around the canvas: tools, undo and redo, a mask from a file, the size of the brush, and what is seen."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.paint import mask_files
from core.paint.sketch import Sketch
from core.paint.view import View
from core.types import Pixels
from ui import components, layout
from ui.photo.boards import TOOLS, CanvasState
from ui.photo.canvas import BRUSH, NARROW, read
from ui.resources import Item

BRUSHES = (1, 30)
"""Least and greatest size of the brush in per cent of the width that is seen."""
STEP = 2
KEYS = {
    "ctrl+z": "undo",
    "ctrl+shift+z": "redo",
    "ctrl+y": "redo",
    "[": "smaller",
    "]": "larger",
    "+": "closer",
    "=": "closer",
    "-": "further",
    **{f"arrow{way}": way for way in ("left", "right", "up", "down")},
}
"""Which of the toolbar's buttons a key presses."""


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


def window(item: Item, own: CanvasState, photo: Pixels) -> None:
    """What is seen: closer or further, and where; below the canvas, which more buttons do not move there."""
    ratio = photo.shape[0] / photo.shape[1]
    views = {
        "closer": ("zoom_in", "Enlarge (key +)", own.view.zoomed(1, ratio)),
        "further": ("zoom_out", "Show more (key −)", own.view.zoomed(-1, ratio)),
    }
    if own.view.zoom > 1:
        views |= {
            way: (icon, f"Move {way} (arrow key over the picture)", own.view.moved(right, down, ratio))
            for way, icon, right, down in (
                ("left", "arrow_back", -1, 0),
                ("up", "arrow_upward", 0, -1),
                ("down", "arrow_downward", 0, 1),
                ("right", "arrow_forward", 1, 0),
            )
        }
    with st.container(horizontal=True, gap="xsmall", key="canvas-window"):
        for name, (icon, label, view) in views.items():
            st.button(
                f":material/{icon}:",
                key=f"canvas-{name}",
                help=label,
                on_click=_look,
                args=(item, view),
                disabled=view == own.view,
            )


def _look(item: Item, view: View) -> None:
    read(item).look(view)


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
