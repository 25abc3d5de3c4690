"""The score of a photo in words and among others, and where to go with it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import plots
from core.evaluation import reports, words
from ui import layout, resources
from ui.photo import photos
from ui.resources import Examined, Item


def explain(
    item: Item, found: Examined, model: str, method: str, settings: dict[str, Any], reference: reports.Scores
) -> None:
    """The number, how sure it is, its place among reference photos, what it means, and where to go with it."""
    from ui.photo import report_button  # here, because it needs torch

    score = found.score or 0.0
    with st.container(key="score"):
        st.metric("Score", f"{score:.2f}")
    st.markdown(words.explain(score, reports.percentile(score, reference), len(reference)))
    if len(reference):
        st.plotly_chart(
            plots.among(score, reference, found.within),
            key="among",
            config=layout.CHART,
            alt="The score among the scores of reference photos; the band is its interval",
        )
    if sure := resources.sure(model, found):
        st.markdown(sure)
    st.caption(words.CAVEAT)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        photos.show_on_map(item)
        report_button.button(item, found, model, method, settings)
