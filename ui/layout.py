"""The frame of every page: menu, width, and how problems are said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import config
from core.errors import LabError
from core.files import table_text
from ui import garbage, log, visit
from ui.styles import CALM, MENU, ROOM

T = TypeVar("T")

WIDTH = 1120
"""Widest content in px: lines and photo pairs stay readable on a large screen."""

TEXT_WIDTH = 720
"""Widest running text in px."""

NAME = "Memorability Lab"
ICON = Path(__file__).parent / "frontend" / "icon.svg"
"""Of our own, because Streamlit lets the browser fetch its own icons from elsewhere: a visit stays between two."""

CHART = {"displayModeBar": False}
"""Plotly settings of a chart that only illustrates."""
FORMATS = ("png", "svg")


@dataclass(frozen=True)
class Page:
    """A page of the app: its file, its name in the menu, the question that it answers, and how."""

    file: str
    label: str
    question: str
    answer: str


HOME = Page("streamlit_app.py", NAME, "What makes a photo memorable to a machine?", "")
TRY = Page(
    "pages/try_a_photo.py",
    "Try a photo",
    "What score does my photo get?",
    "Upload a photo, or choose a sample: its score, how that compares, and which places raise it.",
)
EFFECTS = Page(
    "pages/ablation_effects.py",
    "Ablation effects",
    "What does the score depend on?",
    "Faces, words, colour, texture taken away one at a time: how far the score moves, with controls and a verdict.",
)
WHERE = Page(
    "pages/where_it_looks.py",
    "Where it looks",
    "Where does the model look, and is that picture true?",
    "Heatmaps by many methods side by side, each tested by removing what it points at.",
)
MODEL = Page(
    "pages/model.py",
    "Model",
    "How good is the model?",
    "How well its scores agree with people, how well any model's could, and how it was made.",
)
LATENT = Page(
    "pages/latent_space.py",
    "Latent space",
    "Do photos of similar memorability lie together?",
    "A map of photos by what their pixels say and by what the model learned, with the tested answer.",
)
STUDY = Page(
    "pages/run_a_study.py",
    "Run a study",
    "Does it hold for my photos?",
    "Photos of your own, studied in the background: what their score depends on, with a verdict and a report.",
)
PAGES = (HOME, TRY, EFFECTS, WHERE, LATENT, STUDY, MODEL)


@contextmanager
def page(current: Page) -> Iterator[None]:
    """Set up a page and its menu; what is drawn inside lies in a centred column of readable width."""
    title = NAME if current is HOME else f"{current.label} · {NAME}"
    st.set_page_config(page_title=title, page_icon=str(ICON), layout="wide")
    with st.container(horizontal_alignment="center"), st.container(width=WIDTH):
        st.html(CALM + ROOM)  # first, so that nothing has moved before
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key=MENU):
            for item in PAGES:
                link(item)
            visit.go_on()
        _lose_nothing()
        try:
            with log.action(f"page {current.label}"):
                yield
        finally:  # also where another run takes over
            visit.keep_address(current.file)
            garbage.keep_what_is_loaded()


def _lose_nothing() -> None:
    """Mend what Streamlit loses, where it has the private ways that this takes: a later version may not."""
    with suppress(ImportError, AttributeError):
        from ui import lossless

        lossless.lose_nothing()


def link(to: Page, also: Mapping[str, str] | None = None, **given: Any) -> None:
    """A link to a page as it was left in this visit, and with what its address says `also`."""
    st.page_link(to.file, label=to.label, query_params=visit.address_of(to.file) | dict(also or {}), **given)


def text() -> DeltaGenerator:
    """A container for running text."""
    return st.container(width=TEXT_WIDTH)


def plain(text: str) -> str:
    """Text with every character that Markdown would read as a sign escaped: file names come from visitors."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def sentence(problem: object) -> str:
    """An error or problem as plain text, without the folder that the app is installed in."""
    return plain(str(problem).replace(f"{config.ROOT}/", ""))


def problem(*found: object) -> None:
    """Say what is wrong, a sentence for each problem; nothing if there is none."""
    if found:
        st.error("  \n".join(map(sentence, found)), icon=":material/error:")


def hint(*found: str) -> None:
    """Say what a visitor should know, a sentence for each; nothing if there is none."""
    if found:
        st.info("  \n".join(map(sentence, found)), icon=":material/info:")


def attempt(action: Callable[[], T]) -> T | None:
    """The result of a step, or None after saying in one sentence why core refused it."""
    try:
        return action()
    except LabError as error:
        problem(error)
        return None


def downloadable(name: str) -> dict[str, Any]:
    """Plotly settings of a chart with a button that saves it, in the format chosen on the page (`chart_format`)."""
    saved = {"format": st.session_state.get("format", FORMATS[0]), "filename": name, "scale": 2}
    return {"displaylogo": False, "modeBarButtons": [["toImage"]], "toImageButtonOptions": saved}


def chart_format() -> None:
    """The choice of the format in which charts are saved."""
    st.segmented_control(
        "Charts are saved as", FORMATS, format_func=str.upper, default=FORMATS[0], key="format", persist_state="session"
    )


def for_spreadsheet() -> bool:
    """The wish that tables to take along begin with a byte-order mark."""
    mark = "Begins the file with a byte-order mark, by which Excel knows accents and other scripts."
    return st.checkbox("Tables are for a spreadsheet", key="for-spreadsheet", help=mark, persist_state="session")


def download_table(
    table: pd.DataFrame, file: str, key: str, label: str = "Download as CSV", *, ask: bool = True
) -> None:
    """A button that saves a table as CSV without formulas; with `ask` beside it the choice of `for_spreadsheet`."""
    with st.container(horizontal=True, vertical_alignment="center") if ask else nullcontext():
        marked = for_spreadsheet() if ask else st.session_state.get("for-spreadsheet", False)
        text = table_text(table, for_spreadsheet=marked)
        st.download_button(label, text, file, "text/csv", key=key, icon=":material/download:")


def number(pattern: str, *columns: str) -> dict[str, Any]:
    """Column settings of a table: numbers with as many decimals as `pattern` has, like %.3f."""
    return {name: st.column_config.NumberColumn(format=pattern) for name in columns}
