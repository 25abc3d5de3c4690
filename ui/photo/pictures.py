"""What stands above the canvas and arrives after it: the photo beside its heatmap, and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.registry import ATTRIBUTIONS
from core.trust import reports, words
from core.types import Heatmap
from ui import components, layout, resources, styles
from ui.resources import Item


class Pictures:
    """The pictures of one photo in their place on the page.

    Who paints must not wait for them, and the canvas must not move when they arrive: a photo that is new to the visit
    gets places of the right height first (`is_new`, `wait`). Later runs draw over what is there. `alike` draws what
    stands below them.
    """

    def __init__(
        self,
        item: Item,
        model: str,
        method: str,
        settings: dict[str, Any],
        place: DeltaGenerator,
        alike: Callable[[], None],
    ) -> None:
        self.item, self.model, self.method, self.settings = item, model, method, settings
        self._draw_alike = alike
        self.is_new = st.session_state.get("pictured") != item.digest
        self.pictures, self.sentence = place.container(), place.container(key=styles.WORTH)
        self.alike = place.container()
        if self.is_new:  # drawn twice in this run; emptied in a later one, the place would lose its height meanwhile
            self.pictures, self.sentence = self.pictures.empty(), self.sentence.empty()

    def wait(self) -> None:
        """The photo with room for its heatmap and for the sentence on it; and the photos that are alike."""
        layout.attempt(lambda: self._side_by_side(None))
        self.sentence.markdown(words.WAITING)
        self._alike()
        st.session_state["pictured"] = self.item.digest  # not before: a run may be cut short anywhere

    def look(self) -> bool:
        """The photo beside its heatmap, and how to read it; whether there is one."""
        item = self.item
        heatmap = layout.attempt(lambda: resources.heatmap(self.model, self.method, self.settings, item.digest, item))
        if heatmap is not None:
            self._side_by_side(heatmap)
        if not self.is_new:
            self._alike()
        return heatmap is not None

    def worth(self) -> None:
        """What the brightest tenth of the heatmap is worth."""
        found = resources.tenth(self.model, self.method, self.settings, self.item.digest, self.item)
        self.sentence.markdown(words.tenth(found))

    def _side_by_side(self, heatmap: Heatmap | None) -> None:
        photo = resources.display(self.item.digest, self.item)
        comparison = reports.comparison(self.model, self.method)
        with self.pictures.container():
            plain, overlaid = st.columns(2)
            plain.image(photo, width="stretch", output_format="JPEG", alt=f"The photo {self.item.name}")
            with overlaid:
                if heatmap is None:
                    components.room_for_heatmap(photo, signed=ATTRIBUTIONS[self.method].facts["signed"])
                else:
                    components.heatmap(photo, heatmap, "opacity")
            signed = ATTRIBUTIONS[self.method].facts["signed"]
            st.caption(
                words.how_to_read(heatmap, comparison) if heatmap else words.placeholder(comparison, signed=signed)
            )

    def _alike(self) -> None:
        with self.alike:
            layout.attempt(self._draw_alike)
