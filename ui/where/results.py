"""What the page computes, once for all visitors: maps, what their places are worth, and the photo with places gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.types import Heatmap, Pixels
from ui import resources
from ui.resources import Item

if TYPE_CHECKING:
    from core.trust.brightest_tenth import BrightestTenth
    from core.trust.curves import Curves
    from core.trust.randomisation import RandomisedStage


def heatmap(model: str, method: str, item: Item) -> Heatmap:
    """A method's map of the photo at working size, at its default settings."""
    return resources.heatmap(model, method, {}, item.digest, item)


def tenth(model: str, method: str, item: Item) -> BrightestTenth | None:
    """What the brightest tenth of a map is worth."""
    return resources.tenth(model, method, {}, item.digest, item)


@st.cache_data(show_spinner=False, max_entries=256)
def curves(model: str, method: str, digest: str, _item: Item) -> Curves:
    """Deletion and insertion in the order of a map."""
    from core.trust.curves import curves as measure

    photo = resources.working(digest, _item)
    return measure(resources.predictor(model), photo, heatmap(model, method, _item))


@st.cache_data(show_spinner=False, max_entries=128)
def without(model: str, method: str, share: float, digest: str, _item: Item) -> Pixels:
    """The photo at working size without a share of its highest places, as the curve's first fill leaves it."""
    from core.trust.curves import removal
    from core.trust.curves import without as filled
    from core.trust.deciding_fills import deciding_fills
    from core.trust.grid import ranking

    photo = resources.working(digest, _item)
    gone = removal(ranking(heatmap(model, method, _item)), share, photo)
    return filled(photo, gone, deciding_fills(model).fills[0])


@st.cache_data(show_spinner=False, max_entries=64)
def randomised(model: str, method: str, digest: str, _item: Item) -> list[RandomisedStage]:
    """Agreement of a map with those of the model while its weights are randomised."""
    from core.trust.randomisation import cascading_randomisation

    photo = resources.working(digest, _item)
    return list(cascading_randomisation(resources.predictor(model), photo, heatmap(model, method, _item)))
