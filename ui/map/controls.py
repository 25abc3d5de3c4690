"""Which photos of a map are drawn, which one is pinned and what is selected: widgets, and the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from core.latent.atlas import Atlas
from core.latent.colours import Colour, Option
from ui import layout, widgets
from ui.map import panels

MATCHES = 12


def colour(options: Mapping[str, Option]) -> Colour:
    """What colours the map: a thing, and its strength, fill or model where there are several; both in the address.

    StudyError where a study turns out to be damaged.
    """
    things: dict[str, list[Option]] = {}
    for option in options.values():
        things.setdefault(option.label, []).append(option)
    chosen = options[widgets.choose("Colour", [same[0] for same in things.values()], "colour", in_address=True)]
    same = {option.id: replace(option, label=option.variant) for option in things[chosen.label]}
    for kept in (st.query_params, st.session_state):
        if kept.get("variant", chosen.id) not in same:  # of another thing: it means nothing here
            del kept["variant"]
    if len(same) > 1:
        chosen = options[widgets.choose("Which one", same.values(), "variant", in_address=True)]
    return chosen.colour()


def filters(atlas: Atlas, colour: Colour) -> np.ndarray:
    """Which photos are drawn (N,): by source, by the range of what colours them, and search by id."""
    names = atlas.photos["source"].to_numpy(dtype=str)
    fold = st.expander("Search and filter", icon=":material/filter_alt:", key="filters", on_change="rerun")
    if not fold.open and "sources" not in st.session_state:  # the map would wait for the scripts of its widgets
        return np.ones(len(names), dtype=bool)
    with fold:
        search(atlas)
        chosen = st.multiselect("Only these sources", sorted(set(names)), key="sources", persist_state="session")
        shown = np.isin(names, chosen) if chosen else np.ones(len(names), dtype=bool)
        known = colour.values[np.isfinite(colour.values)]
        if not colour.names and len(known) and np.ptp(known) > 0:
            step = 0.01 if np.ptp(known) > 0.5 else 0.001
            low, high = float(np.floor(known.min() / step) * step), float(np.ceil(known.max() / step) * step)
            inside = st.slider(
                f"Only where {colour.label} lies between", low, high, (low, high), step,
                f"%.{2 if step == 0.01 else 3}f", key=f"range-{colour.id}", persist_state="session",
            )  # fmt: skip
            if inside != (low, high):
                shown &= (colour.values >= inside[0]) & (colour.values <= inside[1])
    if not shown.any():
        st.info("No photo passes this filter; widen it.")
    return shown


def search(atlas: Atlas) -> None:
    """Photos whose name contains what is typed; a click pins one."""
    typed = st.text_input("Search by id", key="search", persist_state="session").strip().lower()
    if not typed:
        return
    names = (atlas.photos["source"] + "/" + atlas.photos["photo_id"]).str.lower()
    found = np.flatnonzero(names.str.contains(typed, regex=False))
    st.caption(f"{len(found):,} photos." if len(found) else "No photo of that name.")
    with st.container(horizontal=True, gap="xsmall"):
        for place in found[:MATCHES]:
            full = atlas.name(int(place))
            st.button(layout.plain(full), key=f"found-{place}", on_click=panels.pin, args=(full,))


def pinned_index(atlas: Atlas) -> int | None:
    """The photo in the address; one that the map lacks is said."""
    asked = st.query_params.get("photo")
    if asked is None:
        return None
    if (index := atlas.index(asked)) is None:
        layout.problem(f"There is no photo called {asked!r} on this map; it was removed from the address.")
        del st.query_params["photo"]
    return index
