"""Model: how well its scores agree with people, and how it was made; drawn from files, without torch."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import plots
from core.evaluation import reports
from core.evaluation import words as report_words
from core.evaluation.reports import Evaluation, ModelCard
from ui import layout, widgets

Evaluated = tuple[Evaluation, ...]


def agreement(items: Evaluated) -> None:
    """Score against human score, photo by photo and by decile."""
    st.header("Does the score agree with people?")
    by_id = {item.id: item for item in items}
    first = reports.headline(items) or items[0]
    chosen = first.id
    if len(items) > 1:
        names = list(by_id)
        chosen = widgets.select("Evaluation", names, "evaluation", default=first.id)
    item = by_id[chosen]
    st.markdown(report_words.agreement(item))
    left, right = st.columns(2, gap="medium")
    left.markdown("**Photo by photo**")
    if (scores := reports.scores(item)) is None:
        left.caption("The scores of single photos are not saved.")
    else:
        left.plotly_chart(
            plots.predicted_vs_human(scores), key="predicted", config=layout.CHART, alt="Score against human score"
        )
    right.markdown("**By tenths of the photos**, with 95 % intervals")
    right.plotly_chart(
        plots.calibration(item.calibration),
        key="calibration",
        config=layout.CHART,
        alt="Calibration by decile of the score",
    )


def comparison(items: Evaluated) -> None:
    """Metrics of every evaluated model, and how much any model could reach."""
    st.header("All evaluated models")
    st.dataframe(
        reports.metrics_table(items), hide_index=True, key="metrics", column_config=layout.number("%.4f", "MSE")
    )
    st.caption(
        "*Possibly seen*: what the model was trained on is not known, so it may have seen these photos. *Through*: "
        "the same of the published models that it learned from."
    )
    for item in items:
        if item.human and item == reports.headline(items):
            st.subheader("How good could any model be?")
            st.markdown(report_words.ceiling(item.human))


def training(card: ModelCard) -> None:
    """Curves over epochs, and how much the result depends on the seed."""
    record = reports.training_record()
    if record is None and not card.seeds:
        return
    st.header("How it was trained")
    if record is not None:
        titles = ("Loss", "Error on validation photos", "Agreement on validation photos")
        for column, title, figure in zip(st.columns(3), titles, plots.training_curves(record), strict=True):
            column.markdown(f"**{title}**")
            column.plotly_chart(figure, key=f"curve-{title}", config=layout.CHART, alt=f"{title} over epochs")
    if card.seeds:
        st.markdown(report_words.seeds_sentence(card.seeds))
    if card.recipe:
        with st.expander("Recipe"):
            st.dataframe(reports.recipe_table(card), hide_index=True, key="recipe")


def tried(card: ModelCard) -> None:
    """What else was tried while the recipe was chosen."""
    if card.tried:
        st.header("What was tried")
        rows = pd.DataFrame({"Spearman ρ": a.spearman, "what": a.what, "how": a.how} for a in card.tried)
        st.dataframe(rows, hide_index=True, key="tried", column_config=layout.number("%.3f", "Spearman ρ"))


def origin(card: ModelCard) -> None:
    """Data, teachers, licence."""
    st.header("Data and licence")
    for line in report_words.origin_sentences(card):
        st.markdown(layout.plain(line))


def main() -> None:
    """Every section for which there are files; one with a damaged file says so, and the others are shown."""
    st.title("Model")
    st.markdown(
        "A ResNet-50 with a small regression head. It gives a photo a **score** between 0 and 1; the **human score** "
        "is the measured share of people who recognised the photo."
    )
    found = reports.evaluations()
    layout.problem(*found.problems)
    card = layout.attempt(reports.model_card)
    if not found.items and card is None and not found.problems:
        st.info("There is no trained model here yet. Train one with `python train.py DATA`.")
    elif not found.items:
        st.info("No evaluation is saved yet; write one: `python -m core evaluate SOURCE --out artifacts/evaluations`.")
    if found.items:
        layout.attempt(lambda: agreement(found.items))
        comparison(found.items)
    if card:
        layout.attempt(lambda: training(card))
        tried(card)
        origin(card)


with layout.page(layout.MODEL):
    main()
