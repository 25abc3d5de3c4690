"""What is kept of a drawing: an open polygon is closed or kept, never lost, and what a browser sends is checked."""

from __future__ import annotations

import pytest

from core.errors import MaskError
from core.paint.drawing import Stroke
from core.paint.sketch import Sketch
from core.paint.view import View
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


def sent(*corner: float) -> dict[str, object]:
    """What a canvas tells of a box, from its corner over its width and height in px."""
    left, top, width, height = corner
    box = {"type": "rect", "left": left, "top": top, "width": width, "height": height, "strokeWidth": 0, "fill": "#fff"}
    return {"objects": [box]}


def test_no_stroke_is_lost_or_moved_where_another_part_is_shown() -> None:
    own = CanvasState(tool="Rectangle", width=400)
    own.take_strokes(sent(40, 40, 160, 120))  # the box of CORNERS on a canvas of 400 px
    first = own.sketch.mask(240, 360)
    assert (first == Sketch(None, (BOX,)).mask(240, 360)).all()
    mount = own.mount
    own.look(View(2, 0.5, 0.3))
    assert own.mount > mount  # the canvas begins anew
    assert (own.sketch.mask(240, 360) == first).all()
    own.take_strokes(sent(0, 0, 200, 100))
    added = Stroke(((0.5, 0.3), (0.75, 0.3), (0.75, 0.425), (0.5, 0.425)), filled=True)
    both = Sketch(None, (BOX, added)).mask(240, 360)
    assert (own.sketch.mask(240, 360) == both).all()
    own.look(View(4, 0.1, 0.1))
    own.look(View())
    assert (own.sketch.mask(240, 360) == both).all()
    own.undo()
    assert (own.sketch.mask(240, 360) == first).all()
    mount = own.mount
    own.look(View())
    assert own.mount == mount  # nothing else is shown: strokes of the mounted canvas stay on it


def test_an_open_polygon_goes_on_where_another_part_is_shown() -> None:
    own = CanvasState(tool="Polygon", view=View(2, 0.5, 0.0))
    own.take_corners([[0.2, 0.2], [0.4, 0.2]])
    assert own.corners == ((0.6, 0.1), (0.7, 0.1))
    own.look(View())
    own.take_corners([*map(list, own.view.on_canvas(own.corners)), [0.7, 0.4]])
    own.close()
    wanted = Sketch(None, (Stroke(((0.6, 0.1), (0.7, 0.1), (0.7, 0.4)), filled=True),))
    assert (own.sketch.mask(60, 90) == wanted.mask(60, 90)).all()


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
