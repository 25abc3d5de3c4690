"""Methods side by side on one photo: their maps, the deletion curve by a slider, and what each map is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.photos import overlay
from core.registry import ATTRIBUTIONS
from core.trust import plots, reports, words
from core.trust.brightest_tenth import PLACES
from core.trust.curves import STEPS
from core.trust.deciding_fills import deciding_fills
from core.trust.reports import QUICK
from ui import layout, resources, widgets
from ui.resources import Item
from ui.where import results

COLUMNS = 3
OPACITY = 0.6
FIRST = ("grad_cam", "layer_cam", "guided_backpropagation", "edge_map", "centre_bias")
"""Methods chosen at the start: they answer at once."""


@dataclass(frozen=True)
class Question:
    """What is compared: a photo, a model, and methods by id."""

    item: Item
    model: str
    methods: tuple[str, ...]


def ask(item: Item, model: str) -> Question | None:
    """The choice of methods and the button; None until it was pressed for this photo, model and choice."""
    chosen = widgets.choose_some(
        "Methods",
        ATTRIBUTIONS,
        "methods",
        default=FIRST,
        help_text="Baselines know nothing of the model: a method must do better than they.",
    )
    passes = sum(ATTRIBUTIONS[name].facts["passes"] for name in chosen)
    key = (item.digest, model, *chosen)
    if st.button("Compare", key="where-compare", type="primary", disabled=not chosen):
        st.session_state["where-asked"] = key
    if not chosen:
        st.info("Choose a method to see where the model looks.")
    else:
        tests = (2 * STEPS + PLACES + 1) * len(deciding_fills(model).fills) * len(chosen)
        drawn = f"{passes:,} pass{'' if passes == 1 else 'es'}"
        st.caption(
            f"This takes about {drawn} through the model for the maps, and {tests:,} to test them: seconds to "
            "minutes, and a bar says how far it is."
        )
    return Question(item, model, chosen) if chosen and st.session_state.get("where-asked") == key else None


def answer(asked: Question) -> None:
    """Compute with progress, then draw: maps with their worth, curve, and table."""
    bar = st.progress(0.0, "Explaining …")
    steps: dict[str, Callable[[str], object]] = {
        "its map is drawn": lambda method: results.heatmap(asked.model, method, asked.item),
        "its brightest tenth is removed": lambda method: results.tenth(asked.model, method, asked.item),
        "its places are removed one by one": (
            lambda method: results.curves(asked.model, method, asked.item.digest, asked.item)
        ),
    }
    todo = [(method, what, step) for method in asked.methods for what, step in steps.items()]
    for done, (method, what, step) in enumerate(todo):
        bar.progress(done / len(todo), f"{ATTRIBUTIONS[method].label}: {what} …")
        step(method)
    bar.empty()
    maps(asked)
    curve(asked)
    table(asked)
    randomisation(asked)


def maps(asked: Question) -> None:
    """The maps on one signed scale, each with how to read it and what its tenth is worth."""
    st.image(overlay.scale(signed=True), width="stretch", alt="Colours of the maps, from lowers to raises")
    st.caption("Blue lowers the score, orange raises it; every map is scaled to its own strongest place.")
    photo = resources.working(asked.item.digest, asked.item)
    measured = layout.attempt(lambda: reports.summary(asked.model))
    for start in range(0, len(asked.methods), COLUMNS):
        row = asked.methods[start : start + COLUMNS]
        for column, method in zip(st.columns(COLUMNS, gap="medium"), row, strict=False):
            entry, found = ATTRIBUTIONS[method], results.heatmap(asked.model, method, asked.item)
            picture = overlay.blend(photo, found, OPACITY, signed=True)
            column.image(resources.jpeg(picture), width="stretch", alt=f"Map by {entry.label}")
            column.markdown(f"**{entry.label}**")
            column.markdown(words.tenth(results.tenth(asked.model, method, asked.item)))
            baseline = entry.facts["baseline"]
            said = "" if baseline else words.against_baselines(reports.against_baselines(measured, method))
            column.caption(f"{words.caption(found, baseline=baseline)} {said}".strip())


def curve(asked: Question) -> None:
    """A slider removes the highest places of one map; the score of every map's order beside it."""
    st.header("Remove the highest places")
    st.markdown(
        "If a map is true, the score falls fast when its highest places go, and rises fast when they come back alone: "
        "faster than in the order of a baseline."
    )
    st.caption(deciding_fills(asked.model).why)
    left, right = st.columns(2, gap="medium")
    labels = {name: ATTRIBUTIONS[name].label for name in asked.methods}
    with left:
        method = st.selectbox("In the order of", list(labels), format_func=labels.__getitem__, key="where-order")
        percent = st.slider("Removed, % of the photo", 0, 100, 10, 100 // STEPS, key="where-removed")
        gone = results.without(asked.model, method, percent / 100, asked.item.digest, asked.item)
        st.image(resources.jpeg(gone), width="stretch", alt=f"The photo without {percent} %")
    found = {name: results.curves(asked.model, name, asked.item.digest, asked.item) for name in asked.methods}
    own = found[method]
    place = round(percent / 100 * STEPS)
    with right:
        figure = plots.deletion_and_insertion(
            {labels[name]: (item.shares, item.highest_first, item.lowest_first) for name, item in found.items()},
            [labels[name] for name in asked.methods if ATTRIBUTIONS[name].facts["baseline"]],
            percent / 100,
        )
        st.plotly_chart(figure, key=f"where-curve-{percent}", config=layout.CHART, alt="Score while places are removed")
        st.markdown(
            f"With {percent} % gone in the order of {labels[method]}, the score is "
            f"**{own.highest_first[place]:.3f}**; with the lowest {percent} % gone instead, "
            f"{own.lowest_first[place]:.3f}."
        )


def table(asked: Question) -> None:
    """The numbers of every method, and how far the maps agree."""
    from core.trust.grid import agreement

    st.header("Can they be believed?")
    maps_by = {name: results.heatmap(asked.model, name, asked.item) for name in asked.methods}
    lines = []
    for name in asked.methods:
        worth = results.tenth(asked.model, name, asked.item)
        others = [agreement(maps_by[name], other) for key, other in maps_by.items() if key != name]
        lines.append(
            {
                "method": ATTRIBUTIONS[name].label,
                "baseline": ATTRIBUTIONS[name].facts["baseline"],
                "gain": results.curves(asked.model, name, asked.item.digest, asked.item).gain,
                "Δ of the tenth": worth.delta if worth else None,
                "minus elsewhere": worth.excess if worth else None,
                "agreement": sum(others) / len(others) if others else None,
            }
        )
    formats = layout.number("%.3f", "gain", "Δ of the tenth", "minus elsewhere", "agreement")
    st.dataframe(pd.DataFrame(lines), hide_index=True, key="where-table", column_config=formats, placeholder="–")
    st.caption(
        "Gain: mean score with the lowest places removed minus that with the highest removed; 0 for a map that knows "
        "nothing. Agreement: mean Spearman ρ with the other maps, cell by cell. One photo proves little: a method is "
        "judged over many."
    )


def randomisation(asked: Question) -> None:
    """On request: whether the maps depend on what the model learned."""
    if not st.toggle(
        "Randomise the weights, layer by layer",
        key="where-randomise",
        help="The weights of a copy are put in random order, from its head to its input. A map that stays the same "
        "does not show what the model learned.",
    ):
        return
    found = {}
    chosen = [ATTRIBUTIONS[name] for name in asked.methods]
    for entry in (entry for entry in chosen if entry.facts["passes"] in QUICK):
        name = entry.id
        with st.spinner(f"Randomising under {entry.label} …"):
            stages = results.randomised(asked.model, name, asked.item.digest, asked.item)
        found[entry.label] = {stage.stage: stage.agreement for stage in stages}
    slow = {entry.label: entry.facts["passes"] for entry in chosen if entry.facts["passes"] > max(QUICK)}
    baselines = [entry.label for entry in chosen if entry.facts["baseline"]]
    for said in words.not_randomised(slow, baselines):
        st.caption(said)
    if not found:
        st.info("Choose a method that takes one pass, such as Grad-CAM: the slow ones would take minutes.")
        return
    frame = pd.DataFrame(found).T
    formats = layout.number("%.2f", *map(str, frame.columns))
    st.dataframe(frame, key="where-randomised-here", column_config=formats)
    st.caption(
        "Spearman ρ of each map with the one drawn when this part and all parts before it in the table are random."
    )
