"""What the first page shows: each section answers a question at once, and leads to the page that answers it in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from core.errors import LabError
from core.evaluation import reports
from core.evaluation import words as report_words
from core.latent.miniature import PICTURED, miniature
from core.latent.words import plain_answer
from core.paint import showcase
from core.paint.showcase import Showcase
from core.photos.photo_files import many
from core.study import catalogue
from core.types import Pixels
from core.verdict import plots as verdict_plots
from core.verdict.headline import headline
from core.wording import minus
from ui import layout
from ui.layout import Page
from ui.map import resources as maps
from ui.study import effects

PHOTO, ROW = 240, 24
"""Width of the photo and height of a row in the verdict's figure, in px: what answers is seen without scrolling."""
TAKEN = {"faces": "face", "people": "person", "salient": "main object", "text": "text"}
"""What a mask's thing is called where one of it is taken away."""


ENTERED = {layout.LATENT: {"space": PICTURED}}
"""What the address of a page says for whoever enters it through its picture: the picture's own."""


def framed(page: Page, draw: Callable[[], bool]) -> None:
    """A question, its answer where there is one, else how the page would answer it, and the link to the page."""
    with st.container(border=True):
        st.markdown(f"### {page.question}")
        if not draw():
            st.markdown(page.answer)
        with st.container(horizontal_alignment="right"):
            also = ENTERED.get(page, {})
            layout.link(page, also, icon=":material/arrow_forward:", icon_position="right")


def photo() -> bool:
    """A packaged photo with its score, and what becomes of the score when a thing is taken out of it."""
    found = layout.attempt(showcase.read)
    if found is None:
        return False
    try:
        pictures = _pictures(found)
    except LabError:
        return False
    thing = TAKEN.get(found.mask, found.mask)
    height, width = pictures[0].shape[:2]
    picture = st.container(height=round(PHOTO * height / width), border=False)
    answer = st.container(horizontal=True, vertical_alignment="center", key="home-answer")
    with answer:
        without = st.toggle(f"Take the {thing} away", key="showcase")
        change = found.after - found.before
        said = f"{'+' if change > 0 else ''}{minus(change)}" if without else None
        arrow: Literal["down", "up"] = "down" if change < 0 else "up"  # a true minus is no sign to Streamlit
        st.metric(
            "Score", f"{found.after if without else found.before:.3f}", said, delta_color="off", delta_arrow=arrow
        )
    st.caption(
        "The **score** is the share of people who, the model predicts, would recognise the photo if they saw it again. "
        f"What is taken away is replaced by its surroundings ({found.fill})."
    )
    alt = f"The packaged photo {found.sample}{f' without its {thing}' if without else ''}"
    picture.image(pictures[int(without)], width=PHOTO, alt=alt)
    return True


@st.cache_data(show_spinner=False, max_entries=4)
def _pictures(found: Showcase) -> tuple[Pixels, Pixels]:
    return found.pictures()


def verdict() -> bool:
    """The reference study's answer in one sentence and its nine rows in one figure."""
    study = effects.reference_study()
    if study is None:
        return False
    found = headline(study.verdict)
    st.markdown(f"**{layout.plain(found.sentence)}**")
    st.caption(
        "Each row takes one thing out of every photo. **SD** is the spread of the model's scores; inside the grey band "
        "a change is too small to matter. Small letters: where two rival **accounts** expected it, A if the model sees "
        "what a person would name, B if it takes shortcuts."
    )
    st.plotly_chart(verdict_plots.nine_rows(found, ROW), key="nine-rows", config=layout.CHART, alt=found.sentence)
    folder = catalogue.reference()
    said = effects.earlier_weights(str(folder), (folder / catalogue.STORED).stat().st_mtime) if folder else ""
    marks = [*([said.rstrip(".")] if said else []), *study.verdict.marks]
    if marks:
        with st.expander(f"With {many(len(marks), 'reservation')}"):
            st.caption(layout.plain(f"{'; '.join(marks)}."))
    return True


def map_picture() -> bool:
    """The shipped map, small, with the sentence that it supports."""
    folder = next(iter(maps.maps().values()), None)
    atlas = layout.attempt(lambda: maps.current(folder)) if folder else None
    picture = miniature(atlas) if atlas else None
    if atlas is None or picture is None:
        return False
    st.markdown(f"**{plain_answer(atlas.answer)}**")
    with st.container(key="home-map"):
        st.image(picture, width="stretch", alt="The photos of the map as dots, coloured by score")
    photos = int(atlas.photos["planted_score"].isna().sum())
    st.caption(f"{photos:,} photos by what the model learned of them; a lighter dot has a higher score.")
    return True


def quality() -> bool:
    """How far the model can be trusted at all, from its saved evaluations."""
    found = reports.evaluations()
    layout.problem(*found.problems)
    best = reports.headline(found.items)
    if best:
        st.caption(report_words.quality(best))
    return best is not None
