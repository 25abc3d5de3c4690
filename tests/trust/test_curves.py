"""Deletion and insertion curves: a true map beats the baselines on a model whose cause is known."""

from __future__ import annotations

import pytest

from core.registry import ATTRIBUTIONS
from core.trust.curves import curves
from tests.helpers.patch import FILL, TRUE, explained

pytestmark = pytest.mark.usefixtures("small")


def test_a_true_map_gains_and_the_baselines_do_not() -> None:
    gains = {}
    for entry in ATTRIBUTIONS:
        if entry.facts["passes"] <= 1:
            predictor, photo, found = explained(entry.id)
            gains[entry.id] = curves(predictor, photo, found, fills=FILL).gain
    best = max(value for name, value in gains.items() if ATTRIBUTIONS[name].facts["baseline"])
    assert gains[TRUE] > best + 0.03
    assert gains["layer_cam"] > best + 0.03


def test_curves_start_at_the_photo_and_end_at_nothing() -> None:
    predictor, photo, found = explained(TRUE)
    made = curves(predictor, photo, found, fills=FILL, steps=4)
    assert made.shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert made.highest_first[0] == made.lowest_first[0] == pytest.approx(found.score)
    assert made.highest_first[-1] == made.lowest_first[-1]
    assert made.highest_first[1] < made.lowest_first[1]
    assert made.gain > 0
