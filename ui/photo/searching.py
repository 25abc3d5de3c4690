"""Find what matters: a search over the photo that shows how far it is, can be stopped, and fills the canvas."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.paint import region_effect
from core.paint.occlusion_search import Candidate, Search, occlusion_search
from core.paint.region_effect import Treatment
from core.paint.sketch import Sketch
from core.photos import overlay
from core.table import REMOVE
from core.types import Mask
from ui import resources
from ui.photo import canvas
from ui.photo.trials import Stage
from ui.resources import Item


@dataclass
class SearchState:
    """A search on one photo under one treatment by one model: where it is, and whether it goes on."""

    key: str
    steps: Stage
    running: bool = True

    @property
    def last(self) -> Search | None:
        """How far it is."""
        return self.steps.made[-1] if self.steps.made else None


def section(item: Item, model: str, how: Treatment) -> None:
    """The button, the bar while it runs, and both regions when it is done."""
    st.subheader("Find what matters")
    st.markdown(
        "Take every part of the photo away in turn, square by square: which region lowers the score most when it is "
        "gone, and which raises it?"
    )
    how = replace(how, direction=REMOVE)
    key = f"{item.digest}-{model}-{how}"
    hunt: SearchState | None = st.session_state.get("hunt")
    if hunt is None or hunt.key != key:
        st.button("Find it", key="find", icon=":material/search:", on_click=_begin, args=(key, item, model, how))
        return
    if hunt.last is not None and hunt.last.finished:
        _results(item, hunt.last)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        name, icon = ("Stop", "stop") if hunt.running else ("Go on", "play_arrow")
        st.button(name, key="stop", icon=f":material/{icon}:", on_click=_let, args=(hunt, not hunt.running))
        bar = st.progress(*_progress(hunt))
    if hunt.running:
        while hunt.steps.more():
            bar.progress(*_progress(hunt))
        st.rerun()


def _progress(hunt: SearchState) -> tuple[float, str]:
    if hunt.last is None:
        return 0.0, "Taking squares away …" if hunt.running else "Stopped"
    state = "" if hunt.running else ", stopped"
    return hunt.last.done / hunt.last.total, f"{hunt.last.done} of {hunt.last.total} squares{state}"


def _results(item: Item, found: Search) -> None:
    """Both regions as pictures, each to be loaded into the canvas."""
    lowers, raises = st.columns(2, gap="medium")
    _candidate(lowers, item, found.lowers, "lowers")
    _candidate(raises, item, found.raises, "raises")


def _candidate(column: DeltaGenerator, item: Item, found: Candidate | None, verb: str) -> None:
    with column:
        if found is None:
            st.markdown(f"Nothing in this photo {verb} the score when it is taken away.")
            return
        st.markdown(f"**{verb.capitalize()} the score most when it is gone**: Δ = {region_effect.signed(found.delta)}")
        picture = overlay.painted(resources.working(item.digest, item), found.mask)
        st.image(resources.jpeg(picture), width="stretch", alt=f"The region that {verb} the score most")
        st.button(
            "Put it on the canvas",
            key=f"load-{verb}",
            icon=":material/brush:",
            on_click=_load,
            args=(item, found.mask),
        )


def _begin(key: str, item: Item, model: str, how: Treatment) -> None:
    photo, score = resources.working(item.digest, item), resources.working_score(model, item.digest, item)
    steps = occlusion_search(resources.predictor(model), photo, how, score)
    st.session_state["hunt"] = SearchState(key, Stage(steps, last_only=True))


def _let(hunt: SearchState, run: bool) -> None:
    hunt.running = run


def _load(item: Item, mask: Mask) -> None:
    canvas.read(item).put(Sketch(mask))
