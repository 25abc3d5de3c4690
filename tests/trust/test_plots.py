"""Figures of curves."""

from __future__ import annotations

import numpy as np

from core.trust import plots


def test_insertion_is_drawn_beside_deletion_in_the_colour_of_the_method() -> None:
    shares, high, low = np.linspace(0, 1, 3), np.array([0.9, 0.4, 0.1]), np.array([0.9, 0.8, 0.1])
    figure = plots.deletion_and_insertion({"Grad-CAM": (shares, high, low)}, (), 0.5)
    deletion, insertion = figure.data
    assert list(deletion.y) == [0.9, 0.4, 0.1]
    assert list(insertion.y) == [0.1, 0.8, 0.9]
    assert list(insertion.x) == [0, 50, 100]
    assert "removed" in deletion.hovertemplate
    assert "brought back" in insertion.hovertemplate
