"""Figures as vectors: every mark stands where its number is, says it to the last digit, and nothing is left out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core import plots
from core.effects import plots as effect_plots
from core.effects.plots import MEASURES
from core.verdict.axes import axis, round_values
from core.verdict.vector import WIDTH, vector
from tests.effects.test_plots import effects


def drawn(figure: go.Figure, label: str = "What it shows") -> ET.Element:
    """The parsed SVG of a figure."""
    return ET.fromstring(re.search(r"<svg.*</svg>", vector(figure, label)).group())


def numbers(part: ET.Element) -> list[float]:
    """The numbers of a mark's title."""
    return [float(found) for found in re.findall(r"-?\d[\d.e-]*", part.findtext("title").rpartition(": ")[2])]


def scale(places: list[tuple[float, float]]) -> tuple[float, float]:
    """px a unit, and px at 0, of values and their places: least squares."""
    values, at = np.array(places).T
    return tuple(np.polyfit(values, at, 1))


def test_marks_stand_where_their_numbers_are_and_say_them_to_the_last_digit() -> None:
    table = effects()
    table.loc[0, "mean_delta"] = -0.1 / 3
    svg = drawn(effect_plots.bars(table, MEASURES["shift"], sesoi=0.01))
    circles = [part for part in svg.iter("circle") if numbers(part)]
    found = {part.findtext("title").partition(": ")[2].partition(",")[0]: part for part in circles}
    assert set(found) == {"Faces removed", "Blur", "Grayscale"}
    solid = [numbers(part) for part in circles if part.get("fill") != "none"]
    told = sorted(values[0] for values in solid)
    assert told == sorted(table.loc[table["decides"], "mean_delta"])
    per_unit, _ = scale([(numbers(part)[0], float(part.get("cx"))) for part in circles])
    assert per_unit > 0
    for part in circles:
        place = scale([(numbers(other)[0], float(other.get("cx"))) for other in circles])
        assert float(part.get("cx")) == pytest.approx(np.polyval(place, numbers(part)[0]), abs=0.1)
    (band,) = [part for part in svg.iter("rect") if part.get("fill") == plots.GREY]
    assert float(band.get("width")) == pytest.approx(0.02 * per_unit, abs=0.2)
    lines = [part for part in svg.iter("line") if part.get("y1") == part.get("y2") and part.get("stroke") == plots.GREY]
    lengths = sorted(float(part.get("x2")) - float(part.get("x1")) for part in lines)
    decided = table[table["decides"]]
    assert lengths == pytest.approx(sorted((decided["ci_high"] - decided["ci_low"]) * per_unit), abs=0.2)


def test_a_falling_axis_runs_to_the_left() -> None:
    doses = pd.DataFrame({"value": [5.0, 50.0, 95.0], "delta": [-0.2, -0.1, 0.0]})
    none = pd.DataFrame(columns=["value", "mean", "low", "high"])
    for rising, sign in ((True, 1), (False, -1)):
        svg = drawn(plots.along_dose(doses, none, "quality", 50.0, rising))
        marks = [part for part in svg.iter("circle") if numbers(part)]  # not that of the legend
        steps = np.diff([float(part.get("cx")) for part in marks])
        assert (np.sign(steps) == sign).all()
        assert [numbers(part) for part in marks] == [[-0.2, 5.0], [-0.1, 50.0], [0.0, 95.0]]


def test_bars_have_the_height_of_their_count_and_the_band_its_place() -> None:
    scores = np.random.default_rng(0).random(500)
    svg = drawn(plots.among(0.5, scores, (0.25, 0.75)))
    bins = plots.score_bins(scores)
    bars = [part for part in svg.iter("rect") if part.find("title") is not None]
    assert [numbers(part)[0] for part in bars] == list(bins["photos"])
    heights = np.array([float(part.get("height")) for part in bars])
    assert heights / heights.max() == pytest.approx(bins["photos"] / bins["photos"].max(), abs=0.01)
    (band,) = [part for part in svg.iter("rect") if part.get("fill") == plots.ORANGE]
    (mark,) = [part for part in svg.iter("line") if part.get("stroke") == plots.ORANGE]
    left, width = float(band.get("x")), float(band.get("width"))
    assert float(mark.get("x1")) == pytest.approx(left + width / 2, abs=0.1)


def test_everything_lies_inside_and_every_word_is_escaped() -> None:
    table = effects()
    table.loc[0, "group"] = 'A <script>"&'
    for figure in (
        effect_plots.bars(table, MEASURES["shift"], sesoi=0.01),
        plots.elsewhere(-0.03, [0.01, 0.02]),
        plots.variants({"a <b": -0.03, "c": 0.01}),
    ):
        html = vector(figure, '"><script>')
        assert "<script" not in html
        svg = ET.fromstring(re.search(r"<svg.*</svg>", html).group())
        assert svg.get("role") == "img"
        assert svg.get("aria-label") == '"><script>'
        for part in svg.iter():
            for name in ("x", "x1", "x2", "cx"):
                assert 0 <= float(part.get(name, 0)) <= WIDTH
        assert all(part.get("fill") == "currentColor" for part in svg.iter("text"))


def test_what_it_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="pie"):
        vector(plots.finished(go.Figure(go.Pie(values=[1])), "", None), "")
    figure = go.Figure(go.Scatter(x=[1], y=[1], mode="markers", marker={"symbol": "star", "color": "red"}))
    with pytest.raises(ValueError, match="star"):
        vector(plots.finished(figure, "", None), "")


def test_one_value_alone_and_none_at_all_can_be_drawn() -> None:
    assert len(list(drawn(plots.elsewhere(0.0, [])).iter("path"))) == 2  # the mark, and the same in the legend
    empty = drawn(effect_plots.bars(effects().head(0), MEASURES["shift"]))
    assert not list(empty.iter("circle"))


def test_ticks_are_round_and_inside() -> None:
    assert round_values(-0.41, 0.33) == [-0.4, -0.2, 0.0, 0.2]
    assert round_values(0, 100) == [0, 20, 40, 60, 80, 100]
    for low, high in ((-3e-7, 2e-6), (0.07, 0.071), (-1234, 5678)):
        ticks = round_values(low, high)
        assert 3 <= len(ticks) <= 12
        assert low <= ticks[0] < ticks[-1] <= high
    figure = plots.finished(go.Figure(go.Scatter(x=[1, 3], y=[2, 2], mode="lines", line={"color": "red"})), "x", "y")
    assert axis(figure, "x", 0, 100).at(2) == pytest.approx(50)


def test_names_of_two_figures_do_not_meet() -> None:
    """Nothing in a vector has an id, so that many of them can stand on one page."""
    assert " id=" not in vector(plots.elsewhere(0.1, [0.2]), "x")
