"""Lines around dense places hold the share of photos that they say, and few photos have none."""

from __future__ import annotations

import numpy as np
import pytest

from core.latent.density import FEWEST, density


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_inside_a_line_lies_its_share_of_the_photos(share: float) -> None:
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(0, 1, (1500, 2)), random.normal([6, 3], 0.5, (1500, 2))])
    found = density(points)
    cells = found.share[
        np.abs(found.y[:, None] - points[:, 1]).argmin(0), np.abs(found.x[:, None] - points[:, 0]).argmin(0)
    ]
    assert (cells <= share).mean() == pytest.approx(share, abs=0.01)


def test_a_normal_cloud_has_the_circles_that_theory_gives() -> None:
    found = density(np.random.default_rng(1).normal(0, 1, (40_000, 2)))
    half = found.share <= 0.5
    area = half.sum() * (found.x[1] - found.x[0]) * (found.y[1] - found.y[0])
    assert np.sqrt(area / np.pi) == pytest.approx(np.sqrt(2 * np.log(2)), rel=0.03)


@pytest.mark.parametrize(
    "points", [np.zeros((100, 2)), np.ones((FEWEST - 1, 2)), np.column_stack([np.arange(99.0)] * 2) * [1, 0]]
)
def test_where_there_is_nothing_to_draw_there_is_nothing(points: np.ndarray) -> None:
    assert density(points) is None
