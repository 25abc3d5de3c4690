"""Latent space: do photos of similar memorability lie together? The tested answer, and a map to look at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.latent import words as latent_words
from core.latent.atlas import Atlas
from core.latent.colours import Option
from core.latent.distinctiveness_results import in_short, read_distinctiveness
from core.registry import PROJECTIONS, SPACES
from ui import layout, widgets
from ui.map import chart, controls, panels, scatter, selections
from ui.map import resources as latent_map


def main() -> None:
    """The answer, the map, and what the visitor pointed at."""
    st.title(layout.LATENT.question)
    found = latent_map.maps()
    if not found:
        st.info("There is no map here yet. Make one: `python -m core latent SOURCE --out artifacts/latent`.")
        return
    name = widgets.select("Map", list(found), "map") if len(found) > 1 else next(iter(found))
    atlas = latent_map.current(found[name])
    answer(atlas)
    explore(atlas, name)


def answer(atlas: Atlas) -> None:
    """The answer in plain words; its numbers and how it was tested, folded away."""
    st.markdown(f"**{latent_words.plain_answer(atlas.answer)}**")
    tested = st.expander(
        "The numbers, and how this was tested", icon=":material/science:", key="tested", on_change="rerun"
    )
    if not tested.open:  # the table brings a megabyte of script with it, which the map would wait for
        return
    with tested:
        st.markdown(latent_words.sentence(atlas.answer))
        st.dataframe(latent_words.answer_table(atlas.answer), hide_index=True, key="answer")
        st.markdown(latent_words.scope_of_tests(atlas.answer))
        for item in atlas.answer.directions:
            st.markdown(f"*{SPACES[item.space].label}.* {latent_words.direction_sentence(item)}")
        for found in layout.attempt(lambda: read_distinctiveness(atlas.model)) or ():
            st.markdown(f"Do unusual photos score higher? {layout.plain(in_short(found))}")
        for note in atlas.answer.notes:
            st.markdown(layout.plain(note))


def explore(atlas: Atlas, name: str) -> None:
    """Controls, the map, and the panels below it."""
    options, problems = latent_map.colours_of(atlas, name)
    layout.problem(*problems)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        space = widgets.choose("Space", [s for s in SPACES if s.id in atlas.spaces], "space", in_address=True)
        there = [p for p in PROJECTIONS if any(key[:2] == (space, p.id) for key in atlas.layouts)]
        projection = widgets.choose("Projection", there, "projection", in_address=True)
        flat = widgets.segments("Dimensions", ["2-D", "3-D"], "dims")
        colour = controls.colour(options)
    dims = 3 if flat == "3-D" and (space, projection, 3) in atlas.layouts else 2
    if flat == "3-D" and dims == 2:
        st.caption(f"This map has {PROJECTIONS[projection].label} in two dimensions only.")
    shown = controls.filters(atlas, colour)
    points = atlas.layouts[space, projection, dims]
    index = controls.pinned_index(atlas)
    drawn, kept = (selections.read(atlas, name, shown) for name in (selections.DRAWN, selections.KEPT))
    with st.container():  # the map below keeps its place, and need not be drawn anew, where this is empty
        above = overlay(atlas, (space, projection), dims, shown, options)
    chart_place = st.container()
    landed = layout.attempt(lambda: panels.dropped(atlas, space, points))
    guests = layout.attempt(lambda: panels.of_study(atlas, space, points))
    if guests is None:
        guests = points[:0]
    with chart_place:
        chart.chart(atlas, space, projection, dims, colour, shown, index, landed, guests, drawn, kept, above)
        if dims == 2:
            st.caption(selections.HOW)
        chart.whose_pictures(atlas)
    if index is not None:
        layout.attempt(lambda: panels.pinned(atlas, space, index, colour))
    layout.attempt(lambda: selections.section(atlas, drawn, kept, shown, colour))
    layout.attempt(lambda: panels.traversal(atlas, index))


def overlay(
    atlas: Atlas, where: tuple[str, str], dims: int, shown: np.ndarray, options: Mapping[str, Option]
) -> chart.MapOverlay:
    """Contours and captions where they are asked for, and what they mean."""
    if dims == 3 or not widgets.toggle("Contours and captions", "relief"):
        return chart.MapOverlay()
    found = chart.overlay(atlas, f"{atlas.folder}-{atlas.answer}", *where, shown, options)
    chart.legend(found)
    return found


with layout.page(layout.LATENT):
    body, below = st.container(), st.container()
    with below:  # an element without height: at the end of the page it takes no room
        scatter.prepare()
    with body:
        layout.attempt(main)
