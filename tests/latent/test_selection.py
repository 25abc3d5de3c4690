"""What can be selected on the map: outlines, addresses, and how a selection differs from the rest."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import LatentError
from core.latent import selection


def test_inside_a_polygon_is_what_is_inside() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    box = selection.parse("box:-0.5,-0.2,0.3,0.6").contains(points)
    x, y = points.T
    np.testing.assert_array_equal(box, (x > -0.5) & (x < 0.3) & (y > -0.2) & (y < 0.6))
    triangle = selection.parse("lasso:0,0;1,0;0,1").contains(points)
    np.testing.assert_array_equal(triangle, (x > 0) & (y > 0) & (x + y < 1))
    again = selection.parse(str(selection.parse("lasso:0,0;1,0;0,1")))
    np.testing.assert_array_equal(again.contains(points), triangle)


def test_outlines_add_and_take_away_in_their_order() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    x, y = points.T
    first = selection.drawn({"box": [-1, -1, 0, 1]})
    more = selection.drawn({"box": [0, 0, 1, 1], "how": "+"}, first)
    less = selection.drawn({"lasso": [[-1, -1], [1, -1], [1, 0.5], [-1, 0.5]], "how": "-"}, more)
    np.testing.assert_array_equal(more.contains(points), (x < 0) | (y > 0))
    np.testing.assert_array_equal(less.contains(points), ((x < 0) | (y > 0)) & (y > 0.5))
    np.testing.assert_array_equal(selection.parse(str(less)).contains(points), less.contains(points))
    back = selection.drawn({"box": [-1, -1, 1, 1], "how": "+"}, less)
    assert back.contains(points).all()  # what was taken away can be added again
    assert len(selection.drawn({"box": [0, 0, 1, 1]}, back).outlines) == 1  # without a key a selection begins anew
    assert selection.drawn({"box": [0, 0, 1, 1], "how": "-"}) is None  # from nothing nothing is taken
    for _ in range(selection.MOST_PARTS - len(back.outlines)):
        back = selection.drawn({"box": [0, 0, 1, 1], "how": "-"}, back)
    with pytest.raises(LatentError, match="Escape"):
        selection.drawn({"box": [0, 0, 1, 1], "how": "-"}, back)


NO_SELECTION = [
    "",
    "box:1,2,3",
    "box:0,0,1,1|box:0,0,1,1",
    "-box:0,0,1,1",
    "|".join(["box:0,0,1,1", *["+box:0,0,1,1"] * selection.MOST_PARTS]),
    "lasso:1,2;3,4",
    "lasso:a,b;1,2;3,4",
    "ring:1,2",
    "box:nan,1,2,3",
]


@pytest.mark.parametrize("text", NO_SELECTION)
def test_no_selection(text: str) -> None:
    with pytest.raises(LatentError, match="not of the form"):
        selection.parse(text)


def test_a_long_lasso_fits_an_address() -> None:
    angle = np.linspace(0, 2 * np.pi, 1000)
    drawn = selection.drawn({"lasso": np.column_stack([np.cos(angle), np.sin(angle)]).tolist()})
    assert len(drawn.outlines[0].corners) <= selection.MOST_CORNERS
    points = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    assert (drawn.contains(points) == (np.square(points).sum(axis=1) < 1)).mean() > 0.98


def test_the_difference_has_the_interval_of_a_bootstrap() -> None:
    from scipy import stats

    random = np.random.default_rng(0)
    inside, outside = random.normal(0.1, 1, 200), random.normal(0, 1, 300)
    found = selection.difference(inside, outside)
    known = stats.bootstrap(
        (inside, outside), lambda a, b: a.mean() - b.mean(), vectorized=False, method="percentile", random_state=1
    ).confidence_interval
    assert found.estimate == pytest.approx(inside.mean() - outside.mean())
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=0.03)
    with pytest.raises(LatentError, match="At least 2"):
        selection.difference(inside[:1], outside)
