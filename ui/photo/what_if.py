"""What if: one kind of information taken out of the whole photo, with its slider, beside what a study found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core import config, plots
from core.paint import region_effect, what_if
from core.paint.what_if import Dose
from core.verdict.aggregates import Aggregates
from ui import components, layout, log, resources, widgets
from ui.resources import Item
from ui.study import effects

FIRST = "blur"
"""Shown at first: an ablation with a strength, so that there is a curve to see."""


@st.fragment
def section(item: Item, model: str) -> None:
    """Choose what goes, and how much of it: the picture, Δ along the dose, and the study's photos behind it.

    A fragment: a slider that moves draws this section alone.
    """
    st.header("What if …")
    with layout.text():
        st.markdown("… one kind of information were gone from the whole photo? Choose it, and how much of it.")
    pictures, numbers = st.columns([3, 2], gap="medium")
    with numbers:
        chosen = widgets.choose("Take away", what_if.whole_photo_ablations(), "what-if", default=FIRST)
        entry = what_if.dose(chosen).entry
        settings = {
            param.name: widgets.parameter(param, f"what-if-{chosen}-{param.name}")
            for param in entry.params
            if param.name != "seed"
        }
        said = st.container()
    how = what_if.dose(chosen, settings)
    photo = resources.working(item.digest, item)
    with pictures:
        components.compare(
            photo, what_if.ablated(photo, how), ("before", "after"), f"{item.name}, {entry.label}", "what-if-pictures"
        )
    with said:
        layout.attempt(lambda: _answer(item, model, how))


def _answer(item: Item, model: str, how: Dose) -> None:
    """Δ of this photo, its place among the study's photos, and the curve."""
    change = _delta(model, how.entry.id, dict(how.settings), item.digest, item)
    st.markdown(f"**Δ = {region_effect.signed(change)}**: {how.entry.help.splitlines()[0]}")
    study = effects.reference_study()
    if study is not None and study.baseline.model != model:
        st.caption(f"The reference study was made with {study.baseline.model}, so that it says nothing here.")
        study = None
    found = what_if.studied(study, how)
    row = what_if.nearest(found, how)
    if study is not None:
        compared = change if row is None or how.value is None else _at(item, model, how, float(row["value"]))
        st.markdown(what_if.in_words(compared, how, row))
    if how.name is not None:
        _curve(item, model, how, found)
    st.caption(_what_it_is(study, found))


def _what_it_is(study: Aggregates | None, found: pd.DataFrame) -> str:
    size = f"Every score is of the photo at {config.WORKING_SIZE} px, the size at which studies work."
    if study is None or found.empty:
        return size
    return f"{size} The study: {study.baseline.study}, {study.baseline.n_photos:,} photos."


def _curve(item: Item, model: str, how: Dose, found: pd.DataFrame) -> None:
    """Δ along the dose, drawn over the study's mean and spread."""
    assert how.name is not None
    assert how.value is not None
    none = float(how.entry.facts["none"])
    values = what_if.strengths(how, found)
    doses = {none: 0.0} | {value: _at(item, model, how, value) for value in values}
    curve = pd.DataFrame({"value": list(doses), "delta": list(doses.values())}).sort_values("value")
    figure = plots.along_dose(curve, found, how.name, how.value, rising=values[-1] > none)
    label = f"Δ of this photo along {how.name}: " + ", ".join(
        f"{value:g}: {region_effect.signed(change)}" for value, change in doses.items()
    )
    st.plotly_chart(figure, key="what-if-curve", config=layout.CHART, alt=label)


def _at(item: Item, model: str, how: Dose, value: float) -> float:
    return _delta(model, how.entry.id, dict(how.at(value).settings), item.digest, item)


@st.cache_data(show_spinner=False, max_entries=2000)
def _delta(model: str, ablation: str, settings: Mapping[str, Any], digest: str, _item: Item) -> float:
    photo, score = resources.working(digest, _item), resources.working_score(model, digest, _item)
    with log.action("take away from a whole photo"):
        return what_if.delta(resources.predictor(model), photo, what_if.dose(ablation, settings), score)
