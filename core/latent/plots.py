"""Figures of the map's page; draws, computes nothing."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.plots import GREY, ORANGE, finished


def distributions(
    inside: np.ndarray, outside: np.ndarray, label: str, name: str = "selection", against: str = "the rest"
) -> go.Figure:
    """Values of two groups of photos, as shares of each."""
    figure = go.Figure()
    for values, group, colour in ((outside, against, GREY), (inside, name, ORANGE)):
        figure.add_histogram(x=values, name=group, histnorm="percent", marker={"color": colour}, opacity=0.6, nbinsx=30)
    figure.update_layout(barmode="overlay", showlegend=True)
    return finished(figure, label, "% of photos", height=220)
