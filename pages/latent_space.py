"""Latent space: do photos of similar memorability lie together? The tested answer, and a map to look at."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import colours, latent_words, selection
from core.atlas import Atlas
from core.colours import Colour
from core.errors import LabError
from core.registry import PROJECTIONS, SPACES
from ui import latent_map, latent_panels, layout, widgets
from ui.scatter import scatter, served

MATCHES = 12


def main() -> None:
    """The answer, the map, and what the visitor pointed at."""
    st.title(layout.LATENT.question)
    found = latent_map.maps()
    if not found:
        st.info("There is no map here yet. Make one: `python -m core latent SOURCE --out artifacts/latent`.")
        return
    name = st.selectbox("Map", list(found), key="map", bind="query-params") if len(found) > 1 else next(iter(found))
    atlas = latent_map.current(found[name])
    answer(atlas)
    explore(atlas, name)


def answer(atlas: Atlas) -> None:
    """One sentence with its numbers; how it was tested, folded away."""
    with layout.text():
        st.markdown(f"**{latent_words.sentence(atlas.answer)}**")
    with st.expander("How was this tested?", icon=":material/science:"):
        st.dataframe(latent_words.answer_table(atlas.answer), hide_index=True, key="answer")
        st.markdown(latent_words.tested_on(atlas.answer))
        for item in atlas.answer.directions:
            st.markdown(f"*{SPACES[item.space].label}.* {latent_words.direction_sentence(item)}")
        for note in atlas.answer.notes:
            st.markdown(layout.plain(note))


def explore(atlas: Atlas, name: str) -> None:
    """Controls, the map, and the panels below it."""
    known, problems = latent_map.colours_of(atlas, name, colours.study_folders())
    layout.problem(*problems)
    row = st.columns(4, vertical_alignment="bottom")
    with row[0]:
        space = widgets.choose("Space", [s for s in SPACES if s.id in atlas.spaces], "space", in_address=True)
    with row[1]:
        there = [p for p in PROJECTIONS if any(key[:2] == (space, p.id) for key in atlas.layouts)]
        projection = widgets.choose("Projection", there, "projection", in_address=True)
    with row[2]:
        colour = known[widgets.choose("Colour", list(known.values()), "colour", in_address=True)]
    with row[3]:
        flat = st.segmented_control("Dimensions", ["2-D", "3-D"], default="2-D", key="dims", bind="query-params")
    dims = 3 if flat == "3-D" else 2
    shown = filters(atlas, colour)
    points = atlas.layouts[space, projection, dims]
    index = pinned_index(atlas)
    drawn = read_selection(f"{space}-{projection}") if dims == 2 else None
    chart_place = st.container()
    landed = layout.attempt(lambda: latent_panels.dropped(atlas, space, points))
    with chart_place:
        chart(atlas, name, space, projection, dims, colour, shown, index, landed, str(drawn) if drawn else None)
    if index is not None:
        layout.attempt(lambda: latent_panels.pinned(atlas, space, index, colour))
    if drawn is not None:
        layout.attempt(lambda: latent_panels.selected(atlas, points, drawn, shown, colour))
    layout.attempt(lambda: latent_panels.traversal(atlas, index))


def filters(atlas: Atlas, colour: Colour) -> np.ndarray:
    """Which photos are drawn (N,): by source, by the range of what colours them, and search by id."""
    names = atlas.photos["source"].to_numpy(dtype=str)
    with st.expander("Search and filter", icon=":material/filter_alt:"):
        search(atlas)
        chosen = st.multiselect("Only these sources", sorted(set(names)), key="sources")
        shown = np.isin(names, chosen) if chosen else np.ones(len(names), dtype=bool)
        known = colour.values[np.isfinite(colour.values)]
        if not colour.names and np.ptp(known) > 0:
            low, high = float(np.floor(known.min() * 100) / 100), float(np.ceil(known.max() * 100) / 100)
            inside = st.slider(
                f"Only where {colour.label} lies between", low, high, (low, high), key=f"range-{colour.id}"
            )
            if inside != (low, high):
                shown &= (colour.values >= inside[0]) & (colour.values <= inside[1])
    if not shown.any():
        st.info("No photo passes this filter; widen it.")
    return shown


def search(atlas: Atlas) -> None:
    """Photos whose name contains what is typed; a click pins one."""
    typed = st.text_input("Search by id", key="search").strip().lower()
    if not typed:
        return
    names = (atlas.photos["source"] + "/" + atlas.photos["photo_id"]).str.lower()
    found = np.flatnonzero(names.str.contains(typed, regex=False))
    st.caption(f"{len(found):,} photos." if len(found) else "No photo of that name.")
    with st.container(horizontal=True, gap="xsmall"):
        for place in found[:MATCHES]:
            full = atlas.name(int(place))
            st.button(layout.plain(full), key=f"found-{place}", on_click=latent_panels.pin, args=(full,))


def pinned_index(atlas: Atlas) -> int | None:
    """The photo in the address; one that the map lacks is said."""
    asked = st.query_params.get("photo")
    if asked is None:
        return None
    if (index := atlas.index(asked)) is None:
        layout.problem(f"There is no photo called {asked!r} on this map; it was removed from the address.")
        del st.query_params["photo"]
    return index


def read_selection(where: str) -> selection.Selection | None:
    """The selection in the address, if it was drawn in this layout."""
    place, _, text = st.query_params.get("select", "").partition("@")
    return layout.attempt(lambda: selection.parse(text)) if text and place == where else None


@st.fragment
def chart(
    atlas: Atlas, name: str, space: str, projection: str, dims: int, colour: Colour, shown: np.ndarray,
    index: int | None, landed: np.ndarray | None, drawn: str | None,
) -> None:  # fmt: skip
    """The map; a fragment, so that thumbnails arrive without drawing the page anew."""
    numbers = {"score": atlas.photos["score"], "human score": atlas.photos["human_score"]}
    if colour.id not in ("score", "human", "source"):
        numbers[colour.label] = colour.values
    done = scatter(
        atlas.layouts[space, projection, dims],
        (atlas.photos["source"] + "/" + atlas.photos["photo_id"]).tolist(),
        {label: np.asarray(values, dtype=float) for label, values in numbers.items()},
        colour,
        shown=shown,
        pinned=index,
        landed=landed,
        selection=drawn,
        sheet=thumbnails(atlas),
        on_wanted=lambda: st.session_state.update(wanted=st.session_state["scatter"]["wanted"]),
        key="scatter",
    )
    if done.pinned is not None:
        st.query_params["photo"] = atlas.name(int(done.pinned))
        st.rerun()
    if done.selected is not None:
        keep_selection(done.selected, f"{space}-{projection}")
        st.rerun()


def keep_selection(geometry: dict, where: str) -> None:
    """Write what was drawn into the address."""
    if "box" in geometry:
        x0, y0, x1, y1 = map(float, geometry["box"])
        st.query_params["select"] = f"{where}@box:{x0:.4g},{y0:.4g},{x1:.4g},{y1:.4g}"
    elif len(geometry.get("lasso", ())) >= 3:
        st.query_params["select"] = f"{where}@{selection.lasso(geometry['lasso'])}"
    else:
        st.query_params.pop("select", None)


def thumbnails(atlas: Atlas) -> dict | None:
    """The sheet of thumbnails that the pointer asked for."""
    wanted = [int(i) for i in st.session_state.get("wanted") or () if 0 <= int(i) < len(atlas.photos)]
    if not wanted:
        return None
    try:
        sheet = latent_map.jpeg(latent_map.sheet(latent_map.tiles(atlas, wanted)))
    except LabError as error:
        layout.problem(error)
        return None
    return {"indices": wanted, "url": served(sheet, "image/jpeg", f"sheet-{wanted[0]}")}


with layout.page(layout.LATENT):
    layout.attempt(main)
