"""A drawing becomes the mask that was drawn: areas by geometry, order, sizes, and everything that is no drawing."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import MaskError
from core.paint.drawing import ERASE_COLOUR, Stroke, draw, strokes_of

WIDTH, HEIGHT = 400, 300
PAINT = "rgba(217,120,45,0.5)"


def shape(kind: str, **given: Any) -> dict[str, Any]:
    """An object as the canvas sends it."""
    usual = {"originX": "left", "originY": "top", "angle": 0, "scaleX": 1, "scaleY": 1, "skewX": 0, "skewY": 0}
    return {"type": kind, **usual, "flipX": False, "flipY": False, "stroke": PAINT, "strokeWidth": 0, **given}


def rect(left: float, top: float, width: float, height: float, **given: Any) -> dict[str, Any]:
    return shape("Rect", left=left, top=top, width=width, height=height, fill=PAINT, **given)


def line(*points: tuple[float, float], thickness: float = 20, **given: Any) -> dict[str, Any]:
    """A freely drawn line through points."""
    path = [["M", *points[0]], *(["L", *point] for point in points[1:])]
    return shape("Path", path=path, strokeWidth=thickness, fill=None, **given)


def mask_of(*objects: dict[str, Any], height: int = HEIGHT, width: int = WIDTH, **given: Any) -> np.ndarray:
    return draw(strokes_of({"objects": list(objects)}, WIDTH), height, width, **given)


def test_a_rectangle_covers_its_pixels_exactly() -> None:
    mask = mask_of(rect(40, 60, 100, 50))
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[60:110, 40:140] = True
    assert (mask == wanted).mean() > 0.998
    assert mask[61:109, 41:139].all()
    assert not mask[:59].any()


@pytest.mark.parametrize(
    ("item", "area"),
    [
        (shape("Circle", left=100, top=50, width=120, height=120, radius=60, fill=PAINT), math.pi * 60**2),
        (shape("Ellipse", left=100, top=50, width=200, height=80, fill=PAINT), math.pi * 100 * 40),
        (
            shape("Circle", left=100, top=50, width=50, height=50, scaleX=4, scaleY=2, fill=PAINT),
            math.pi * 100 * 50,
        ),
        (rect(200, 150, 100, 60, originX="center", originY="center", angle=30), 6000),
        (shape("Polygon", points=[{"x": 50, "y": 50}, {"x": 250, "y": 50}, {"x": 50, "y": 250}], fill=PAINT), 20000),
        (line((100, 100), (300, 100)), 200 * 20 + math.pi * 10**2),
        (line((200, 150)), math.pi * 10**2),
        (
            shape("Line", left=200, top=150, originX="center", originY="center", width=200, height=0)
            | {"x1": -100, "x2": 100, "y1": 0, "y2": 0, "strokeWidth": 20},
            200 * 20 + math.pi * 10**2,
        ),
    ],
)
def test_every_tool_covers_the_area_of_its_shape(item: dict[str, Any], area: float) -> None:
    assert mask_of(item).sum() == pytest.approx(area, rel=0.04)


def test_a_turned_rectangle_lies_where_fabric_shows_it() -> None:
    rows, columns = np.nonzero(mask_of(rect(200, 100, 100, 40, angle=90)))
    assert (columns.min(), columns.max()) == pytest.approx((160, 200), abs=1)
    assert (rows.min(), rows.max()) == pytest.approx((100, 200), abs=1)


def test_a_moved_line_is_where_it_was_moved_to() -> None:
    drawn = line((100, 100), (200, 100), left=190, top=190, width=100, height=0, scaleX=2, strokeUniform=True)
    rows, columns = np.nonzero(mask_of(drawn))
    assert (columns.min(), columns.max()) == pytest.approx((190, 399), abs=2)
    assert (rows.min(), rows.max()) == pytest.approx((190, 210), abs=1.5)


def test_ellipses_are_drawn_as_the_rectangle_around_them() -> None:
    strokes = strokes_of({"objects": [rect(100, 50, 200, 80)]}, WIDTH, ellipses=True)
    assert draw(strokes, HEIGHT, WIDTH).sum() == pytest.approx(math.pi * 100 * 40, rel=0.02)


def test_order_matters_and_the_starting_mask_comes_first() -> None:
    paint, erase = rect(0, 0, 200, 300), rect(100, 0, 200, 300, stroke=ERASE_COLOUR + "b0")
    start = np.zeros((HEIGHT, WIDTH), bool)
    start[:, 300:] = True
    assert mask_of(paint, erase, start=start).sum() == pytest.approx((100 + 100) * 300, rel=0.01)
    assert mask_of(erase, paint, start=start).sum() == pytest.approx((200 + 100) * 300, rel=0.01)
    assert start.sum() == 100 * 300


def test_without_strokes_the_starting_mask_is_unchanged() -> None:
    start = np.random.default_rng(0).random((HEIGHT, WIDTH)) < 0.5
    assert (draw((), HEIGHT, WIDTH, start) == start).all()


@pytest.mark.parametrize("scale", [0.2, 0.64, 3.0])
def test_the_same_drawing_covers_the_same_share_at_any_size(scale: float) -> None:
    objects = (line((80, 80), (300, 200), (200, 250)), rect(20, 200, 60, 60), line((100, 100), stroke=ERASE_COLOUR))
    whole = mask_of(*objects).mean()
    assert mask_of(*objects, height=round(HEIGHT * scale), width=round(WIDTH * scale)).mean() == pytest.approx(
        whole, rel=0.06
    )


def test_curves_pass_where_they_should() -> None:
    curve = shape("Path", path=[["M", 100, 200], ["Q", 200, 0, 300, 200], ["L", 300, 201]], strokeWidth=10)
    mask = mask_of(curve)
    assert mask[100, 200]
    assert not mask[200, 200]


def test_a_click_without_a_drag_draws_no_shape() -> None:
    assert strokes_of({"objects": [rect(10, 10, 1, 1)]}, WIDTH) == ()


def test_strokes_outside_are_cut_off() -> None:
    assert mask_of(rect(-100, -100, 5000, 5000)).all()
    assert not mask_of(rect(1000, 1000, 50, 50)).any()


def test_nothing_drawn() -> None:
    assert strokes_of(None, WIDTH) == ()
    assert not draw((), HEIGHT, WIDTH).any()


def test_a_long_strip_is_drawn_without_gigabytes() -> None:
    assert draw((Stroke(((0.5, 0.005),), 0.01),), 256, 25_600).any()


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(MaskError, match=r"3 × 2 px and the photo 400 × 300"):
        draw((), HEIGHT, WIDTH, np.zeros((2, 3), bool))


@pytest.mark.parametrize(
    "bad",
    [
        [],
        "objects",
        {"objects": None},
        {"objects": ["x"]},
        {"objects": [{"type": "Image", "src": "http://example.org"}]},
        {"objects": [{"type": ["Rect"]}]},
        {"objects": [rect(math.nan, 0, 10, 10)]},
        {"objects": [rect(math.inf, 0, 10, 10)]},
        {"objects": [rect(1e300, 0, 10, 10)]},
        {"objects": [rect(1e6, 0, 10, 10)]},
        {"objects": [rect("1", 0, 10, 10)]},
        {"objects": [rect(True, 0, 10, 10)]},
        {"objects": [rect(0, 0, 10, 10, originX="up", scaleX=2)]},
        {"objects": [rect(0, 0, 10, 10, skewX=3)]},
        {"objects": [rect(0, 0, 1, 1)] * 2001},
        {"objects": [line((0, 0), (1, 1), thickness=1e5)]},
        {"objects": [line((0, 0), (1, 1), thickness=-1)]},
        {"objects": [shape("Path", path="M 0 0")]},
        {"objects": [shape("Path", path=[])]},
        {"objects": [shape("Path", path=[["Z"]])]},
        {"objects": [shape("Path", path=[["A", 1, 2]])]},
        {"objects": [shape("Path", path=[["M", 1]])]},
        {"objects": [shape("Path", path=[[["M"], 1, 2]])]},
        {"objects": [shape("Path", path=[["M", 1, None]])]},
        {"objects": [shape("Polygon", points=[{"x": 1, "y": 1}] * 2)]},
        {"objects": [shape("Polygon", points=[[1, 2]] * 3)]},
        {"objects": [shape("Polygon", points=[{"x": 1}] * 3)]},
    ],
)
def test_what_is_no_drawing_is_refused_in_one_sentence(bad: Any) -> None:
    with pytest.raises(MaskError) as refused:
        strokes_of(bad, WIDTH)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


ANYTHING = some.recursive(
    some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(
    kind=some.sampled_from(["Path", "Rect", "Circle", "Polygon", "Line", "Group"]),
    name=some.sampled_from(["left", "path", "points", "width", "strokeWidth", "stroke", "fill", "angle", "originX"]),
    value=ANYTHING,
)
def test_any_value_anywhere_gives_strokes_or_a_mask_error(kind: str, name: str, value: Any) -> None:
    item = rect(1, 1, 30, 30, path=[["M", 1, 1]], points=[{"x": 1, "y": 2}] * 3) | {"type": kind, name: value}
    with contextlib.suppress(MaskError):
        draw(strokes_of({"objects": [item]}, WIDTH), 30, 40)
