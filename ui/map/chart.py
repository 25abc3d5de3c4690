"""The map itself: draws it, brings thumbnails to the pointer, and writes what was clicked into the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from core.errors import LabError
from core.latent import selection
from core.latent.atlas import Atlas
from core.latent.colours import Colour
from ui import layout
from ui.map import resources as latent_map
from ui.map.scatter import scatter, served

KEY = "scatter"
MOST_WANTED = 96
"""Thumbnails that are made at once; the browser asks for no more in one request."""


@st.fragment
def chart(
    atlas: Atlas, space: str, projection: str, dims: int, colour: Colour, shown: np.ndarray,
    index: int | None, landed: np.ndarray | None, drawn: str | None,
) -> None:  # fmt: skip
    """The map; a fragment, so that thumbnails arrive without drawing the page again."""
    numbers: dict[str, Any] = {"score": atlas.photos["score"], "human score": atlas.photos["human_score"]}
    if colour.id not in ("score", "human", "source"):
        numbers[colour.label] = colour.values
    if (known := int(np.isfinite(colour.values).sum())) < len(colour.values):
        st.caption(
            f"{layout.plain(colour.label)}: known of {known:,} of the {len(colour.values):,} photos on this map; "
            "the others are grey."
        )
    done = scatter(
        atlas.layouts[space, projection, dims],
        (atlas.photos["source"] + "/" + atlas.photos["photo_id"]).tolist(),
        {label: np.asarray(values, dtype=float) for label, values in numbers.items()},
        colour,
        shown=shown,
        pinned=index,
        landed=landed,
        selection=drawn,
        of=atlas.folder.name,
        sheet=thumbnails(atlas),
        on_wanted=_keep_wanted,
        key=KEY,
    )
    if done.pinned is not None:
        st.query_params["photo"] = atlas.name(int(done.pinned))
        st.rerun()
    if done.selected is not None:
        keep_selection(done.selected, f"{space}-{projection}")
        st.rerun()


def whose_pictures(atlas: Atlas) -> None:
    """Say which photos are drawn by the autoencoder, because they are not on this machine."""
    away = sorted(set(atlas.photos["source"]) - set(atlas.places))
    if away:
        st.caption(
            f"Photos of {layout.plain(', '.join(away))} are not on this machine: their blurred pictures are what the "
            "autoencoder draws from their latents."
        )


def keep_selection(sent: Any, where: str) -> None:
    """Write what was drawn into the address; what is nothing that could be drawn takes it away."""
    found = selection.drawn(sent)
    if found is None:
        st.query_params.pop("select", None)
    else:
        st.query_params["select"] = f"{where}@{found}"


def _keep_wanted() -> None:
    """Before the run, whatever it draws: a request would be lost with a run that another click takes over."""
    st.session_state["wanted"] = st.session_state[KEY].wanted


def thumbnails(atlas: Atlas) -> dict[str, Any] | None:
    """The sheet of thumbnails that the browser asked for last, with its number; no address where there can be none."""
    asked = st.session_state.get("wanted")
    if not isinstance(asked, Mapping) or asked.get("of") != atlas.folder.name:
        return None
    wanted = [i for i in asked.get("indices", ()) if isinstance(i, int) and 0 <= i < len(atlas.photos)][:MOST_WANTED]
    if not wanted:
        return None
    try:
        sheet = latent_map.jpeg(latent_map.sheet(latent_map.tiles(atlas, wanted)))
        url = served(sheet, "image/jpeg", f"sheet-{wanted[0]}")
    except LabError as error:
        layout.problem(error)
        url = None
    return {"of": asked["of"], "number": asked.get("number"), "indices": wanted, "url": url}
