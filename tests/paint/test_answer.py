"""The answer to one try: numbers as they were computed, and words for how much that is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core import config
from core.paint import answer, region_effect
from core.paint.region_effect import Painted
from core.registry import FILLS


@pytest.fixture
def done() -> Painted:
    photo = np.zeros((4, 4, 3), np.uint8)
    return Painted(photo=photo, score=0.7, ablated_score=0.65, area=0.25)


def test_the_numbers_are_those_of_the_try(done: Painted) -> None:
    found = answer.told(done, region_effect.treatment(), config.DEFAULT_MODEL, None)
    assert (found.done.score, found.done.ablated_score, found.done.area, found.falls) == (0.7, 0.65, 0.25, True)
    assert found.delta == "−0.050"
    assert "−0.050" in found.size
    assert "no reference study" in found.among


def test_the_first_fill_is_that_of_the_least_artefact_in_a_study_of_the_same_model() -> None:
    found = tuple(SimpleNamespace(fill=name) for name in ("blur", "inpaint"))
    study: Any = SimpleNamespace(baseline=SimpleNamespace(model="resnet50"), verdict=SimpleNamespace(artefacts=found))
    assert answer.first_fill("resnet50", study) == "blur"
    assert answer.first_fill("resmem", study) == answer.UNTOLD
    assert answer.first_fill("resnet50", None) == answer.UNTOLD
    study.verdict.artefacts = ()  # protocol 1 measured none
    assert answer.first_fill("resnet50", study) == answer.UNTOLD
    assert answer.UNTOLD in FILLS
