"""Results to Plotly figures: draws, computes nothing; transparent, in colours that fit light and dark pages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

BLUE = "#3A87C8"
ORANGE = "#D9782D"
GREY = "#8A8F98"
"""Told apart with any colour vision, and of middling lightness: readable on white and on black."""

HEIGHT = 320
BINS = 40
"""Bars of a histogram of scores."""


def training_curves(record: pd.DataFrame) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Loss on the training photos; error on the validation photos; agreement there: three figures over epochs.

    `record` has the columns of evaluation.reports.TRAINING_COLUMNS, a row per epoch. The loss has its own figure
    because its unit depends on the recipe.
    """
    return (
        _over_epochs(record, {"train_loss": ("training loss", BLUE, "solid")}, "training loss"),
        _over_epochs(
            record,
            {"val_mse": ("model", BLUE, "solid"), "val_mse_of_mean": ("always the mean", GREY, "dash")},
            "mean squared error",
        ),
        _over_epochs(
            record,
            {"val_spearman": ("Spearman", BLUE, "solid"), "val_pearson": ("Pearson", ORANGE, "dot")},
            "correlation with human scores",
        ),
    )


def _over_epochs(record: pd.DataFrame, lines: dict[str, tuple[str, str, str]], y_title: str) -> go.Figure:
    figure = go.Figure()
    for column, (label, colour, dash) in lines.items():
        figure.add_scatter(
            x=record["epoch"], y=record[column], name=label, mode="lines+markers", line={"color": colour, "dash": dash}
        )
    figure.update_layout(showlegend=len(lines) > 1)
    return finished(figure, "epoch", y_title, height=260)


def predicted_vs_human(table: pd.DataFrame) -> go.Figure:
    """Score against human score, a point per photo (columns of evaluation.reports.SCORE_COLUMNS), with the diagonal."""
    figure = go.Figure()
    _diagonal(figure, table[["score", "human_score"]])
    figure.add_scatter(
        x=table["score"],
        y=table["human_score"],
        text=table["photo_id"],
        mode="markers",
        marker={"color": BLUE, "size": 6, "opacity": 0.55},
        hovertemplate="%{text}<br>score %{x:.3f}<br>human score %{y:.3f}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    return finished(figure, "score", "human score")


def calibration(table: pd.DataFrame) -> go.Figure:
    """Mean human score with its interval by decile of the score (columns of evaluation.reports.CALIBRATION_COLUMNS)."""
    figure = go.Figure()
    _diagonal(figure, table[["mean_score", "mean_human", "low", "high"]])
    figure.add_scatter(
        x=table["mean_score"],
        y=table["mean_human"],
        error_y={
            "type": "data",
            "array": table["high"] - table["mean_human"],
            "arrayminus": table["mean_human"] - table["low"],
            "color": ORANGE,
        },
        customdata=table[["decile", "n"]],
        mode="markers",
        marker={"color": ORANGE, "size": 9},
        hovertemplate="decile %{customdata[0]} (n = %{customdata[1]})<br>mean score %{x:.3f}<br>"
        "mean human score %{y:.3f}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    return finished(figure, "mean score of the decile", "mean human score")


def among(score: float, reference: np.ndarray, within: tuple[float, float] | None = None) -> go.Figure:
    """Where a score lies among reference scores (N,): a slim histogram with a mark, and its interval as a band."""
    figure = go.Figure()
    bins = score_bins(reference)
    figure.add_bar(
        x=(bins["from"] + bins["to"]) / 2, y=bins["photos"], width=(bins["to"] - bins["from"]) * 0.92,
        marker={"color": GREY}, opacity=0.45, hoverinfo="skip",
    )  # fmt: skip
    if within is not None:
        figure.add_vrect(*within, fillcolor=ORANGE, opacity=0.18, line_width=0)
    figure.add_vline(x=score, line={"color": ORANGE, "width": 3})
    figure.update_yaxes(visible=False)
    figure.update_layout(showlegend=False)
    return finished(figure, "scores of reference photos", None, height=130)


def score_bins(scores: np.ndarray) -> pd.DataFrame:
    """How many scores (N,) lie in each of BINS equal parts of their range: columns from, to and photos."""
    counts, edges = np.histogram(scores, bins=BINS)
    return pd.DataFrame({"from": edges[:-1], "to": edges[1:], "photos": counts})


def elsewhere(delta: float, others: list[float], where: str = "elsewhere") -> go.Figure:
    """Δ of a region (a diamond) among Δ of the same shape at other places or on other photos (dots), on one line."""
    figure = go.Figure()
    height = [0.35 * (number % 3 - 1) for number in range(len(others))]  # so that equal ones can be told apart
    figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.add_scatter(
        x=others,
        y=height,
        name=f"the same shape {where}",
        mode="markers",
        marker={"color": GREY, "size": 9, "opacity": 0.75},
        hovertemplate=where + ": Δ = %{x:+.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=[delta],
        y=[0],
        name="this region",
        mode="markers",
        marker={"color": ORANGE, "size": 15, "symbol": "diamond"},
        hovertemplate="this region: Δ = %{x:+.3f}<extra></extra>",
    )
    reach = 1.15 * max(0.01, *(abs(value) for value in (delta, *others)))
    figure.update_xaxes(range=[-reach, reach])
    figure.update_yaxes(visible=False, range=[-1.2, 1.2])
    figure.update_layout(showlegend=True)
    return finished(figure, "Δ score", None, height=180)


def variants(deltas: dict[str, float]) -> go.Figure:
    """Δ by name, a bar each, in the order given."""
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    figure.add_bar(
        x=list(deltas.values()),
        y=list(deltas),
        orientation="h",
        marker={"color": BLUE},
        text=[f"{value:+.3f}" for value in deltas.values()],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: Δ = %{x:+.3f}<extra></extra>",
    )
    reach = 1.5 * max(0.01, *(abs(value) for value in deltas.values()), 0.01)
    figure.update_xaxes(range=[-reach, reach])
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(showlegend=False, bargap=0.45)
    return finished(figure, "Δ score", None, height=84 + 36 * max(1, len(deltas)))


def along_dose(doses: pd.DataFrame, studied: pd.DataFrame, parameter: str, chosen: float, rising: bool) -> go.Figure:
    """A photo's Δ along the strength of an ablation, over the mean and the spread of a study's photos.

    `doses` has the columns value and delta, `studied` value, mean, low and high (maybe no row); `chosen` is marked.
    What takes more away lies on the right: where the parameter falls for that, `rising` is False.
    """
    figure = go.Figure()
    if len(studied):
        figure.add_scatter(x=studied["value"], y=studied["low"], mode="lines", line={"width": 0}, hoverinfo="skip",
                           showlegend=False)  # fmt: skip
        figure.add_scatter(
            x=studied["value"], y=studied["high"], name="8 of 10 photos of the study", mode="lines", line={"width": 0},
            fill="tonexty", fillcolor="rgba(138, 143, 152, 0.25)", hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=studied["value"], y=studied["mean"], name="their mean", mode="lines",
            line={"color": GREY, "dash": "dash"}, hovertemplate="mean of the study: Δ = %{y:+.3f}<extra></extra>",
        )  # fmt: skip
    figure.add_hline(y=0, line={"color": GREY, "width": 1, "dash": "dot"})
    marks = [13 if value == chosen else 6 for value in doses["value"]]
    figure.add_scatter(
        x=doses["value"], y=doses["delta"], name="your photo", mode="lines+markers", line={"color": ORANGE},
        marker={"size": marks, "color": ORANGE}, hovertemplate="your photo: Δ = %{y:+.3f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(autorange=True if rising else "reversed")
    figure.update_layout(showlegend=True)
    return finished(figure, parameter, "Δ score", height=300)


def _diagonal(figure: go.Figure, shown: pd.DataFrame) -> None:
    """The line on which score and human score are equal, with both axes over the same range."""
    low, high = float(shown.to_numpy().min()), float(shown.to_numpy().max())
    reach = [max(-0.02, low - 0.05), min(1.02, high + 0.05)]
    figure.update_xaxes(range=reach)
    figure.update_yaxes(range=reach)
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": GREY, "dash": "dash", "width": 1})


def finished(figure: go.Figure, x_title: str, y_title: str | None, height: int = HEIGHT) -> go.Figure:
    """The same frame for every figure: transparent, no grid along x, titles, legend above."""
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": 28 if figure.layout.showlegend else 8, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": "#8A8F98"},  # on a phone it is always there
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",
        dragmode=False,
    )
    figure.update_xaxes(title_text=x_title, showgrid=False, zeroline=False)
    figure.update_yaxes(title_text=y_title, zeroline=False)
    return figure
