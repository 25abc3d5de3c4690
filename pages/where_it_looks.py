"""Where it looks: maps of several methods side by side, and whether a picture of that can be believed."""

from __future__ import annotations

import streamlit as st

from core import config
from ui import layout, resources, widgets
from ui.photo import photos
from ui.resources import Item


def main() -> None:
    """Two tabs: one photo, and many."""
    st.title("Where it looks")
    with layout.text():
        st.markdown(
            "A heatmap says where a model looks. Methods disagree, and some draw the same map of any model: here every "
            "map is tested by removing its highest places, and stands beside maps that know nothing of the model."
        )
    one, many = st.tabs(["One photo", "Many photos"])
    with one:
        layout.attempt(one_photo)
    with many:
        layout.attempt(many_photos)


def one_photo() -> None:
    """Choose a photo, then compare methods on it."""
    photos.upload()
    items = photos.of_this_visit()
    invited = st.empty()  # with a photo it clears what stood here at once
    if not items:
        with invited.container():
            st.markdown("No photo at hand? Take one of these.")
            photos.sample_tiles()
        return
    if len(items) > 1:
        photos.strip(items)
    explain(photos.current(items))


def explain(item: Item) -> None:
    """Model, methods, and the answer once it was asked for."""
    with st.spinner("Loading the model …"):
        models = resources.offered_models()
        from ui.where import compare  # here, because it needs torch: a page without a photo does without
    model = widgets.choose("Model", models, "model", default=config.DEFAULT_MODEL, in_address=True)
    examined = resources.examine(model, item.digest, item)
    if examined.reason:
        layout.problem(f"{item.name}: {examined.reason}")
        return
    asked = compare.ask(item, model)
    if asked is None:
        st.image(resources.working(item.digest, item), alt=f"The photo {item.name}", output_format="JPEG")
        return
    compare.answer(asked)


def many_photos() -> None:
    """What was measured over a set, of a model that has such results."""
    from ui.where import concepts, measured, over_set

    model = measured.choose()
    over_set.section(model)
    concepts.section(model)
    concepts.unusual(model)


with layout.page(layout.WHERE):
    main()
