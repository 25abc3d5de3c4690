"""The nine rows of a verdict to a Plotly figure: draws, computes nothing."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from core.plots import BLUE, GREY, ORANGE, finished
from core.study.protocol import SEMANTIC
from core.verdict.headline import Headline, HeadlineRow
from core.verdict.records import DROP, NEGLIGIBLE, RISE, UNRESOLVED
from core.wording import minus

COLOURS = {DROP: BLUE, RISE: ORANGE, NEGLIGIBLE: GREY, UNRESOLVED: GREY}
LEGEND = {DROP: "lowers the score", RISE: "raises it", NEGLIGIBLE: "too little to matter", UNRESOLVED: "not settled"}
ROW = 44
"""Height of a row in px."""
EXPECTED = {"drop": (-1,), "negligible": (0,), "drop or rise": (-1, 1)}
"""On which side of the band an account's mark stands."""
COMPARED = {"no larger than the largest semantic drop": -0.5, "larger than every semantic drop": -1.3}
"""Where it stands if an account compares a row with the semantic ones: in sizes of the largest of their drops."""
MARK = 1.6
"""How far from 0 it stands, in widths of the band."""


def nine_rows(found: Headline, row: int = ROW) -> go.Figure:
    """Estimate and 95 % interval of every row in SD on one axis, with the band of indifference and what was predicted.

    Colour tells the reading; an open mark is not settled. Small letters below a row say where account A and account B
    expect it. A `row` is so many px high.
    """
    rows = found.rows[::-1]  # plotly draws from the bottom
    figure = go.Figure()
    figure.add_vrect(x0=-found.sesoi, x1=found.sesoi, fillcolor=GREY, opacity=0.15, line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    for reading, name in LEGEND.items():
        _estimates(figure, reading, name, [(place, item) for place, item in enumerate(rows) if item.reading == reading])
    for place, item in enumerate(rows):
        if math.isnan(item.estimate.estimate):
            figure.add_annotation(x=0, y=place, text="not tested", showarrow=False, font={"color": GREY, "size": 11})
    for letter, account in (("A", 0), ("B", 1)):
        _predictions(figure, letter, account, rows, found.sesoi)
    figure.update_layout(showlegend=True)
    finished(figure, "change of the score, in SD", None, height=120 + row * len(rows))
    figure.update_xaxes(showgrid=True)
    figure.update_yaxes(
        automargin=True,
        tickmode="array",
        tickvals=list(range(len(rows))),
        ticktext=[item.words.removesuffix(" taken away") for item in rows],
        range=[-0.7, len(rows) - 0.4],
        showgrid=False,
    )
    return figure


def _estimates(figure: go.Figure, reading: str, name: str, rows: list[tuple[int, HeadlineRow]]) -> None:
    if not rows:
        return
    colour, found = COLOURS[reading], [row.estimate for _, row in rows]
    figure.add_scatter(
        x=[interval.estimate for interval in found],
        y=[place for place, _ in rows],
        error_x={
            "type": "data",
            "array": [interval.high - interval.estimate for interval in found],
            "arrayminus": [interval.estimate - interval.low for interval in found],
            "color": colour,
            "thickness": 2.5,
            "width": 5,
        },
        mode="markers",
        name=name,
        marker={
            "color": colour,
            "size": 12,
            "symbol": "circle-open" if reading == UNRESOLVED else "circle",
            "line": {"width": 2.5, "color": colour},
        },
        customdata=[[row.words, _said(row)] for _, row in rows],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    )


def _said(row: HeadlineRow) -> str:
    numbers = " ".join(
        (minus(row.estimate.estimate, 2), f"[{minus(row.estimate.low, 2)}, {minus(row.estimate.high, 2)}]")
    )
    return f"{row.said}: {numbers} SD, n = {row.n:,}"


def _expected_at(expected: str, sesoi: float, largest: float) -> list[float]:
    """Where on the axis an account expects a row; `largest` is the size of the largest semantic drop, in SD."""
    if expected in COMPARED:
        return [COMPARED[expected] * largest]
    return [side * MARK * sesoi for side in EXPECTED.get(expected, ())]


def _predictions(figure: go.Figure, letter: str, account: int, rows: tuple[HeadlineRow, ...], sesoi: float) -> None:
    shift = (-0.09, 0.09)[account] * sesoi * 2
    largest = max([sesoi, *(-row.estimate.estimate for row in rows if row.kind == SEMANTIC and row.reading == DROP)])
    marks = [
        (x + shift, place - 0.36, row)
        for place, row in enumerate(rows)
        for x in _expected_at(row.expected[account], sesoi, largest)
    ]
    figure.add_scatter(
        x=[x for x, _, _ in marks],
        y=[y for _, y, _ in marks],
        mode="text",
        text=[letter] * len(marks),
        textfont={"size": 10, "color": GREY},
        name=f"{letter}: {'things that a person would name' if letter == 'A' else 'shortcuts'}",
        customdata=[[row.words, row.expected[account]] for _, _, row in marks],
        hovertemplate=f"<b>%{{customdata[0]}}</b><br>account {letter} expects: %{{customdata[1]}}<extra></extra>",
        showlegend=False,
    )
