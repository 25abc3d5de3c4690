"""Trust in heatmaps as Plotly figures: draws, computes nothing; never imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.plots import BLUE, GREY, ORANGE, finished

MORE = (BLUE, ORANGE, "#5B9E6F", "#B0629E", "#C2A32F", "#6F6FC0")
"""Told apart in grey as well by their dashes."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def deletion(
    lines: Mapping[str, tuple[np.ndarray, np.ndarray]], baselines: Sequence[str], share: float | None
) -> go.Figure:
    """The score while places go, by label: (shares, scores); baselines in grey, and a line at the share shown."""
    figure = go.Figure()
    named = [label for label in lines if label not in baselines]
    for label, (shares, scores) in lines.items():
        place = named.index(label) if label in named else 0
        style = {"color": MORE[place % len(MORE)], "dash": DASHES[place % len(DASHES)], "width": 2}
        if label in baselines:
            style = {"color": GREY, "dash": DASHES[list(baselines).index(label) % len(DASHES)], "width": 1}
        figure.add_scatter(
            x=100 * shares,
            y=scores,
            name=label,
            mode="lines",
            line=style,
            hovertemplate=f"{label}<br>%{{x:.0f}} % removed: score %{{y:.3f}}<extra></extra>",
        )
    if share is not None:
        figure.add_vline(x=100 * share, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.update_layout(showlegend=True, xaxis={"range": [-1, 101], "dtick": 20})
    return finished(figure, "% of the photo removed, highest places first", "score")


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
