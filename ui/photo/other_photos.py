"""The same shape on other photos of equal score: it arrives last, because those photos have to be scored first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from core import plots
from core.evaluation import reports
from core.paint import hosts
from core.paint.hosts import Host
from core.registry import MASKS
from core.types import Photo
from ui import layout, resources
from ui.photo.trials import Stage, Trial, arrive
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
    reference = reports.reference_scores(trial.model)
    if len(reference) < 2:
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
    stage = trial.stages.setdefault(name, Stage(_hosted(trial, others, without, float(reference.std(ddof=1)))))
    arrive(st.container(), stage, lambda: _draw(trial, stage, without, name))


def _hosted(trial: Trial, others: Sequence[Item], without: str, spread: float) -> Iterator[float | None]:
    """Δ of each host; None while photos are scored."""
    model = resources.predictor(trial.model)
    pool = packaged(trial.model)
    while pool.more():
        yield None
    own = [Photo(item.name, "uploaded", item.read) for item in others if item.digest != trial.item.digest]
    known: list[Host] = list(pool.made)
    for host in hosts.scored(model, own):
        known.append(host)
        yield None
    photo = resources.working(trial.item.digest, trial.item)
    chosen = hosts.drawn(known, photo, trial.done.score, spread, without)
    yield from (change for _, change in hosts.changes(model, chosen, trial.mask, trial.how))


def _draw(trial: Trial, stage: Stage, without: str, name: str) -> None:
    found = [change for change in stage.made if change is not None]
    if not stage.done:
        doing = f"{len(found)} of {hosts.HOSTS} photos tried" if found else f"{len(stage.made)} photos scored"
        st.caption(f"{doing} …")
    else:
        st.markdown(hosts.in_words(trial.done.delta, found, trial.how.direction, without))
    if found:
        st.plotly_chart(
            plots.elsewhere(trial.done.delta, found, "on other photos"),
            key=f"{name}-{len(found)}-{stage.done}",
            config=layout.CHART,
            alt="Δ of this region among Δ of the same shape on other photos",
        )


def _keep() -> None:
    st.session_state["hosted"] = st.session_state["ask-hosts"]
