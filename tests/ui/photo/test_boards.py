"""What is kept of a drawing: an open polygon is closed or kept, never lost, and what a browser sends is checked."""

from __future__ import annotations

import pytest

from core.errors import MaskError
from core.paint.drawing import Stroke
from core.paint.sketch import Sketch
from ui.photo.boards import TOOLS, CanvasState, corners_of, place_of

CORNERS = ((0.1, 0.1), (0.5, 0.1), (0.5, 0.4), (0.1, 0.4))
BOX = Stroke(CORNERS, filled=True)


def test_an_open_polygon_is_no_part_of_the_drawing_until_it_is_closed() -> None:
    own = CanvasState(tool="Polygon", corners=CORNERS)
    assert own.is_empty
    assert (own.closed.mask(60, 90) == Sketch(None, (BOX,)).mask(60, 90)).all()  # what a reload brings back
    own.close()
    assert own.corners == ()
    assert (own.sketch.mask(60, 90) == Sketch(None, (BOX,)).mask(60, 90)).all()
    own.undo()
    assert own.is_empty


def test_two_corners_stay_open() -> None:
    own = CanvasState(tool="Polygon", corners=CORNERS[:2])
    own.close()
    assert own.corners == CORNERS[:2]
    assert own.is_empty


def test_undo_takes_the_last_corner_before_what_was_drawn_earlier() -> None:
    own = CanvasState(past=[Sketch(), Sketch(None, (BOX,))], tool="Polygon", corners=CORNERS[:2])
    number = own.mount
    own.undo()
    assert own.corners == CORNERS[:1]
    assert own.mount != number  # the browser goes on from these corners, not from its own
    own.undo()
    assert own.corners == ()
    assert not own.is_empty
    own.undo()
    assert own.is_empty


@pytest.mark.parametrize(
    "told", [None, "1,2", [[1]], [["a", 0]], [[float("nan"), 0]], [[1e9, 0]], [[True, 0]], [[0, 0]] * 1001]
)
def test_what_is_no_list_of_corners_is_refused(told: object) -> None:
    with pytest.raises(MaskError):
        corners_of(told)


def test_places_of_the_browser_are_taken() -> None:
    assert corners_of([[0.1, 1], [0, 0.5]]) == ((0.1, 1.0), (0.0, 0.5))
    assert place_of([0.25, 0.5]) == (0.25, 0.5)


def test_every_tool_says_what_to_do() -> None:
    assert all(tool.hint.endswith(".") and tool.icon for tool in TOOLS.values())
