"""Paint it away: what is done with the painted part, the answer, and all that arrives after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import config, plots
from core.ablations.region import fill_entries
from core.paint import region_effect
from core.paint.answer import Answer, usual_fill
from core.paint.region_effect import Elsewhere, Treatment, Variant
from core.paint.sketch import Sketch
from core.photos import overlay
from core.registry import ABLATIONS, ATTRIBUTIONS, FILLS, MASKS
from core.table import KEEP, REMOVE
from core.trust import reports, words
from ui import components, layout, resources, widgets
from ui.photo import canvas, history, other_photos, searching, toolbar, trials
from ui.photo.trials import Stage, Trial, growing
from ui.resources import Item

DIRECTION_NAMES = {REMOVE: "Remove it", KEEP: "Keep only it"}


@dataclass(frozen=True)
class PaintState:
    """The canvas with its answer, and the places where all that comes after the answer is drawn."""

    item: Item
    model: str
    how: Treatment
    trial: Trial | None
    below: DeltaGenerator
    search: DeltaGenerator
    tried: DeltaGenerator


def section(item: Item, model: str, method: str, settings: dict[str, Any]) -> PaintState:
    """Canvas, treatment and answer side by side: all that a stroke has to wait for."""
    st.header("Paint it away")
    st.markdown("Paint over a part of the photo: what is it worth to the model, and is it worth more than other parts?")
    photo = resources.working(item.digest, item)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        start_from(item, model, method, settings)
        own = canvas.read(item)
        drawn = st.container()
        canvas.remember(item, own, photo)
        with drawn:
            toolbar.toolbar(item, own, photo)
            canvas.show(item, own, photo)
            toolbar.window(item, own, photo)
    with right:
        said = st.container()
        how = treat(model)
    trial = None
    with said:
        if own.is_empty:
            st.info("Nothing is painted yet.", icon=":material/brush:")
        else:
            mask = own.sketch.mask(*photo.shape[:2])
            trial = layout.attempt(lambda: trials.attempt(item, model, mask, how, own.sketch))
        if trial is not None:
            show_answer(trial.answer)
    return PaintState(item, model, how, trial, st.container(), st.container(), st.container())


def rest(desk: PaintState, method: str, settings: dict[str, Any], others: Sequence[Item] = ()) -> None:
    """What may come later: history and search, then the pictures, and last what takes seconds.

    `others` are the visit's other photos, which may be hosts.
    """
    with desk.tried:
        history.section()
    with desk.search:
        searching.section(desk.item, desk.model, desk.how)
    if desk.trial is None:
        prepare(desk, method, settings)
        return
    with desk.below:
        pictures(desk.trial, method, settings)
        arriving(desk.trial)
        with st.container(border=True):
            other_photos.section(desk.trial, others)


def prepare(desk: PaintState, method: str, settings: dict[str, Any]) -> None:
    """What the first stroke on a photo would have to wait for, computed while the visitor still looks."""
    resources.working_score(desk.model, desk.item.digest, desk.item)
    resources.heatmap(desk.model, method, settings, desk.item.digest, desk.item)


@st.cache_data(ttl=60, show_spinner=False)
def _first_fill(model: str) -> str:
    """As `usual_fill`, which reads every stored verdict, once a minute."""
    return usual_fill(model)


def treat(model: str, key: str = "paint") -> Treatment:
    """Widgets for what is done with the painted part; the fill of the least artefact comes first."""
    region = ABLATIONS["region"]
    operator = {param.name: param for param in region.params}
    entries = fill_entries()
    direction = st.segmented_control(
        "What to do",
        list(DIRECTION_NAMES),
        format_func=DIRECTION_NAMES.__getitem__,
        default=operator["direction"].default,
        required=True,
        key=f"{key}-direction",
        persist_state="session",
        label_visibility="collapsed",
    )
    names = list(entries)
    fill = st.selectbox(
        "Put in its place" if direction == REMOVE else "Put in place of everything else",
        names,
        names.index(_first_fill(model)),
        format_func=lambda name: entries[name].label if name in FILLS else f"{entries[name].label} of the photo",
        key=f"{key}-fill",
        persist_state="session",
    )
    settings = {
        param.name: widgets.parameter(entries[fill], param, f"{key}-{fill}-{param.name}")
        for param in entries[fill].params
        if param.name != "seed"
    }
    feather = widgets.parameter(region, operator["feather"], f"{key}-feather")
    return region_effect.treatment(settings, fill=fill, direction=direction, feather=feather)


def start_from(item: Item, model: str, method: str, settings: dict[str, Any]) -> None:
    """A list of what can be found in the photo; the choice becomes the starting mask, and the list is free again."""
    offered = {entry.id: entry.label for entry in MASKS if set(entry.facts.get("needs", ())) <= {"heatmap"}}
    if not offered:
        return
    st.selectbox(
        "Start from a detected mask",
        list(offered),
        index=None,
        format_func=offered.__getitem__,
        placeholder="Start from faces, people, text …",
        label_visibility="collapsed",
        key="start",
        on_change=_want_start,
    )
    if wanted := st.session_state.pop("wanted-start", None):
        with st.spinner(f"Looking for {offered[wanted].lower()} …"):
            region = resources.found(wanted, model, method, settings, item.digest, item)
        if region.mask.any():
            canvas.board(item).put(Sketch(region.mask))
        else:
            st.info(f"{offered[wanted]}: nothing of the kind was found in this photo.")


def show_answer(found: Answer) -> None:
    """Score before and after, Δ in SD, percentiles."""
    arrow: Literal["down", "up"] = "down" if found.falls else "up"  # a true minus is no sign to Streamlit
    with st.container(horizontal=True, gap="large"):
        st.metric("Score before", f"{found.done.score:.3f}", width="content")
        after = f"{found.done.ablated_score:.3f}"
        st.metric("Score after", after, found.delta, delta_color="off", delta_arrow=arrow, width="content")
    st.markdown(found.size)
    st.markdown(found.among)
    st.caption(
        f"{found.done.area:.1%} of the photo was replaced. Both scores are those of the photo at "
        f"{config.WORKING_SIZE} px, the size at which every study works."
    )


def pictures(trial: Trial, method: str, settings: dict[str, Any]) -> None:
    """Original and ablated photo under a slider, and the heatmap of each on one scale."""
    photo, done = resources.working(trial.item.digest, trial.item), trial.done
    compared, maps = st.columns([1, 1], gap="medium")
    with compared:
        components.compare(photo, done.photo, ("before", "after"), "The photo", "before-after")
    with maps:
        model = resources.predictor(trial.model)
        explain = ATTRIBUTIONS[method].function
        first = resources.heatmap(trial.model, method, settings, trial.item.digest, trial.item)
        then = explain(model, np.ascontiguousarray(done.photo), **settings)
        names = ("before", "after")
        for column, name, under, heat in zip(
            st.columns(2), names, (photo, done.photo), overlay.on_one_scale(first, then), strict=True
        ):
            blended = overlay.blend(under, heat, 0.55)
            column.image(resources.jpeg(blended), width="stretch", alt=f"Heatmap {name}")
            column.caption(f"{ATTRIBUTIONS[method].label} {name}")
        layout.attempt(lambda: st.caption(words.against_baselines(reports.comparison(trial.model, method))))


def arriving(trial: Trial) -> None:
    """What comes after the answer, each part drawn as far as it is computed; a new stroke interrupts it."""
    photo = resources.working(trial.item.digest, trial.item)
    asked = (resources.predictor(trial.model), photo, trial.mask, trial.how)
    first, second, third = st.columns(3, gap="medium")
    with third:
        place, chosen = st.container(), models_to_ask(trial)
    places = trial.stage("controls", lambda: growing(region_effect.elsewhere(*asked, trial.done)))
    trials.arrive(first, places, lambda: _elsewhere(places.made[-1]))
    fills = trial.stage("fills", lambda: Stage(region_effect.under_every_fill(*asked, trial.done.score)))
    trials.arrive(second, fills, lambda: _bars("Under every fill", fills))
    with place:
        _models(trial, chosen)


def models_to_ask(trial: Trial) -> dict[str, str]:
    """Labels by id of the models to compare: this one, and the others unless the visitor switched them off."""
    offered = {entry.id: entry.label for entry in resources.offered_models()}
    others = [name for name in offered if name != trial.model]
    if not others:
        return offered
    asked = st.toggle(
        f"Ask {' and '.join(offered[name] for name in others)} too",
        st.session_state.get("ask", True),
        key="ask-others",
        on_change=_keep_asking,
        help="Every other model is loaded into this server's memory, which takes seconds and up to half a gigabyte.",
    )
    return offered if asked else {trial.model: offered[trial.model]}


def _keep_asking() -> None:
    st.session_state["ask"] = st.session_state["ask-others"]


def _elsewhere(found: Elsewhere) -> None:
    st.markdown("**The same shape elsewhere**")
    trials.say(found)
    if found.others:
        figure = plots.elsewhere(found.delta, list(found.others))
        key = f"elsewhere-{len(found.others)}-{found.complete}"
        st.plotly_chart(figure, key=key, config=layout.CHART, alt="Δ of this region among others")


def _bars(title: str, stage: Stage) -> None:
    made: list[Variant] = stage.made
    st.markdown(f"**{title}**")
    deltas = {item.label: item.delta for item in made if item.delta is not None}
    if deltas:
        st.plotly_chart(plots.variants(deltas), key=f"{title}-{len(made)}-{stage.done}", config=layout.CHART, alt=title)
    for item in made:
        if item.problem:
            st.caption(layout.sentence(item.problem))


def _models(trial: Trial, models: dict[str, str]) -> None:
    """Every chosen model, one at a time: an interruption loses none that has answered."""
    own = Variant(trial.model, models[trial.model], trial.done.ablated_score, trial.done.delta)
    stage = trial.stage("models", lambda: Stage(iter(()), [own]))
    item, photo = trial.item, resources.working(trial.item.digest, trial.item)
    place = st.empty()
    with place.container():
        _bars("By every model", stage)
    for name, label in models.items():
        with stage.turn:  # an earlier run of this visit may still be asking the same model
            if name in {made.id for made in stage.made}:
                continue
            stage.made += region_effect.by_every_model(
                {name: label},
                resources.predictor,
                photo,
                trial.mask,
                trial.how,
                known=lambda model: resources.working_score(model, item.digest, item),
            )
        with place.container():
            _bars("By every model", stage)


def _want_start() -> None:
    st.session_state["wanted-start"] = st.session_state["start"]
    st.session_state["start"] = None
