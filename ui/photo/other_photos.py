"""The same shape on other photos of equal score: it arrives last, because those photos have to be scored first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import streamlit as st

from core import plots
from core.paint import hosts
from core.paint.hosts import OnOtherPhotos
from core.registry import MASKS
from core.types import Photo
from ui import layout, resources
from ui.photo.trials import Stage, Trial, arrive, growing, say
from ui.resources import Item

ANYTHING = ""


@st.cache_resource(show_spinner=False, max_entries=8)
def packaged(model: str) -> Stage:
    """Photos that ship with the app and their scores, computed once for all visitors, piece by piece."""
    return Stage(hosts.scored(resources.predictor(model), hosts.packaged()))


def section(trial: Trial, others: Sequence[Item]) -> None:
    """Which photos to compare with, and the comparison as far as it is computed."""
    st.markdown("**The same shape on other photos**")
    if not st.toggle(
        "Compare with photos of equal score",
        st.session_state.get("hosted", False),
        key="ask-hosts",
        on_change=_keep,
        help="Photos that come with this page, and those that you added.",
    ):
        return
    if hosts.spread(trial.model) is None:
        st.caption("This model has no reference scores, whose spread would say which scores are equal.")
        return
    things = {
        ANYTHING: "anything",
        **{entry.id: entry.label.lower() for entry in MASKS if not entry.facts.get("needs")},
    }
    without = st.selectbox(
        "Only photos without",
        list(things),
        format_func=things.__getitem__,
        key="without",
        persist_state="session",
        help="Name the thing that you painted over: the difference is what the thing adds.",
    )
    name = f"hosts-{without}-{len(others)}"
    stage = trial.stage(name, lambda: growing(_compared(trial, others, without)))
    arrive(st.container(), stage, lambda: _draw(stage.made[-1], name))


def _compared(trial: Trial, others: Sequence[Item], without: str) -> Iterator[OnOtherPhotos]:
    """The same shape on the packaged photos and the visit's others, as it is computed."""
    model, photo = resources.predictor(trial.model), resources.working(trial.item.digest, trial.item)
    own = [Photo(item.name, "uploaded", item.read) for item in others if item.digest != trial.item.digest]
    pool = chain(packaged(trial.model), hosts.scored(model, own))
    return hosts.compared(model, photo, trial.mask, trial.how, trial.done, pool, without)


def _draw(found: OnOtherPhotos, name: str) -> None:
    say(found)
    if found.tried:
        st.plotly_chart(
            plots.elsewhere(found.delta, found.changes, "on other photos"),
            key=f"{name}-{len(found.tried)}-{found.complete}",
            config=layout.CHART,
            alt="Δ of this region among Δ of the same shape on other photos",
        )


def _keep() -> None:
    st.session_state["hosted"] = st.session_state["ask-hosts"]
