"""Run a study: photos of one's own, studied by a process that goes on while the page is closed."""

from __future__ import annotations

import streamlit as st

from core.study import limits
from ui import layout
from ui.study import runs


def main() -> None:
    """What to study, and all studies that wait, run or ended."""
    st.title("Run a study")
    with layout.text():
        st.markdown(
            "What does the score of *your* photos depend on? Everything a person would name, and colour, texture and "
            "sharpness, is taken out of every photo in turn. That takes minutes to hours, and goes on while this page "
            "is closed; one study runs at a time."
        )
    found = layout.attempt(limits.read_limits)
    if found is None:
        return
    with st.container(border=True):
        runs.ask(found)
    st.header("Studies")
    runs.listed(found)


with layout.page(layout.STUDY):
    main()
