"""Figures of effects show the numbers of their table, in its order, and nothing that is not in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.effects import plots as effect_plots
from core.effects.plots import MEASURES


def effects() -> pd.DataFrame:
    """Faces under two fills, one of which decides, and two whole-photo ablations, one of them without human scores."""
    return pd.DataFrame(
        {
            "row": [6, 7, 8, 9],
            "name": ["faces removed, blur", "faces removed, mean", "blur", "grayscale"],
            "title": ["Faces removed (fill: blur)", "Faces removed (fill: mean colour)", "Blur", "Grayscale"],
            "group": ["Faces removed", "Faces removed", "Blur", "Grayscale"],
            "kind": ["Things", "Things", "Shortcuts", "Shortcuts"],
            "decides": [True, False, True, True],
            "said": ["a", "a2", "b", "c"],
            "n": [70, 70, 200, 200],
            "mean_delta": [-0.04, -0.02, -0.01, 0.02],
            "ci_low": [-0.06, -0.05, -0.02, 0.01],
            "ci_high": [-0.01, 0.01, 0.0, 0.04],
            "control_mean_delta": [-0.005, -0.001, np.nan, np.nan],
            "excess_delta": [-0.025, -0.019, np.nan, np.nan],
            "excess_ci_low": [-0.05, -0.03, np.nan, np.nan],
            "excess_ci_high": [-0.02, -0.01, np.nan, np.nan],
            "share_lowered": [0.8, 0.7, 0.6, 0.3],
            "validity_drop": [0.01, 0.01, 0.05, np.nan],
            "validity_ci_low": [0.0, 0.0, 0.02, np.nan],
            "validity_ci_high": [0.02, 0.02, 0.08, np.nan],
        }
    )


def marks(figure: go.Figure, name: str) -> dict[str, float]:
    """The marks of one kind by the row that they stand on."""
    (trace,) = (trace for trace in figure.data if trace.name == name)
    return dict(zip(trace.y, trace.x, strict=True))


def test_an_ablation_is_one_row_under_its_kind_with_the_largest_drop_on_top() -> None:
    figure = effect_plots.bars(effects(), MEASURES["shift"], sesoi=0.01)
    rows = list(figure.layout.yaxis.categoryarray)[::-1]  # plotly draws from the bottom
    assert rows == ["<b>Things</b>", "Faces removed", "<b>Shortcuts</b>", "Blur", "Grayscale"]
    assert any(shape.x0 == -0.01 and shape.x1 == 0.01 for shape in figure.layout.shapes)


def test_fills_and_controls_are_marks_on_the_row_and_those_that_decide_are_solid() -> None:
    figure = effect_plots.bars(effects(), MEASURES["shift"], sesoi=0.01)
    assert marks(figure, effect_plots.DECIDING) == {"Faces removed": -0.04, "Blur": -0.01, "Grayscale": 0.02}
    assert marks(figure, effect_plots.OTHERS) == {"Faces removed": -0.02}
    assert marks(figure, effect_plots.COMPARED) == {"Faces removed": -0.005}
    solid, open_ = (trace for trace in figure.data if trace.name in (effect_plots.DECIDING, effect_plots.OTHERS))
    assert (solid.marker.symbol, open_.marker.symbol) == ("circle", "circle-open")
    assert np.allclose(solid.error_x.array, [0.03, 0.01, 0.02])
    assert np.allclose(solid.error_x.arrayminus, [0.02, 0.01, 0.01])
    assert [item[3] for item in solid.customdata] == ["faces removed, blur", "blur", "grayscale"]
    assert [item[4] for item in solid.customdata] == ["Faces removed (fill: blur)", "Blur", "Grayscale"]
    assert [item[0] for item in open_.customdata] == [7]


def test_a_measure_leaves_out_rows_that_lack_it() -> None:
    assert set(marks(effect_plots.bars(effects(), MEASURES["excess"]), effect_plots.DECIDING)) == {"Faces removed"}
    found = effect_plots.bars(effects(), MEASURES["validity"])
    assert set(marks(found, effect_plots.DECIDING)) == {"Faces removed", "Blur"}


def test_only_shifts_of_the_score_have_the_band_of_negligible_effects() -> None:
    figure = effect_plots.bars(effects(), MEASURES["lowered"], sesoi=0.01)
    assert all(shape.x0 == shape.x1 for shape in figure.layout.shapes)
    assert all(trace.error_x.array is None for trace in figure.data)


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
