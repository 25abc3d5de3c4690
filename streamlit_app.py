"""Home: a photo that answers at once, the verdict in one figure, the map, and how far the model can be trusted.

`streamlit run streamlit_app.py` imports this file once, before the server starts, and serves its `app`; each visit then
runs it as a script.
"""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from ui.first_paint import FirstPaint

WIDE = (10, 13, 10)
"""Shares of the width: a photo, the verdict, the map and what the model is worth."""


def main() -> None:
    """The question, then what answers at once, side by side; the other pages stand below."""
    from ui import layout  # here, because caches and components belong to a server that runs
    from ui.home import sections

    shown_first = (
        {layout.TRY: sections.photo},
        {layout.EFFECTS: sections.verdict},
        {layout.LATENT: sections.map_picture, layout.MODEL: sections.quality},
    )
    with layout.page(layout.HOME):
        st.title(layout.HOME.question)
        st.markdown(
            "A neural network looks at a photo and predicts how many people would recognise it. Does it use what a "
            "person would name, such as faces, people and words, or shortcuts, such as colour, texture and sharpness?"
        )
        with st.container(key="home"):
            for column, shown in zip(st.columns(WIDE, gap="small"), shown_first, strict=True):
                with column:
                    for page, draw in shown.items():
                        sections.framed(page, draw)
            others = [page for page in layout.PAGES[1:] if not any(page in shown for shown in shown_first)]
            for column, page in zip(st.columns(len(others), gap="small"), others, strict=True):
                with column:
                    sections.framed(page, lambda: False)


if __name__ == "__main__":
    main()
else:
    app = st.App(__file__, middleware=[Middleware(FirstPaint)])
