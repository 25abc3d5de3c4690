"""Small components of our own: the width of a place, what a tab remembers, two pictures beside or over each other."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core.photos import overlay
from core.types import Heatmap, Pixels
from ui import resources

FRONTEND = Path(__file__).parent / "frontend"
Corners = tuple[tuple[float, float], ...]
TALLEST = 560
"""Greatest height in px of compared pictures."""
SHARED = {"clicks": ("cursor",), "pen": ("cursor",)}
"""Scripts that stand before those of some components."""


def component(name: str) -> Any:
    """A component of our own, made of the files of its name in FRONTEND.

    Its HTML stands on the page before its script has run, so it must be accessible by itself.
    """
    return st.components.v2.component(
        f"lab-{name}", html=_read(f"{name}.html") or "<div></div>", css=_read(f"{name}.css"), js=script(name)
    )


def script(name: str) -> str:
    """The script of a component, after those that it shares with others."""
    return "\n".join(_read(f"{part}.js") or "" for part in (*SHARED.get(name, ()), name))


def _read(name: str) -> str | None:
    file = FRONTEND / name
    return file.read_text(encoding="utf-8") if file.is_file() else None


_width = component("width")
_memory = component("memory")
_compare = component("compare")
_overlay = component("overlay")
_clicks = component("clicks")
_pen = component("pen")
_keys = component("keys")


def width(key: str, known: int) -> int:
    """How many px wide the container is in which this is called; `known` until the browser has told.

    Where there is touch, it also makes fingers count as the left button, as the canvas's shapes need.
    """
    told = _width(key=key, data={"known": known}, on_width_change=lambda: None, height=1).get("width")
    return int(told) if isinstance(told, int | float) and 1 <= told <= 10_000 else known


def memory(key: str, photo: str, drawing: str | None) -> object:
    """Leave the drawing on a photo with the browser's tab; where it is None, what the tab still has, else None."""
    told = _memory(key=key, data={"photo": photo, "drawing": drawing}, on_kept_change=lambda: None, height=1).get(
        "kept"
    )
    return told.get("drawing") if isinstance(told, Mapping) and told.get("photo") == photo else None


def keys(key: str, pressed: Mapping[str, str], frame: str) -> None:
    """Let keys press buttons: `pressed` is a CSS selector by key, like "ctrl+z"; nothing is pressed while one types.

    A key that comes before the page has answered the one before waits for it. The toolbar that the canvas inside
    `frame` (a CSS selector) brings along is put away: the page has its own.
    """
    answer = st.session_state[f"{key}-answer"] = st.session_state.get(f"{key}-answer", 0) + 1
    _keys(key=key, data={"keys": dict(pressed), "frame": frame, "answer": answer}, height=1)


def pen(key: str, size: tuple[int, int], brush: int, *, shape: bool, photo: str, label: str, frame: str) -> None:
    """Let keys draw on the canvas inside `frame` (a CSS selector), which is so many px wide and high.

    Keys move a mark `brush` px wide, which draws as a pointer would; with `shape` from corner to corner. The mark stays
    where it is as long as the photo is the same.
    """
    words = ("First corner", "Drawn") if shape else ("Brush down", "Brush up")
    data = {"width": size[0], "height": size[1], "size": brush, "shape": shape, "photo": photo, "label": label}
    _pen(key=key, data=data | {"frame": frame, "words": words}, width=size[0], height=size[1])


def clicks(
    key: str, picture: bytes, size: tuple[int, int], *, polygon: bool, corners: Corners, number: int, alt: str,
    on_corners: Callable[[], None], on_closed: Callable[[], None], on_clicked: Callable[[], None],
) -> Any:  # fmt: skip
    """A picture (JPEG; width and height in px) to click on; every place is in widths of the picture.

    With `polygon` its state holds `corners`, those of the open polygon with the `number` that they go on from, and it
    triggers `closed` with all of them; without, it triggers `clicked` with one place.
    """
    data = {
        "picture": f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}",
        "width": size[0],
        "height": size[1],
        "polygon": polygon,
        "corners": [list(corner) for corner in corners],
        "number": number,
        "alt": alt,
    }
    return _clicks(
        key=key, data=data, on_corners_change=on_corners, on_closed_change=on_closed, on_clicked_change=on_clicked
    )


def compare(before: Pixels, after: Pixels, labels: tuple[str, str], name: str, key: str) -> None:
    """Two pictures of one size under a slider, which starts in the middle and stays where it was put."""
    height, across = before.shape[:2]
    _compare(
        key=key,
        data={
            "before": address(before),
            "after": address(after),
            "labels": labels,
            "alt": [f"{name}: {label}" for label in labels],
            "name": f"{name}: {labels[0]} or {labels[1]}",
            "ratio": across / height,
            "tallest": TALLEST,
        },
    )


def heatmap(photo: Pixels, found: Heatmap, key: str) -> None:
    """A heatmap on its photo; how much of it is seen, the browser does alone, whatever the server is busy with."""
    _on_top(photo, key, signed=found.signed, over=address(overlay.coloured(found.values, found.signed)))


def room_for_heatmap(photo: Pixels, *, signed: bool) -> None:
    """The photo in the place where its heatmap will lie on it, with all that will stand below."""
    _on_top(photo, "soon", signed=signed, over="")


def _on_top(photo: Pixels, key: str, *, signed: bool, over: str) -> None:
    data = {
        "under": address(photo),
        "over": over,
        "scale": address(overlay.scale(signed=signed)),
        "scale_alt": f"Colours of the heatmap, from {'lowers to raises' if signed else 'nothing to most'}",
        "alt": "The photo with its heatmap on top" if over else "",
    }
    _overlay(key=key, data=data)


def address(picture: Pixels) -> str:
    """A picture as an address that carries it."""
    return f"data:image/jpeg;base64,{base64.b64encode(resources.jpeg(picture)).decode()}"
