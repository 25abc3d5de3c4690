"""The history of a visit: every mask that was tried, to load again, to compare, and to take along."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.files import without_formulas
from core.paint import region_effect, replay
from core.paint.answer import in_few_words
from core.photos import images, overlay
from core.types import Pixels
from ui import components, layout, resources
from ui.photo import canvas, photos, trials
from ui.photo.trials import Trial

THUMBNAIL = 64
ROW = 56
"""Height in px of a row, enough for its thumbnail."""
SHOWN = 8
"""Rows that are seen without scrolling inside the table."""


def section() -> None:
    """The table of tries, what can be done with one or two of them, and the download of all."""
    kept = trials.trials()  # the download is made outside of the page's run, where the session cannot be asked
    tried = list(reversed(kept.values()))
    if not tried:
        return
    st.subheader("What you tried")
    chosen = _table(tried)
    with st.container(horizontal=True, gap="small"):
        if len(chosen) == 1:
            st.button("Put it on the canvas", key="reload", icon=":material/brush:", on_click=_load, args=(chosen[0],))
        st.download_button(
            "Download all as ZIP",
            lambda: bundle(list(kept.values())),
            "painted.zip",
            "application/zip",
            key="zip",
            icon=":material/download:",
            on_click="ignore",
        )
    if len(chosen) == 2:
        _compare(*chosen)
    elif len(chosen) < 2:
        st.caption("Tick one row to put it back on the canvas, or two to compare them.")


def bundle(tried: list[Trial]) -> bytes:
    """All tries as a ZIP, numbered in the order in which they were made."""
    return replay.bundle((record(trial), trial.done.photo) for trial in tried)


def record(trial: Trial) -> replay.Record:
    """A try as it can be repeated, with the controls that are computed by now."""
    photo = resources.working(trial.item.digest, trial.item)
    return replay.record(trial.item.name, photo, trial.model, trial.mask, trial.how, trial.done, trial.controls)


def _table(tried: list[Trial]) -> list[Trial]:
    """The rows, latest first; returns the ticked ones."""
    rows = pd.DataFrame(
        {
            "mask": _thumbnail(trial),
            "Δ": trial.done.delta,
            "before": trial.done.score,
            "after": trial.done.ablated_score,
            "area": 100 * trial.done.area,
            "what": in_few_words(trial.how),
            "photo": trial.item.name,
            "model": trial.model,
        }
        for trial in tried
    )
    event = st.dataframe(
        without_formulas(rows),
        hide_index=True,
        key="history",
        row_height=ROW,
        height=36 + ROW * min(SHOWN, len(tried)) + 2,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={"mask": st.column_config.ImageColumn(width="small")}
        | layout.number("%.1f %%", "area")
        | layout.number("%.3f", "before", "after")
        | layout.number("%+.3f", "Δ"),
    )
    return [tried[row] for row in event["selection"]["rows"] if row < len(tried)]


def _thumbnail(trial: Trial) -> str:
    if not trial.thumbnail:
        trial.thumbnail = components.address(images.to_short_side(_picture(trial), THUMBNAIL))
    return trial.thumbnail


def _picture(trial: Trial) -> Pixels:
    return overlay.painted(resources.working(trial.item.digest, trial.item), trial.mask)


def _compare(first: Trial, second: Trial) -> None:
    """Two tries side by side, the earlier one left."""
    pair = sorted((first, second), key=list(trials.trials().values()).index)
    for number, (column, trial) in enumerate(zip(st.columns(2, gap="medium"), pair, strict=True)):
        with column:
            st.markdown(f"**Δ = {region_effect.signed(trial.done.delta)}** · {layout.plain(in_few_words(trial.how))}")
            components.compare(
                _picture(trial), trial.done.photo, ("mask", "after"), f"Try {number + 1}", f"compare-{number}"
            )
    difference = pair[1].done.delta - pair[0].done.delta
    st.markdown(f"The later one's Δ differs by {region_effect.signed(difference)} from the earlier one's.")


def _load(trial: Trial) -> None:
    """Back to the photo with this drawing on its canvas."""
    photos.show_also(trial.item)
    canvas.read(trial.item).put(trial.sketch)
