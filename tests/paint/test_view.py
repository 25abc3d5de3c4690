"""What the canvas shows of a photo: strokes planted at known places lie there at every zoom."""

from __future__ import annotations

import numpy as np
import pytest

from core.paint import drawing
from core.paint.drawing import Stroke, strokes_of
from core.paint.view import ZOOMS, View
from core.photos import images
from tests.conftest import draw_photo

RATIO = 0.75
WIDTH, HEIGHT = 400, 300
"""Of the canvas in px."""
WINDOWS = [
    View(),
    *(View(2, left, top) for left, top in ((0, 0), (0.5, 0.375), (0.21, 0.11))),
    *(View(4, left, top) for left, top in ((0, 0), (0.75, 0.5625), (0.33, 0.4))),
]


def inside(view: View, x: float, y: float) -> tuple[float, float]:
    """A place on the photo at shares of what is seen."""
    return view.left + x / view.zoom, view.top + y * RATIO / view.zoom


@pytest.mark.parametrize("view", WINDOWS, ids=str)
def test_a_box_planted_on_the_photo_is_where_it_was_drawn_on_the_canvas(view: View) -> None:
    (left, top), (right, bottom) = inside(view, 0.2, 0.3), inside(view, 0.7, 0.8)
    planted = Stroke(((left, top), (right, top), (right, bottom), (left, bottom)), filled=True)
    box = {"type": "Rect", "left": 0.2 * WIDTH, "top": 0.3 * HEIGHT, "width": 0.5 * WIDTH, "height": 0.5 * HEIGHT}
    (drawn,) = strokes_of({"objects": [box | {"strokeWidth": 0, "fill": "#fff"}]}, WIDTH)
    own = drawing.draw((view.stroke(drawn),), 600, 800)
    assert (own == drawing.draw((planted,), 600, 800)).mean() > 0.9999
    assert own.mean() == pytest.approx(0.25 / view.zoom**2, rel=0.02)


@pytest.mark.parametrize("view", WINDOWS, ids=str)
def test_a_brush_is_as_thick_as_it_is_seen(view: View) -> None:
    line = {"type": "path", "path": [["M", 100, 150], ["L", 300, 150]], "strokeWidth": 40, "stroke": "#fff"}
    (drawn,) = strokes_of({"objects": [line]}, WIDTH)
    planted = Stroke((inside(view, 0.25, 0.5), inside(view, 0.75, 0.5)), 0.1 / view.zoom)
    found = view.stroke(drawn)
    assert found.thickness == pytest.approx(planted.thickness)
    np.testing.assert_allclose(found.points, planted.points)


@pytest.mark.parametrize("view", WINDOWS, ids=str)
def test_places_come_back(view: View) -> None:
    places = ((0.1, 0.2), (0.9, 0.7), (-0.3, 1.4))
    np.testing.assert_allclose(view.on_photo(view.on_canvas(places)), places)
    np.testing.assert_allclose(view.on_canvas(view.on_photo(places)), places)


@pytest.mark.parametrize("view", WINDOWS, ids=str)
def test_picture_and_mask_show_the_same_part(view: View) -> None:
    """A square planted on a photo of another size than the canvas is seen where places on the canvas say."""
    photo = np.zeros((900, 1200, 3), np.uint8)
    corner, other = inside(view, 0.25, 0.25), inside(view, 0.5, 0.75)
    (left, top), (right, bottom) = ([round(part * 1200) for part in place] for place in (corner, other))
    photo[top:bottom, left:right] = 255
    shown = view.picture(photo, WIDTH, HEIGHT)[..., 0] > 127
    box = Stroke((corner, (other[0], corner[1]), other, (corner[0], other[1])), filled=True)
    whole = drawing.draw((box,), HEIGHT * view.zoom, WIDTH * view.zoom)
    seen = view.mask(whole, WIDTH, HEIGHT)
    assert seen.shape == shown.shape == (HEIGHT, WIDTH)
    for found in (shown, seen):
        rows, columns = np.nonzero(found)
        edges = (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)
        np.testing.assert_allclose(edges, (0.25 * HEIGHT, 0.75 * HEIGHT, 0.25 * WIDTH, 0.5 * WIDTH), atol=1.5)


def test_four_windows_are_the_whole_photo() -> None:
    photo = draw_photo(3, 600, 800)
    parts = [[View(2, left, top).picture(photo, WIDTH, HEIGHT) for left in (0, 0.5)] for top in (0, 0.375)]
    joined = np.concatenate([np.concatenate(row, axis=1) for row in parts])
    assert np.abs(joined.astype(int) - photo).max() == 0
    assert (View().picture(photo, WIDTH, HEIGHT) == images.resize(photo, WIDTH, HEIGHT)).all()


def test_zoom_keeps_the_middle_and_ends_where_it_ends() -> None:
    near = View().zoomed(1, RATIO)
    assert near == View(2, 0.25, 0.25 * RATIO)
    assert near.zoomed(1, RATIO) == View(4, 0.375, 0.375 * RATIO)
    assert near.zoomed(1, RATIO).zoomed(1, RATIO).zoom == ZOOMS[-1]
    assert near.zoomed(-1, RATIO) == View() == View().zoomed(-1, RATIO)


def test_no_window_leaves_the_photo() -> None:
    random = np.random.default_rng(0)
    for ratio in (0.4, 1.0, 2.5):
        view = View()
        for _ in range(200):
            right, down, by = (int(step) for step in random.integers(-1, 2, 3))
            view = view.moved(right, down, ratio).zoomed(by, ratio)
            assert 0 <= view.left <= 1 - 1 / view.zoom + 1e-12
            assert 0 <= view.top <= (1 - 1 / view.zoom) * ratio + 1e-12


def test_moves_reach_every_corner() -> None:
    view = View(4, 0.4, 0.3)
    for _ in range(8):
        view = view.moved(1, 1, RATIO)
    assert (view.left, view.top) == (0.75, 0.5625)
    for _ in range(8):
        view = view.moved(-1, -1, RATIO)
    assert view == View(4)
