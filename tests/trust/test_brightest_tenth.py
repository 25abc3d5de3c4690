"""What the brightest tenth of a heatmap is worth, on a model whose cause is known, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.trust import words
from core.trust.brightest_tenth import brightest_tenth, elsewhere
from core.types import Heatmap
from tests.helpers.patch import FILL, PATCH, TRUE, explained

pytestmark = pytest.mark.usefixtures("small")


def test_removing_what_a_true_map_points_at_lowers_the_score_further_than_elsewhere() -> None:
    found = brightest_tenth(*explained(TRUE), fills=FILL)
    assert found is not None
    assert found.delta < -0.1
    assert found.excess < -0.1
    assert found.mask[PATCH].mean() > 0.8
    assert max(abs(other) for other in found.elsewhere) < 0.1
    said = words.tenth(found)
    assert "lowers the score by 0." in said
    assert f"{len(found.elsewhere)} of {len(found.elsewhere)} other places" in said
    raised = words.tenth(replace(found, delta=0.1))
    assert "raises the score by 0.100" in raised
    assert raised.endswith("Removing these places does not lower the score.")


def test_a_map_that_points_nowhere_has_no_tenth() -> None:
    predictor, photo, found = explained(TRUE, -1)
    assert brightest_tenth(predictor, photo, found, fills=FILL) is None
    assert words.tenth(None) == words.POINTS_NOWHERE
    assert "Nothing in this photo raises" in words.caption(found, baseline=False)
    silent = Heatmap(np.zeros((4, 4), np.float32), TRUE, 0.5, 0.0, signed=True)
    assert words.caption(silent, baseline=False) == words.SILENT


def test_a_scattered_shape_is_moved_over_the_border() -> None:
    scattered = np.zeros((40, 60), bool)
    scattered[::39, ::59] = True
    others, wrapped = elsewhere(scattered)
    assert wrapped
    assert all(other.sum() == scattered.sum() for other in others)
    assert all((other & scattered).sum() == 0 for other in others)
    compact = np.zeros((40, 60), bool)
    compact[:8, :8] = True
    others, wrapped = elsewhere(compact)
    assert not wrapped
    assert len(others) == 8
