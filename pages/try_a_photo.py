"""Try a photo: its score, how that compares, and which places raise it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import config, plots
from core.evaluation import reports
from core.evaluation import words as report_words
from core.registry import ATTRIBUTIONS, Entry
from ui import layout, resources, widgets
from ui.photo import photos, several
from ui.photo.pictures import Pictures
from ui.resources import Examined, Item


def main() -> None:
    """Read the photos, then invite or show."""
    st.title("Try a photo")
    photos.upload()
    items = photos.of_this_visit()
    if not items:
        st.markdown("No photo at hand? Try one of these.")
        photos.sample_tiles()
        return
    samples = st.expander("Samples", icon=":material/photo_library:")
    show(items)
    with samples:
        photos.sample_tiles()


def show(items: list[Item]) -> None:
    """One photo looked at closely, and the scores of all."""
    head, body, listed, below, asked = (st.container() for _ in range(5))
    answer, pictures = body.columns([1, 2], gap="medium")
    said = answer.container()
    with answer:
        model, method, settings = choices()
    with head:
        examined = photos.examine(model, items)
        layout.problem(*(f"{item.name}: {found.reason}" for item, found in examined if found.reason))
        layout.hint(*(f"{item.name}: {found.hint}" for item, found in examined if found.hint))
        by_item = dict(examined)
        scores = {item: found.score for item, found in examined if found.score is not None}
        if len(scores) > 1:
            photos.strip(list(scores))
    reference = reports.reference_scores(model)
    if not scores:
        with listed:
            several.table(examined, model, reference)
        return
    # These here, because they need torch: a page without a photo does without.
    from ui.map import nearest
    from ui.photo import handing_on, painting, what_if

    item = photos.current(list(scores))
    above = Pictures(item, model, method, settings, pictures, lambda: nearest.section(item, model))

    def told() -> None:
        with said:
            explain(by_item[item], model, reference)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                photos.show_on_map(item)
                handing_on.button(item, by_item[item], model, method, settings)
        with listed:
            several.table(examined, model, reference)

    if above.is_new:  # all that stands above the canvas, or its place: nothing moves when the rest arrives
        told()
        above.wait()
    with below:
        desk = painting.section(
            item, model, method, settings
        )  # first, though it stands below: who paints waits for this answer
    if not above.is_new:
        told()
    shown = above.look()
    with asked:
        what_if.section(item, model)
    if shown:
        above.worth()
    painting.rest(desk, method, settings, list(scores))


def choices() -> tuple[str, str, dict[str, Any]]:
    """Model, heatmap method and the method's settings; a widget is drawn only where there is something to choose."""
    with st.spinner("Loading the model …"):  # the registries import torch: only here, where there is something to score
        models, methods = resources.offered_models(), [entry for entry in ATTRIBUTIONS if quick(entry)]
    model = widgets.choose("Model", models, "model", default=config.DEFAULT_MODEL, in_address=True)
    method = widgets.choose("Heatmap", methods, "method")
    return model, method, widgets.parameters(ATTRIBUTIONS[method], "method")


def quick(entry: Entry[Any]) -> bool:
    """Whether a method explains and answers at once: the slow ones and the baselines are on Where it looks."""
    return not entry.facts["baseline"] and entry.facts["passes"] <= 2


def explain(found: Examined, model: str, reference: reports.Scores) -> None:
    """The number, how sure it is, its place among reference photos, and what it means."""
    score = found.score or 0.0
    st.metric("Score", f"{score:.2f}")
    st.markdown(report_words.explain(score, reports.percentile(score, reference), len(reference)))
    if len(reference):
        st.plotly_chart(
            plots.among(score, reference, found.within),
            key="among",
            config=layout.CHART,
            alt="The score among the scores of reference photos; the band is its interval",
        )
    if sure := resources.sure(model, found):
        st.markdown(sure)
    st.caption(report_words.CAVEAT)


with layout.page(layout.TRY):
    layout.attempt(main)
