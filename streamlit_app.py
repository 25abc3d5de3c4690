"""Home: a photo that answers at once, the verdict in one figure, the map, and how far the model can be trusted."""

from __future__ import annotations

import streamlit as st

from ui import layout
from ui.home import sections

SHOWN = (
    {layout.TRY: sections.photo},
    {layout.EFFECTS: sections.verdict},
    {layout.LATENT: sections.map_picture, layout.MODEL: sections.quality},
)
"""What is seen without scrolling, a column each: a photo, the verdict, the map and what the model is worth."""
WIDE = (10, 13, 10)


def main() -> None:
    """The question, then what answers at once, side by side; the other pages stand below."""
    st.title(layout.HOME.question)
    st.markdown(
        "A neural network looks at a photo and predicts how many people would recognise it. Does it use what a person "
        "would name, such as faces, people and words, or shortcuts, such as colour, texture and sharpness?"
    )
    with st.container(key="home"):
        for column, shown in zip(st.columns(WIDE, gap="small"), SHOWN, strict=True):
            with column:
                for page, draw in shown.items():
                    sections.framed(page, draw)
        others = [page for page in layout.PAGES[1:] if not any(page in shown for shown in SHOWN)]
        for column, page in zip(st.columns(len(others), gap="small"), others, strict=True):
            with column:
                sections.framed(page, lambda: False)


with layout.page(layout.HOME):
    main()
