"""What if: one kind of information taken out of the whole photo, with its slider, beside what a study found."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core import config, plots
from core.paint import region_effect, what_if
from core.paint.what_if import Curve, Dose, WhatIf
from core.verdict.aggregates import Aggregates
from ui import components, layout, log, resources, widgets
from ui.resources import Item
from ui.study import effects


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
        chosen = widgets.choose("Take away", what_if.whole_photo_ablations(), "what-if", default=what_if.FIRST)
        entry = what_if.dose(chosen).entry
        settings = {
            param.name: widgets.parameter(entry, param, f"what-if-{chosen}-{param.name}")
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
    study = effects.reference_study()
    found = what_if.answer(how, partial(_change, item, model), study, model)
    st.markdown(found.said)
    if found.compared:
        st.markdown(found.compared)
    elif study is not None:
        st.caption(f"The reference study was made with {study.baseline.model}, so that it says nothing here.")
    if how.name is not None:
        _curve(item, model, found)
    st.caption(_what_it_is(study, found.studied))


def _what_it_is(study: Aggregates | None, found: pd.DataFrame) -> str:
    size = f"Every score is of the photo at {config.WORKING_SIZE} px, the size at which studies work."
    if study is None or found.empty:
        return size
    return f"{size} The study: {study.baseline.study}, {study.baseline.n_photos:,} photos."


def curves() -> dict[tuple[str, str], Curve]:
    """The curve last shown of each photo (by its digest) and model in this visit."""
    return st.session_state.setdefault("what-if-curves", {})


def _curve(item: Item, model: str, found: WhatIf) -> None:
    """Δ along the dose, drawn over the study's mean and spread."""
    how = found.how
    assert how.name is not None
    assert how.value is not None
    said = (found.said, found.compared) if found.compared else (found.said,)
    curve = what_if.curve(how, found.studied, partial(_change, item, model), said)
    curves()[item.digest, model] = curve
    figure = plots.along_dose(curve.doses, found.studied, how.name, how.value, curve.rising)
    label = f"Δ of this photo along {how.name}: " + ", ".join(
        f"{value:g}: {region_effect.signed(change)}"
        for value, change in zip(curve.doses["value"], curve.doses["delta"], strict=True)
    )
    st.plotly_chart(figure, key="what-if-curve", config=layout.CHART, alt=label)


def _change(item: Item, model: str, how: Dose) -> float:
    return _delta(model, how.entry.id, dict(how.settings), item.digest, item)


@st.cache_data(show_spinner=False, max_entries=2000)
def _delta(model: str, ablation: str, settings: Mapping[str, Any], digest: str, _item: Item) -> float:
    photo, score = resources.working(digest, _item), resources.working_score(model, digest, _item)
    with log.action("take away from a whole photo"):
        return what_if.delta(resources.predictor(model), photo, what_if.dose(ablation, settings), score)
