"""Several photos: a table with thumbnails that sorts by score, and a contact sheet to save."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.evaluation import reports
from core.files import without_formulas
from core.photos import images
from core.photos.contact_sheet import contact_sheet
from ui import components, layout, resources
from ui.resources import Examined, Item

THUMBNAIL = 64
ROW = 56
SHOWN = 8
"""Rows that are seen without scrolling inside the table."""
Pairs = list[tuple[Item, Examined]]


def table(examined: Pairs, model: str, reference: reports.Scores) -> None:
    """All photos with their scores, the highest first, to read and to take along."""
    ordered = sorted(examined, key=lambda pair: -1.0 if pair[1].score is None else pair[1].score, reverse=True)
    rows = pd.DataFrame(
        {
            "file": item.name,
            "score": found.score,
            "percentile": None if found.score is None else reports.percentile(found.score, reference),
            "model": model,
            "problem": found.reason,
            "hint": found.hint,
        }
        for item, found in ordered
    )
    if len(rows) > 1:
        st.subheader("All photos")
        _listed(rows, ordered)
    with st.container(horizontal=True, vertical_alignment="center"):
        layout.download_table(rows, "scores.csv", "csv")
        scored = [(item, found) for item, found in ordered if found.score is not None]
        if len(scored) > 1:
            st.download_button(
                "Contact sheet", partial(sheet, scored), "contact-sheet.jpg", "image/jpeg", key="contact-sheet",
                icon=":material/grid_view:", on_click="ignore", help="All photos with their scores as one picture.",
            )  # fmt: skip


def _listed(rows: pd.DataFrame, ordered: Pairs) -> None:
    """The table; a click on the head of a column sorts by it."""
    shown = without_formulas(rows.drop(columns="model").dropna(axis="columns", how="all"))
    shown.insert(0, "photo", [_small(item) if found.score is not None else None for item, found in ordered])
    st.dataframe(
        shown,
        hide_index=True,
        key="table",
        row_height=ROW,
        height=36 + ROW * min(SHOWN, len(rows)) + 2,
        column_config={"photo": st.column_config.ImageColumn("", width="small")}
        | layout.number("%.3f", "score")
        | layout.number("%.0f", "percentile"),
        placeholder="–",
    )


def sheet(scored: Pairs) -> bytes:
    """The contact sheet of scored photos as JPEG, in the order given."""
    squares = [resources.thumbnail(item.digest, item) for item, _ in scored]
    return resources.jpeg(contact_sheet(squares, [(f"{found.score:.3f}", item.name) for item, found in scored]))


def _small(item: Item) -> str:
    return components.address(images.resize(resources.thumbnail(item.digest, item), THUMBNAIL, THUMBNAIL))
