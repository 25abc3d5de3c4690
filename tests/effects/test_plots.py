"""Figures of effects show the numbers of their table, in its order, and nothing that is not in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.effects import plots as effect_plots
from core.effects.plots import MEASURES


def effects() -> pd.DataFrame:
    """Three rows: a region with controls, and two whole-photo ablations, one of them without human scores."""
    return pd.DataFrame(
        {
            "row": [7, 8, 9],
            "name": ["faces", "blur", "grayscale"],
            "said": ["a", "b", "c"],
            "n": [70, 200, 200],
            "mean_delta": [-0.04, -0.01, 0.02],
            "ci_low": [-0.06, -0.02, 0.01],
            "ci_high": [-0.01, 0.0, 0.04],
            "control_mean_delta": [-0.005, np.nan, np.nan],
            "excess_delta": [-0.025, np.nan, np.nan],
            "excess_ci_low": [-0.05, np.nan, np.nan],
            "excess_ci_high": [-0.02, np.nan, np.nan],
            "share_lowered": [0.8, 0.6, 0.3],
            "validity_drop": [0.01, 0.05, np.nan],
            "validity_ci_low": [0.0, 0.02, np.nan],
            "validity_ci_high": [0.02, 0.08, np.nan],
        }
    )


def test_bars_are_sorted_with_the_largest_drop_on_top_and_their_intervals() -> None:
    figure = effect_plots.bars(effects(), MEASURES["shift"], sesoi=0.01)
    bar, inside, control = figure.data
    assert list(bar.y) == ["grayscale", "blur", "faces"]  # plotly draws from the bottom
    assert np.allclose(bar.error_x.array, [0.02, 0.01, 0.03])
    assert np.allclose(bar.error_x.arrayminus, [0.01, 0.01, 0.02])
    assert [item[0] for item in bar.customdata] == [9, 8, 7]
    assert (list(control.y), list(control.x)) == (["faces"], [-0.005])
    assert (list(inside.y), list(inside.x)) == (
        ["faces"],
        [pytest.approx(-0.03)],
    )  # not the bar's −0.04, which is of more photos
    assert any(shape.x0 == -0.01 and shape.x1 == 0.01 for shape in figure.layout.shapes)


def test_a_measure_leaves_out_rows_that_lack_it() -> None:
    assert list(effect_plots.bars(effects(), MEASURES["excess"]).data[0].y) == ["faces"]
    assert set(effect_plots.bars(effects(), MEASURES["validity"]).data[0].y) == {"faces", "blur"}


def test_only_shifts_of_the_score_have_the_band_of_negligible_effects() -> None:
    figure = effect_plots.bars(effects(), MEASURES["lowered"], sesoi=0.01)
    assert all(shape.x0 == shape.x1 for shape in figure.layout.shapes)
    assert figure.data[0].error_x.array is None


def test_no_rows_give_an_empty_figure() -> None:
    assert not len(effect_plots.bars(effects().head(0), MEASURES["shift"]).data[0].x)


def test_the_band_of_a_dose_response_runs_there_and_back() -> None:
    doses = pd.DataFrame(
        {"strength": [0.2, 0.1], "mean_delta": [-2.0, -1.0], "ci_low": [-3.0, -1.5], "ci_high": [-1.0, -0.5]}
    )
    band, line = effect_plots.dose_response(doses, "sigma", default=0.1).data
    assert list(band.x) == [0.1, 0.2, 0.2, 0.1]
    assert list(band.y) == [-0.5, -1.0, -3.0, -1.5]
    assert list(line.y) == [-1.0, -2.0]


def test_a_histogram_keeps_every_photo() -> None:
    (bar,) = effect_plots.differences(np.array([-0.1, 0.0, 0.1]), np.array([3, 4]), mean=0.01).data
    assert (sum(bar.y), list(bar.x)) == (7, [-0.05, 0.05])
