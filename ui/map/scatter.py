"""A scatter of many points with thumbnails on hover: our own component around the plotly.js that plotly carries."""

from __future__ import annotations

import html
import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.runtime import get_instance

from core.latent.captions import Caption
from core.latent.colours import Colour
from core.latent.density import Density

SHEET_COLUMNS = 8
"""Thumbnails in a row of a sprite sheet."""
HEIGHT = 560

_HERE = Path(__file__).parent


@st.cache_resource(show_spinner=False)
def _plotly() -> bytes:
    spec = importlib.util.find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    script = (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_bytes()
    return _compiled_at_once(script)


def _compiled_at_once(script: bytes) -> bytes:
    """The script with its one large function in brackets: browsers then compile it while it arrives, and only once."""
    start, end = b": this, () => {", b"}));"
    if script.count(start) != 1 or not script.endswith(end):
        return script
    return script.replace(start, b": this, (function () {")[: -len(end)] + b"})));"


_LOADER = (_HERE / "plotly_loader.js").read_text(encoding="utf-8")
_component = st.components.v2.component(
    "latent_map",
    html=f"""<div class="map-frame"><div class="map-plot" role="figure" aria-label="A map of photos"
        style="min-height: {HEIGHT}px"></div><canvas class="map-photos" aria-hidden="true"></canvas>
        <div class="map-note">Drawing the map …</div></div>
        <div class="map-hint" hidden></div><div class="map-tip" hidden></div>""",
    css=(_HERE / "scatter.css").read_text(encoding="utf-8"),
    js=_LOADER + "".join((_HERE / name).read_text(encoding="utf-8") for name in ("thumbnails.js", "scatter.js")),
    isolate_styles=False,  # plotly.js writes its style rules into the document's head
)


def served(data: bytes, kind: str, name: str) -> str:
    """An address at which the browser finds bytes, as long as this page is open."""
    return get_instance().media_file_mgr.add(data, kind, name)


def prepare() -> None:
    """Let the browser fetch and read plotly.js, which takes it about a second, while Python still works on the map."""
    load = f"loadPlotly({json.dumps(_address_of_plotly())}).catch((error) => console.error(error))"
    st.html(f"<script>{{{_LOADER}{load}}}</script>", unsafe_allow_javascript=True)


def _address_of_plotly() -> str:
    return served(_plotly(), "text/javascript", "plotly")


def scatter(
    points: np.ndarray,
    names: list[str],
    numbers: dict[str, np.ndarray],
    colour: Colour,
    *,
    shown: np.ndarray,
    pinned: int | None,
    landed: np.ndarray | None,
    guests: np.ndarray,
    selection: str | None,
    kept: str | None,
    dense: Density | None,
    named: Sequence[Caption],
    of: str,
    sheet: dict[str, Any] | None,
    on_wanted: Callable[[], None],
    key: str,
) -> Any:
    """Draw points (N × 2 or 3) and return what the visitor did: `pinned` (index), `selected` (geometry).

    `landed` is the place of a visitor's photo, `guests` those of a study's photos (M × 2 or 3).

    Above two dimensions lie the outlines of the selection and of one `kept` to compare it with, lines around where
    photos lie densely, and captions of groups.

    `on_wanted` is called before the page runs when the component's state holds `wanted`: a request for thumbnails of
    the map `of`. Its answer is the next run's `sheet`.

    `numbers` are shown on hover. Everything that has an entry a point travels as a file of its own, as float32 where it
    is a number, and is fetched when it changes; names, numbers and thumbnails only once a point is hovered.
    """
    values = np.where(np.isfinite(colour.values), colour.values, np.nan).astype("<f4")
    table = np.stack(list(numbers.values())).astype("<f4")
    plain = [" ".join(name.split()) for name in names]
    binary = "application/octet-stream"
    data = {
        "plotly": _address_of_plotly(),
        "points": served(np.ascontiguousarray(points, dtype="<f4").tobytes(), binary, f"{key}-points"),
        "values": served(values.tobytes(), binary, f"{key}-values"),
        "shown": served(shown.astype(np.uint8).tobytes(), binary, f"{key}-shown"),
        "names": served("\n".join(plain).encode(), "text/plain", f"{key}-names"),
        "numbers": served(table.tobytes(), binary, f"{key}-numbers"),
        "measures": list(numbers),
        "dims": points.shape[1],
        "count": len(points),
        "colour": {"label": colour.label, "scale": colour.scale, "limits": colour.limits, "names": colour.names},
        "pinned": pinned,
        "landed": None if landed is None else [float(v) for v in landed],
        "guests": np.asarray(guests, dtype=float).tolist(),
        "selection": selection,
        "kept": kept,
        "density": dense
        and {
            "share": served(dense.share.astype("<f4").tobytes(), binary, f"{key}-density"),
            "x": dense.x.tolist(),
            "y": dense.y.tolist(),
        },
        "captions": [{"x": one.place[0], "y": one.place[1], "text": html.escape(one.name)} for one in named],
        "of": of,
        "sheet": sheet,
        "height": HEIGHT,
    }
    return _component(
        key=key,
        data=data,
        on_pinned_change=lambda: None,
        on_selected_change=lambda: None,
        on_wanted_change=on_wanted,
    )
