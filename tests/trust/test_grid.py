"""Maps as ranked cells, and how far two maps agree."""

from __future__ import annotations

import numpy as np
import pytest

from core.trust.grid import agreement, cells, mask_of, ranking
from core.types import Heatmap
from tests.helpers.patch import TRUE, explained

pytestmark = pytest.mark.usefixtures("small")


def test_cells_are_ranked_with_ties_in_a_fixed_random_order() -> None:
    values = np.zeros((28, 28), np.float32)
    values[:2, :2] = 1
    order = ranking(Heatmap(values, "any", 0.5))
    assert order[0] == 0
    assert sorted(order) == list(range(196))
    assert order[1:10].tolist() != sorted(order[1:10])
    np.testing.assert_array_equal(order, ranking(Heatmap(values, "any", 0.5)))
    assert cells(values)[0, 0] == 1
    assert mask_of(order[:1], 28, 28).sum() == 4


def test_maps_agree_with_themselves_and_not_with_a_map_of_nothing() -> None:
    _, _, found = explained(TRUE)
    assert agreement(found, found) == pytest.approx(1)
    nothing = Heatmap(np.zeros_like(found.values), "any", 0.5)
    assert agreement(found, nothing) == 0
