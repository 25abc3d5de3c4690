"""A study on the page: its verdict with the evidence, its effects as bars, and one condition looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core import config
from core.effects import human_words
from core.effects import plots as effect_plots
from core.effects.plots import MEASURES
from core.effects.table import ALL, ELIGIBLE, POOLED
from core.errors import LabError
from core.photos.photo_files import many
from core.registry import MASKS
from core.study import catalogue
from core.trust.reports import is_top
from core.trust.words import top_of_study
from core.verdict import evidence
from core.verdict.aggregates import Aggregates, read_aggregates
from core.verdict.chart_rows import starred
from core.verdict.detector_words import quality_table, relied_on
from core.verdict.headline import headline
from core.verdict.plots import nine_rows
from core.verdict.words import UNTESTED
from ui import layout, widgets
from ui.study import closeup

FAMILIES = {"confirmatory": "Confirmatory", "exploratory": "Exploratory"}
POPULATIONS = {ELIGIBLE: "Photos with the thing", ALL: "All photos"}
WHOLE = "whole"
NAMED = 3
"""Where in a mark's customdata the name of its condition is."""
READ = (
    "How far the score moves when a thing is taken away, beyond what the same mask does {elsewhere}; colour, texture, "
    "sharpness and surroundings: how far it moves at all. In standard deviations of the model's scores, with 95 % "
    "intervals. Inside the band (0.2 SD) an effect is too small to matter. A marks where one account expects the row "
    "(the model uses what a person would name), B where the other does (it uses shortcuts)."
)
"""How the figure of nine rows is read."""
ELSEWHERE = {1: "elsewhere in the same photo", 2: "to photos without it"}
"""What things are compared with, by protocol."""


@st.cache_resource(show_spinner=False, max_entries=8)
def load(folder: str, made: float) -> Aggregates:
    """The stored aggregates of a study, read once for all visitors; `made` tells a new version from an old one."""
    return read_aggregates(Path(folder))


def reference_study() -> Aggregates | None:
    """The shipped reference study, read once for all visitors; None where there is none that can be read."""
    folder = catalogue.reference()
    try:
        return load(str(folder), (folder / catalogue.STORED).stat().st_mtime) if folder else None
    except LabError:
        return None


@st.cache_data(show_spinner=False, max_entries=8)
def earlier_weights(folder: str, made: float) -> str:
    """A sentence for a study of weights that are not shipped any more, empty for any other; read once."""
    if not catalogue.is_of_other_weights(Path(folder)):
        return ""
    return "This study is of earlier weights of the model, not of those that score photos here now."


def verdict(study: Aggregates, folder: Path) -> None:
    """The verdict in one plain sentence and one figure, its marks, and the evidence it rests on, folded."""
    found, said = study.verdict, headline(study.verdict)
    with layout.text():
        st.markdown(f"### {layout.plain(said.sentence)}")
    if found.marks:
        marks = "\n".join(f"- {layout.plain(mark)}" for mark in found.marks)
        st.warning(f"**With {many(len(found.marks), 'reservation')}**\n\n{marks}", icon=":material/flag:")
    st.plotly_chart(
        nine_rows(said),
        key="nine-rows",
        config=layout.downloadable("verdict"),
        alt=f"The nine rows of the verdict with their 95 % intervals: {said.sentence}",
    )
    with layout.text():
        st.caption(READ.format(elsewhere=ELSEWHERE[found.protocol]))
        full, apart, untested = found.sentence.partition(UNTESTED)
        st.markdown(f"{layout.plain(full)}{'.' if apart else ''}")
        if apart:
            st.markdown(layout.plain(f"Not testable: {untested}"))
    closeup.gallery(study, said, folder)
    with st.expander("The evidence, row by row", icon=":material/balance:"):
        _evidence(study, folder)


def _evidence(study: Aggregates, folder: Path) -> None:
    found = study.verdict
    kind = f"{found.verdict}, {found.strength}" if found.strength else found.verdict
    st.markdown(f"Verdict: **{kind}**. Leading cause: **{found.leading_cause or 'none'}** ({found.cause.why}).")
    elsewhere = "the same mask at the same place of other photos of equal score that lack the thing"
    if found.protocol == 1:
        elsewhere = "the same shape elsewhere, where the photo has room for it"
    _table("Decision rows, written down before the study", evidence.decisions_table(found), "readings")
    _table("Each row under each fill", evidence.fills_table(found), "fills")
    _table("What each fill does by itself, where there is nothing to take away", evidence.artefacts_table(found),
           "artefacts")  # fmt: skip
    _table(f"Controls: {elsewhere}", evidence.controls_table(study), "controls")
    detectors(relied_on(study), "verdict-detectors")
    _table("The order that was predicted, and the order that was found", evidence.orders_table(found), "orders")
    _table("By kind of photo (exploratory; q is of whether the kinds differ)", evidence.kinds_table(study), "kinds")
    if len(study.kinds):
        st.caption(
            "Indoors or outdoors is known of a few photo sets alone, so that it goes along with the set. Whether "
            "people are in a photo is told by the labels of its set where it has some, else by the detector."
        )
    _table("What is left of the agreement with people", evidence.validity_table(found), "validity")
    _table("Which of two rows is larger, at the same perturbation size", evidence.pairs_table(found), "pairs")
    people(folder)


def people(folder: Path) -> None:
    """What goes along with human scores, beside the same for the model, where that was compared."""
    side = layout.attempt(lambda: human_words.read(folder))
    if side is None:
        return
    _table("Share of the variance of scores that features explain, cross-validated",
           evidence.partitions_table(side), "partitions")  # fmt: skip
    _table("Features and scores, Spearman ρ", evidence.features_table(side), "features")
    rare = f" In too few of them to be computed: {layout.plain(', '.join(side.too_rare))}." if side.too_rare else ""
    asked = " with human scores" if side.asked else ""
    added = "".join(f" {line[0].upper()}{line[1:]}." for line in human_words.added_lines(side))
    st.caption(f"On {side.n:,} photos{asked}. Intervals are of 95 %.{rare}{layout.plain(added)}")


def detectors(masks: Sequence[str], key: str) -> None:
    """What was measured of the detectors of these masks."""
    _table("Detectors that these effects depend on", quality_table(masks), key)
    if masks:
        st.caption("A found box counts from an overlap (IoU) of 0.5 with the true one. Intervals are of 95 %.")


def _table(title: str, rows: pd.DataFrame, key: str) -> None:
    if len(rows):
        st.markdown(f"**{title}**")
        formats = layout.number("%.3f", *rows.select_dtypes("float"))
        st.dataframe(rows, hide_index=True, key=key, placeholder="–", column_config=formats)


def choices(found: Aggregates) -> tuple[pd.DataFrame, str]:
    """The effects that the visitor wants to see, and the measure to show them by."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        family = _one("Family", FAMILIES, "family")
        measure = _one("Measure", {name: item.label for name, item in MEASURES.items()}, "measure")
    if family == "confirmatory":
        st.caption(
            "The decision rows at default strength, on photos with the thing. Their p values are adjusted together; "
            "what does not decide has a q value of its own."
        )
        return evidence.decision_effects(found), measure
    with st.container(horizontal=True, vertical_alignment="bottom"):
        population = _one("Photos", POPULATIONS, "population")
        sources = list(dict.fromkeys(found.effects["source"]))
        source = widgets.select("Source", sources, "source") if len(sources) > 1 else POOLED
        shape = _one("What is taken away", shapes(found.effects), "shape")
    st.caption("Everything beside the decision rows: q values control the false discovery rate (Benjamini–Hochberg).")
    rows = evidence.chosen_effects(found, confirmatory=False, source=source, population=population)
    return rows[rows["mask"].fillna(WHOLE) == shape], measure


def shapes(table: pd.DataFrame) -> dict[str, str]:
    """What the study took away: the whole photo, and its masks by their labels."""
    names = list(table["mask"].dropna().unique())
    return {WHOLE: "Whole photo"} | {name: MASKS[name].label if name in MASKS else name for name in names}


def _one(label: str, options: dict[str, str], key: str) -> str:
    """One of a few words; the address carries it."""
    asked = st.query_params.get(key)
    first = asked if asked in options else next(iter(options))
    chosen = st.segmented_control(
        label, list(options), format_func=options.__getitem__, key=key, default=first, on_change=_remember, args=(key,)
    )
    return chosen or first


def _remember(key: str) -> None:
    if st.session_state[key]:
        st.query_params[key] = st.session_state[key]


def bars(rows: pd.DataFrame, measure: str, found: Aggregates) -> None:
    """Effects as sorted bars; a click chooses the condition that is looked at below."""
    shown = MEASURES[measure]
    if rows[shown.value].notna().sum() == 0:
        why = found.baseline.why_no_validity if measure == "validity" else ""
        why = why or "too few photos for any of these rows, or none that this measure applies to"
        st.info(f"Nothing to show: {layout.plain(why)}.")
        return
    band = found.verdict.sd * config.SESOI
    rows, reasons = starred(rows, found) if shown.value == "mean_delta" else (rows, [])
    st.plotly_chart(
        effect_plots.bars(rows, shown, band),
        key="bars",
        on_select=_clicked,
        selection_mode="points",
        config=layout.downloadable("effects"),
        alt=f"{shown.label} of each ablation with its 95 % interval",
    )
    note = "Solid marks are of fills that decide, open ones of fills that bring something of their own. "
    if shown.in_score_units:
        note += f"The band is ±{band:.3f} (0.2 SD): an effect inside it is too small to matter. "
    if shown.value == "mean_delta" and rows["excess_delta"].notna().any():
        note += "Diamonds are the controls: what the same mask does where the thing is not. "
    for reason in reasons:
        st.markdown(layout.plain(f"* {reason}"))
    st.caption(f"{note}Lines are 95 % intervals. Click a mark to look closer.")
    detectors(list(dict.fromkeys(rows.loc[rows["detected"], "mask"])), "detectors")


def top_of_heatmap(rows: pd.DataFrame, folder: Path) -> None:
    """Below effects of the highest places of a heatmap: whose heatmap, and whether that method can be believed."""
    if is_top(rows["mask"]).any() and (said := top_of_study(folder)):
        st.caption(layout.plain(said))


def _clicked() -> None:
    points = st.session_state["bars"].selection.points
    if points and len(chosen := points[0].get("customdata") or ()) > NAMED:
        st.query_params["condition"] = chosen[NAMED]
