"""The report on a photo and what was tried with it: one button, one page to hand on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from core.paint import report
from core.paint.report import ScoredPhoto, Tried
from core.paint.what_if import Curve
from core.trust.photo_report import explained
from ui import resources
from ui.photo import history, trials, what_if
from ui.photo.trials import Trial
from ui.resources import Examined, Item
from ui.study import effects

Curves = Mapping[tuple[str, str], Curve]
"""The curve last shown, by a photo's digest and a model."""


def button(item: Item, found: Examined, model: str, method: str, settings: dict[str, Any]) -> None:
    """The report on this photo; it is made when it is asked for, with all that is computed by then."""
    kept = [trial for trial in trials.trials().values() if trial.item.digest == item.digest]
    st.download_button(
        "Report",
        partial(made, item, found, model, method, settings, kept, what_if.curves()),
        report.file_name(item.name),
        "text/html",
        key="report",
        icon=":material/description:",
        on_click="ignore",
        help="This photo and your tries on it as one page: it needs no network, and prints well.",
    )


def made(
    item: Item, found: Examined, model: str, method: str, settings: dict[str, Any], kept: list[Trial], curves: Curves
) -> bytes:
    """The report as HTML, with the curve that is shown when it is made."""
    shown = resources.display(item.digest, item)
    heatmap = resources.heatmap(model, method, settings, item.digest, item)
    tenth = resources.tenth(model, method, settings, item.digest, item)
    photo = ScoredPhoto(
        item.name,
        shown,
        model,
        found.score or 0.0,
        found.within,
        resources.sure(model, found),
        explained(shown, heatmap, tenth, model),
        curves.get((item.digest, model)),
    )
    return report.report(photo, [_tried(trial) for trial in kept], effects.reference_study()).encode()


def _tried(trial: Trial) -> Tried:
    record = history.record(trial)
    complete = trial.elsewhere is not None and trial.elsewhere.complete
    return Tried(record, trial.done.photo, report.compared(record, complete=complete))
