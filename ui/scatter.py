"""A scatter of many points with thumbnails on hover: our own component around the plotly.js that plotly carries."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.runtime import get_instance

from core.colours import Colour

SHEET_COLUMNS = 8
"""Thumbnails in a row of a sprite sheet."""
HEIGHT = 560

_HERE = Path(__file__).parent


@st.cache_resource(show_spinner=False)
def _plotly() -> bytes:
    spec = importlib.util.find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_bytes()


_component = st.components.v2.component(
    "latent_map",
    html='<div class="map-plot"></div><div class="map-tip" hidden></div>',
    css=(_HERE / "scatter.css").read_text(encoding="utf-8"),
    js=(_HERE / "scatter.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # plotly.js writes its style rules into the document's head
)


def served(data: bytes, kind: str, name: str) -> str:
    """An address at which the browser finds bytes, as long as this page is open."""
    return get_instance().media_file_mgr.add(data, kind, name)


def scatter(
    points: np.ndarray,
    names: list[str],
    numbers: dict[str, np.ndarray],
    colour: Colour,
    *,
    shown: np.ndarray,
    pinned: int | None,
    landed: np.ndarray | None,
    selection: str | None,
    sheet: dict[str, Any] | None,
    key: str,
) -> Any:
    """Draw points (N × 2 or 3) and return what the visitor did: `pinned` (index), `selected` (geometry), `wanted`.

    `numbers` are shown on hover. Points, names and thumbnails travel as files of their own, fetched when they change.
    """
    values = np.where(np.isfinite(colour.values), colour.values, np.nan).astype("<f4")
    labels = {"names": names, "numbers": {k: _rounded(v) for k, v in numbers.items()}}
    data = {
        "plotly": served(_plotly(), "text/javascript", "plotly"),
        "points": served(np.ascontiguousarray(points, dtype="<f4").tobytes(), "application/octet-stream", f"{key}-p"),
        "labels": served(json.dumps(labels).encode(), "application/json", f"{key}-l"),
        "values": served(values.tobytes(), "application/octet-stream", f"{key}-v"),
        "shown": served(shown.astype(np.uint8).tobytes(), "application/octet-stream", f"{key}-s"),
        "dims": points.shape[1],
        "count": len(points),
        "colour": {"label": colour.label, "scale": colour.scale, "limits": colour.limits, "names": colour.names},
        "pinned": pinned,
        "landed": None if landed is None else [float(v) for v in landed],
        "selection": selection,
        "sheet": sheet,
        "height": HEIGHT,
    }
    return _component(
        key=key,
        data=data,
        on_pinned_change=lambda: None,
        on_selected_change=lambda: None,
        on_wanted_change=lambda: None,
    )


def _rounded(values: np.ndarray) -> list[float | None]:
    return [None if not np.isfinite(v) else round(float(v), 3) for v in values]
