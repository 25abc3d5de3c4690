"""The picture under a canvas: the part that is seen, what was drawn on it, and outlines of what can be clicked."""

from __future__ import annotations

import numpy as np
import pytest

from core.paint.canvas_picture import OUTLINE, canvas_picture
from core.paint.drawing import Stroke
from core.paint.segments import Segments
from core.paint.sketch import Sketch
from core.paint.view import View
from core.photos import overlay
from tests.conftest import draw_photo

LEFT_HALF = Stroke(((0.0, 0.0), (0.5, 0.0), (0.5, 0.75), (0.0, 0.75)), filled=True)


def test_nothing_drawn_leaves_the_photo() -> None:
    photo = draw_photo(1, 60, 80)
    assert (canvas_picture(photo, 80, 60, View(), Sketch()) == photo).all()


@pytest.mark.parametrize(("view", "share"), [(View(), 0.5), (View(2, 0.0, 0.0), 1.0), (View(2, 0.25, 0.0), 0.5)])
def test_the_drawing_lies_where_it_is_in_the_photo(view: View, share: float) -> None:
    seen = draw_photo(2, 60, 80)
    made = canvas_picture(seen, 80, 60, view, Sketch(strokes=(LEFT_HALF,)))
    mask = np.zeros((60, 80), bool)
    mask[:, : round(80 * share)] = True
    assert (made == overlay.painted(seen, mask)).all()


def test_things_have_outlines_and_what_is_outside_of_the_view_has_none() -> None:
    thing = np.zeros((60, 80), bool)
    thing[10:20, 10:30] = True
    found = Segments((thing,), np.zeros((60, 80), int))
    grey = np.full((60, 80, 3), 100, np.uint8)
    made = canvas_picture(grey, 80, 60, View(), Sketch(), found)
    assert (made[10, 20] == OUTLINE).all()
    assert (made[15, 20] == 100).all()
    assert (made[40:, 40:] == 100).all()
    assert (canvas_picture(grey, 80, 60, View(2, 0.5, 0.375), Sketch(), found) == 100).all()
