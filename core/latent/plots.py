"""Figures of the map's page; draws, computes nothing."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.plots import GREY, ORANGE, finished


def distributions(inside: np.ndarray, outside: np.ndarray, label: str) -> go.Figure:
    """Scores of a selection and of the rest, as shares of each."""
    figure = go.Figure()
    for values, name, colour in ((outside, "the rest", GREY), (inside, "selection", ORANGE)):
        figure.add_histogram(x=values, name=name, histnorm="percent", marker={"color": colour}, opacity=0.6, nbinsx=30)
    figure.update_layout(barmode="overlay", showlegend=True)
    return finished(figure, label, "% of photos", height=220)
