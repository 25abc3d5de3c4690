"""Trust in heatmaps as Plotly figures: draws, computes nothing; never imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.plots import BLUE, GREY, HEIGHT, ORANGE, finished

MORE = (BLUE, ORANGE, "#5B9E6F", "#B0629E", "#C2A32F", "#6F6FC0")
"""Told apart in grey as well by their dashes."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


Lines = Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
"""By label: shares of the photo that are gone, and the scores then, the highest places first and the lowest first."""


def deletion_and_insertion(lines: Lines, baselines: Sequence[str], share: float | None = None) -> go.Figure:
    """The score while the highest places go, and below it while they come back, each method in one colour.

    Baselines are grey, and a line stands at the share of the photo that is shown.
    """
    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.22)
    named = [label for label in lines if label not in baselines]
    for label, (shares, highest_first, lowest_first) in lines.items():
        place = named.index(label) if label in named else 0
        style = {"color": MORE[place % len(MORE)], "dash": DASHES[place % len(DASHES)], "width": 2}
        if label in baselines:
            style = {"color": GREY, "dash": DASHES[list(baselines).index(label) % len(DASHES)], "width": 1}
        back = (1 - shares)[::-1], lowest_first[::-1]
        for row, (x, scores), done in ((1, (shares, highest_first), "removed"), (2, back, "brought back")):
            figure.add_scatter(
                x=100 * x,
                y=scores,
                row=row,
                col=1,
                name=label,
                legendgroup=label,
                showlegend=row == 1,
                mode="lines",
                line=style,
                hovertemplate=f"{label}<br>%{{x:.0f}} % {done}: score %{{y:.3f}}<extra></extra>",
            )
    if share is not None:
        figure.add_vline(x=100 * share, line={"color": GREY, "width": 1, "dash": "dot"}, row=1, col=1)
    figure.update_layout(showlegend=True)
    finished(figure, "", "score", height=2 * HEIGHT)
    figure.update_xaxes(range=[-1, 101], dtick=20)
    figure.update_xaxes(title_text="Deletion: % removed, highest places first", row=1)
    figure.update_xaxes(title_text="Insertion: % brought back, highest places first", row=2)
    return figure


def shares(table: pd.DataFrame) -> go.Figure:
    """Lead of each method's share on each thing over the area's share, with intervals (rows of a trust summary)."""
    figure = go.Figure()
    for place, (method, rows) in enumerate(table.groupby("label", sort=False)):
        figure.add_scatter(
            x=rows["over"],
            y=rows["measure"],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": rows["over_high"] - rows["over"],
                "arrayminus": rows["over"] - rows["over_low"],
            },
            name=str(method),
            mode="markers",
            marker={"color": MORE[place % len(MORE)], "symbol": place, "size": 8},
        )
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    figure.update_layout(showlegend=True)
    return finished(figure, "share of the map minus share of the area", "")
