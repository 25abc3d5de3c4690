"""What a visitor outlined on the map: its photos against the rest, or against those of another selection."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core.errors import LatentError
from core.latent import plots as latent_plots
from core.latent import selection
from core.latent.atlas import Atlas
from core.latent.colours import Colour
from core.latent.selection import Selection
from core.wording import interval
from ui import layout
from ui.map import panels
from ui.map import resources as latent_map

DRAWN, KEPT = "select", "kept"
"""Where the address holds the selection, and the one that it is compared with: LAYOUT@OUTLINES."""
GALLERY = 24
HOW = (
    "Click or tap a photo to look at it closely; drag to move the map. To compare photos, take the box or the lasso at "
    "the map's top right and draw around them: Shift adds to a selection, Alt takes away from it, Escape clears it."
)


@dataclass(frozen=True)
class Chosen:
    """A selection with the layout that it was drawn in; `photos` (N,) are those inside that pass the filter."""

    drawn: Selection
    where: str
    photos: np.ndarray

    def outlines_in(self, where: str) -> str | None:
        """The outlines, if they were drawn in this layout: in another they lie anywhere."""
        return str(self.drawn) if self.where == where else None


def read(atlas: Atlas, name: str, shown: np.ndarray) -> Chosen | None:
    """The selection under a name in the address, whatever layout it was drawn in; one that cannot be read is said."""
    where, _, text = st.query_params.get(name, "").partition("@")
    space, _, projection = where.partition("-")
    points = atlas.layouts.get((space, projection, 2))
    if not text or points is None:
        return None
    found = layout.attempt(lambda: selection.parse(text))
    return None if found is None else Chosen(found, where, found.contains(points) & shown)


def write(sent: object, where: str) -> None:
    """Write what was drawn into the address; what is nothing that could be drawn takes it away."""
    place, _, text = st.query_params.get(DRAWN, "").partition("@")
    try:
        before = selection.parse(text) if text and place == where else None
    except LatentError:
        before = None
    found = selection.drawn(sent, before)
    if found is None:
        st.query_params.pop(DRAWN, None)
    else:
        st.query_params[DRAWN] = f"{where}@{found}"


def section(atlas: Atlas, drawn: Chosen | None, kept: Chosen | None, shown: np.ndarray, colour: Colour) -> None:
    """The selection against what it is compared with: the rest, or the kept one."""
    if drawn is None and kept is None:
        return
    if kept is not None:
        _head("Kept for comparison", kept, KEPT)
    if drawn is not None:
        _head("Selection", drawn, DRAWN)
        if kept is None and drawn.photos.any():
            st.button(
                "Keep it, to compare another with it",
                key="keep",
                icon=":material/compare_arrows:",
                on_click=_keep,
            )
    if drawn is None:
        st.caption("Now select others: they are compared with the kept ones.")
    elif kept is None:
        _compare(atlas, drawn.photos, ~drawn.photos & shown, colour, "selection", "the rest")
        _pictures(atlas, drawn.photos, "the selection")
    else:
        both = drawn.photos & kept.photos
        if both.any():
            st.caption(f"{both.sum():,} photos are in both and count in neither.")
        _compare(atlas, drawn.photos & ~both, kept.photos & ~both, colour, "selection", "the kept ones")
        _pictures(atlas, drawn.photos & ~both, "the selection")
        _pictures(atlas, kept.photos & ~both, "the kept ones")


def _head(title: str, chosen: Chosen, name: str) -> None:
    head, close = st.columns([5, 1], vertical_alignment="bottom")
    head.subheader(f"{title}: {chosen.photos.sum():,} photos")
    close.button(
        "Clear", key=f"clear-{name}", icon=":material/close:", on_click=panels.leave_out, args=(name,)
    )  # fmt: skip


def _keep() -> None:
    """What is drawn becomes what is kept; a second click, that comes when it is kept already, changes nothing."""
    if (drawn := st.query_params.pop(DRAWN, None)) is not None:
        st.query_params[KEPT] = drawn


def _compare(
    atlas: Atlas, inside: np.ndarray, others: np.ndarray, colour: Colour, name: str, against: str
) -> None:  # fmt: skip
    """The scores, and what colours the map, of some photos against others."""
    if not inside.any():
        return
    score = Colour("score", "Model's score", atlas.photos["score"].to_numpy(float))
    for measured in [score] if colour.names or colour.id == "score" else [score, colour]:
        layout.attempt(partial(_compared, measured, inside, others, name, against))
    st.caption("You chose these photos by looking, so their interval is not a test.")
    layout.download_table(atlas.photos[inside], "selection.csv", "csv")


def _compared(measured: Colour, inside: np.ndarray, others: np.ndarray, name: str, against: str) -> None:
    """The difference of two groups with its interval, and both distributions."""
    known = np.isfinite(measured.values)
    first, second = measured.values[inside & known], measured.values[others & known]
    found = selection.difference(first, second)
    st.markdown(
        f"{layout.plain(measured.label)}: mean difference from {against} **{interval(found)}** "
        f"(n = {len(first):,} against {len(second):,}; bootstrap 95 % interval)."
    )
    figure = latent_plots.distributions(first, second, measured.label, name, against)
    st.plotly_chart(figure, key=f"selected-{measured.id}", config=layout.CHART,
                    alt=f"{measured.label} of {name} and of {against}")  # fmt: skip


def _pictures(atlas: Atlas, inside: np.ndarray, whose: str) -> None:
    """Some photos of a group, and what the autoencoder draws of their mean latent."""
    if not inside.any():
        return
    some = np.random.default_rng(0).permutation(np.flatnonzero(inside))[:GALLERY]
    pictures = latent_map.sheet(latent_map.tiles(atlas, sorted(some.tolist())))
    some_of = f", {GALLERY} of {inside.sum():,} drawn at random" if len(some) < inside.sum() else ""
    many, mean = st.columns([3, 1], gap="medium")
    many.image(
        pictures, width=min(layout.WIDTH, pictures.shape[1]), output_format="JPEG",
        caption=f"Photos of {whose}{some_of}", alt=f"Photos of {whose}",
    )  # fmt: skip
    middle = latent_map.reconstructions(atlas, atlas.spaces["pixels"][inside].mean(axis=0, keepdims=True))[0]
    mean.image(
        middle, width=200, output_format="PNG", caption="Drawn from their mean latent", alt="Mean reconstruction"
    )
