"""Home: the question, the two rival answers, how good the model is, and where to go next."""

from __future__ import annotations

import streamlit as st

from core.evaluation import reports
from core.evaluation import words as report_words
from core.study import catalogue
from core.verdict import aggregates
from core.verdict.words import UNTESTED
from ui import layout


def main() -> None:
    """Question, rival answers, quality in one line, cards."""
    st.title(layout.HOME.question)
    with layout.text():
        st.markdown(
            "A neural network looks at a photo and predicts how many people would recognise it if they saw it again. "
            "What does it look at?"
        )
    people, shortcuts = st.columns(2, gap="medium")
    people.markdown(
        "### What a person would name\nFaces, people, the object that stands out, words. If the model uses these, its "
        "score drops when they are taken away."
    )
    shortcuts.markdown(
        "### Or shortcuts\nColour, texture, sharpness, background. If the model uses these, its score moves although a "
        "person still sees the same scene."
    )
    verdict()
    quality()
    cards()


def verdict() -> None:
    """What the reference study says, in one sentence."""
    if folder := catalogue.reference():
        found = layout.attempt(lambda: aggregates.read_verdict(folder))
        if found:
            said, apart, _ = found.sentence.partition(UNTESTED)
            rest = "; some rows could not be tested, as *Ablation effects* tells." if apart else ""
            st.markdown(f"**What was found?** {layout.plain(said)}{rest}")
            if found.marks:
                st.caption(layout.plain(f"With reservations: {'; '.join(found.marks)}."))


def quality() -> None:
    """How far the model can be trusted at all, from its saved evaluations."""
    found = reports.evaluations()
    layout.problem(*found.problems)
    if best := reports.headline(found.items):
        st.markdown(f"**Can its scores be trusted?** {report_words.quality(best)}")


def cards() -> None:
    """A card for every other page, two in a row."""
    st.space("small")
    pages = [page for page in layout.PAGES if page is not layout.HOME]
    for row in range(0, len(pages), 2):
        for column, page in zip(st.columns(2, gap="medium"), pages[row : row + 2], strict=False):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"### {page.question}\n{page.answer}")
                with st.container(horizontal_alignment="right"):
                    st.page_link(page.file, label=page.label, icon=":material/arrow_forward:", icon_position="right")


with layout.page(layout.HOME):
    main()
