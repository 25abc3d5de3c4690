"""Home: a photo that answers at once, the verdict in one figure, the map, and how far the model can be trusted."""

from __future__ import annotations

import streamlit as st

from ui import layout
from ui.home import sections

LEFT = {layout.TRY: sections.photo, layout.LATENT: sections.map_picture, layout.MODEL: sections.quality}
RIGHT = {layout.EFFECTS: sections.verdict}
"""What is seen first stands on top: the photo beside the verdict."""


def main() -> None:
    """The question, then a section for every other page; one without a picture of its own stands on the right."""
    st.title(layout.HOME.question)
    with layout.text():
        st.markdown(
            "A neural network looks at a photo and predicts how many people would recognise it. Does it use what a "
            "person would name, such as faces, people and words, or shortcuts, such as colour, texture and sharpness?"
        )
    others = [page for page in layout.PAGES if page is not layout.HOME and page not in LEFT | RIGHT]
    for column, shown in zip(st.columns(2, gap="medium"), (LEFT, RIGHT), strict=True):
        with column:
            for page, draw in shown.items():
                sections.framed(page, draw)
            for page in others if shown is RIGHT else ():
                sections.framed(page, lambda: False)


with layout.page(layout.HOME):
    main()
