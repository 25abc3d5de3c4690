"""The answer to one try: numbers as they were computed, and words for how much that is."""

from __future__ import annotations

import numpy as np
import pytest

from core import config
from core.paint import answer, region_effect
from core.paint.region_effect import Painted


@pytest.fixture
def done() -> Painted:
    photo = np.zeros((4, 4, 3), np.uint8)
    return Painted(photo=photo, score=0.7, ablated_score=0.65, area=0.25)


def test_the_numbers_are_those_of_the_try(done: Painted) -> None:
    found = answer.told(done, region_effect.treatment(), config.DEFAULT_MODEL, None)
    assert (found.before, found.after, found.area, found.falls) == (0.7, 0.65, 0.25, True)
    assert found.delta == "−0.050"
    assert "−0.050" in found.size
    assert "no reference study" in found.among
