"""The map itself: draws it, brings thumbnails to the pointer, and writes what was clicked into the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.errors import LabError
from core.latent import captions
from core.latent.atlas import Atlas
from core.latent.captions import Caption
from core.latent.colours import Colour, Option
from core.latent.density import Density, density
from ui import layout
from ui.map import resources as latent_map
from ui.map import selections
from ui.map.scatter import scatter, served
from ui.map.selections import Chosen

KEY = "scatter"
Options = Mapping[str, Option]
MOST_WANTED = 96
"""Thumbnails that are made at once; the browser asks for no more in one request."""


@dataclass(frozen=True)
class MapOverlay:
    """What lies above the points of a map in two dimensions: where they lie densely, and what groups are called."""

    dense: Density | None = None
    named: tuple[Caption, ...] = ()


@st.cache_data(show_spinner="Looking for groups …", max_entries=16)
def overlay(_atlas: Atlas, key: str, space: str, projection: str, shown: np.ndarray, _options: Options) -> MapOverlay:
    """Lines and captions of the photos that are `shown` (N,); `key` names the map and its version."""
    points = _atlas.layouts[space, projection, 2][shown]
    counted = [name for name in captions.COUNTED if f"feature-{name}" in _options]
    features = {name: _options[f"feature-{name}"].colour().values for name in counted}
    traits = captions.traits(_atlas.photos, features)
    here = {name: values[shown] for name, values in traits.items()}
    return MapOverlay(density(points), tuple(captions.captions(points, here)))


def legend(found: MapOverlay) -> None:
    """What the lines hold, and what the captions rest on."""
    lines = "Inside the lines lie a quarter, half and three quarters of the photos. " if found.dense else ""
    if not found.named:
        st.caption(f"{lines}No group of photos that lie together differs from the rest in what is known of it.")
        return
    st.caption(
        f"{lines}Captions say what most photos of a group have in common and others have less often: "
        f"{layout.plain(captions.in_words(found.named))}. They rest on folders and on what studies found in photos."
    )


@st.fragment
def chart(
    atlas: Atlas, space: str, projection: str, dims: int, colour: Colour, shown: np.ndarray,
    index: int | None, landed: np.ndarray | None, guests: np.ndarray, drawn: Chosen | None, kept: Chosen | None,
    overlay: MapOverlay,
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
    where = f"{space}-{projection}"
    done = scatter(
        atlas.layouts[space, projection, dims],
        (atlas.photos["source"] + "/" + atlas.photos["photo_id"]).tolist(),
        {label: np.asarray(values, dtype=float) for label, values in numbers.items()},
        colour,
        shown=shown,
        pinned=index,
        landed=landed,
        guests=guests,
        selection=drawn.outlines_in(where) if drawn else None,
        kept=kept.outlines_in(where) if kept else None,
        dense=overlay.dense,
        named=overlay.named,
        of=atlas.folder.name,
        sheet=thumbnails(atlas),
        on_wanted=_keep_wanted,
        key=KEY,
    )
    if done.pinned is not None:
        st.query_params["photo"] = atlas.name(int(done.pinned))
        st.rerun()
    if done.selected is not None:
        try:
            selections.write(done.selected, where)
        except LabError as error:
            layout.problem(error)
        else:
            st.rerun()


def whose_pictures(atlas: Atlas) -> None:
    """Say which photos are drawn by the autoencoder, because they are not on this machine."""
    away = sorted(set(atlas.photos["source"]) - set(atlas.places))
    if away:
        st.caption(
            f"Photos of {layout.plain(', '.join(away))} are not on this machine: their blurred pictures are what the "
            "autoencoder draws from their latents."
        )


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
