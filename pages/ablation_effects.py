"""Ablation effects: what happens to the score when one kind of information is taken away, and what follows."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.study import catalogue
from core.trust.words import top_of_study
from core.verdict.aggregates import Aggregates
from core.verdict.report import report
from ui import layout, widgets
from ui.study import closeup, effects

EMPTY = (
    "There is no study here yet. Run one on drawn scenes: `python -m core study generated --out runs/first`, then "
    "`python -m core effects runs/first`."
)


def main() -> None:
    """Choose a study, then show its verdict, its effects, and one condition closely."""
    st.title("Ablation effects")
    with layout.text():
        st.markdown(
            "One kind of information is taken out of every photo, and the model scores the photo again. What a thing "
            "is worth is compared with the same mask on other photos that lack it and have the same score."
        )
    at_hand = catalogue.studies()
    if not at_hand:
        st.info(EMPTY)
        return
    name = next(iter(at_hand))
    if len(at_hand) > 1:
        name = widgets.select("Study", list(at_hand), "study")
    folder = at_hand[name]
    found = layout.attempt(lambda: effects.load(str(folder), (folder / catalogue.STORED).stat().st_mtime))
    if found is not None:
        show(found, folder)


def show(found: Aggregates, folder: Path) -> None:
    """Everything of one study."""
    about(found)
    if said := effects.earlier_weights(str(folder), (folder / catalogue.STORED).stat().st_mtime):
        st.warning(said, icon=":material/history:")
    effects.verdict(found, folder)
    st.header("Effects")
    rows, measure = effects.choices(found)
    effects.bars(rows, measure, found)
    effects.top_of_heatmap(rows, folder)
    closeup.closeup(found, rows, folder)
    downloads(found, folder)


def about(found: Aggregates) -> None:
    """The study in one line."""
    base = found.baseline
    sources = layout.plain(", ".join(base.sources))
    gate = found.verdict.gate
    where = f" on {layout.plain(gate.source)}, the lowest of its photo sets" if gate.source else ""
    validity = f" Validity ρ = {gate.validity}{where}." if gate.validity else ""
    st.caption(
        f"{layout.plain(base.model)} on {base.n_photos:,} photos from {sources}; mean score {base.mean:.3f}, "
        f"SD {base.sd:.3f}.{validity}"
    )
    layout.problem(*base.problems)


def downloads(found: Aggregates, folder: Path) -> None:
    """The report and every table to take along, and the format in which charts are saved."""
    st.header("Download")
    st.download_button(
        "Report as one page",
        lambda: report(found, folder, top_of_study(folder)),
        f"{found.baseline.study}.html",
        "text/html",
        key="report",
        icon=":material/description:",
        on_click="ignore",
        help="Question, photos, model, verdict, effects, methods and limits in one file that needs no network.",
    )
    layout.chart_format()
    layout.for_spreadsheet()
    with st.container(horizontal=True):
        for name in ("effects", "details", "doses", "extremes"):
            layout.download_table(
                getattr(found, name), f"{found.baseline.study}-{name}.csv", f"csv-{name}", f"{name}.csv", ask=False
            )


with layout.page(layout.EFFECTS):
    main()
