"""Try a photo: its score, how that compares, and which places raise it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import config
from core.evaluation import reports
from core.registry import ATTRIBUTIONS, Entry
from ui import layout, resources, widgets
from ui.photo import photos, score, score_table
from ui.photo.pictures import Pictures
from ui.resources import Item


def main() -> None:
    """Read the photos, then invite or show."""
    st.title("Try a photo")
    photos.upload()
    photos.take_offered()
    items = photos.of_this_visit()
    invited = st.empty()  # with a photo it clears what stood here at once, not when all the rest is there
    if not items:
        with invited.container():
            st.markdown(photos.invitation())
            photos.sample_tiles()
        return
    samples = st.expander("Samples", icon=":material/photo_library:")
    show(items)
    with samples:
        photos.sample_tiles()


def show(items: list[Item]) -> None:
    """The scores of all photos, and one of them looked at closely."""
    head, body, listed, below, asked = (st.container() for _ in range(5))
    answer, pictures = body.columns([1, 2], gap="medium")
    said = answer.container()
    with head:
        with st.spinner("Loading the model and looking at the photo …"):
            with answer:
                model, method, settings = choices()
            examined = photos.examine(model, items)
        layout.problem(*(f"{item.name}: {found.reason}" for item, found in examined if found.reason))
        layout.hint(*(f"{item.name}: {found.hint}" for item, found in examined if found.hint))
        scores = [item for item, found in examined if found.score is not None]
        if len(scores) > 1:
            photos.strip(scores)
    reference = reports.reference_scores(model)

    def told() -> None:
        with listed:
            score_table.table(examined, model, reference)
        if scores:
            with said:
                score.explain(item, dict(examined)[item], model, method, settings, reference)

    if not scores:
        told()
        return
    item = photos.current(scores)
    closely(item, (model, method, settings), scores, told, (pictures, below, asked))


def closely(
    item: Item,
    chosen: tuple[str, str, dict[str, Any]],
    items: list[Item],
    told: Callable[[], None],
    places: tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator],
) -> None:
    """Pictures, canvas and "what if" of one photo in their places; `told` draws the words that stand above them."""
    # These here, because they need torch: a page without a photo does without.
    from ui.map import nearest
    from ui.photo import painting, what_if

    pictures, below, asked = places
    above = Pictures(item, *chosen, pictures, lambda: nearest.section(item, chosen[0]))
    if above.is_new:  # all that stands above the canvas, or its place: nothing moves when the rest arrives
        told()
        above.wait()
    with below:  # first, though it stands below: who paints waits for this answer
        desk = painting.section(item, *chosen)
    if not above.is_new:
        told()
    shown = above.look()
    with asked:
        what_if.section(item, chosen[0])
    if shown:
        above.worth()
    painting.rest(desk, *chosen[1:], items)


def choices() -> tuple[str, str, dict[str, Any]]:
    """Model, heatmap method and the method's settings; a widget is drawn only where there is something to choose."""
    # The registries import torch: only here, where there is something to score.
    models, methods = resources.offered_models(), [entry for entry in ATTRIBUTIONS if quick(entry)]
    model = widgets.choose("Model", models, "model", default=config.DEFAULT_MODEL, in_address=True)
    method = widgets.choose("Heatmap", methods, "method")
    return model, method, widgets.parameters(ATTRIBUTIONS[method], "method")


def quick(entry: Entry[Any]) -> bool:
    """Whether a method explains and answers at once: the slow ones and the baselines are on Where it looks."""
    return not entry.facts["baseline"] and entry.facts["passes"] <= 2


with layout.page(layout.TRY):
    layout.attempt(main)
