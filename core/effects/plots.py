"""Effects of ablations to Plotly figures: draws, computes nothing. Rows come from the effects table of a study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.plots import BLUE, GREY, ORANGE, finished

ROW = 30
"""Height of a row in px."""
CARRIED = ("row", "n", "said", "name", "title")
"""Columns that a mark carries: for a click, and for what is said beside the pointer."""
DECIDING, OTHERS, COMPARED = "deciding fill", "other fill", "its controls"


@dataclass(frozen=True)
class BarOutcome:
    """An outcome that bars can show: its columns in the effects table, and the title of its axis."""

    label: str
    value: str
    low: str | None
    high: str | None
    axis: str
    in_score_units: bool = True


MEASURES = {
    "shift": BarOutcome("Score shift", "mean_delta", "ci_low", "ci_high", "mean Δ of the score"),
    "excess": BarOutcome(
        "Excess over controls", "excess_delta", "excess_ci_low", "excess_ci_high", "Δ, region − controls"
    ),
    "validity": BarOutcome(
        "Loss of validity", "validity_drop", "validity_ci_low", "validity_ci_high", "ρ(original) − ρ(ablated)", False
    ),
    "lowered": BarOutcome("Share lowered", "share_lowered", None, None, "share of photos whose score falls", False),
}


def bars(table: pd.DataFrame, measure: BarOutcome, sesoi: float | None = None) -> go.Figure:
    """A row an ablation under the heading of its kind, the largest drop first: its fills and its controls as marks.

    `sesoi`: the smallest effect of interest in score units; a band shows what counts as negligible. Columns beside the
    effects table's own: `group`, the ablation without its fill, and its `kind`; `fill_words`; `decides`, whether the
    mark is solid and has its 95 % interval; `title` and `said`, the condition and its effect in words; `row` and
    `name`, which customdata carries so that a click can be answered.
    """
    table = table.dropna(subset=[measure.value])
    order = _order(table, measure)
    figure = go.Figure()
    lead = table[table["decides"]].groupby("group")[measure.value].mean()
    figure.add_bar(
        x=lead.to_numpy(), y=list(lead.index), orientation="h", width=0.5, hoverinfo="skip", showlegend=False,
        marker={"color": BLUE, "opacity": 0.22},
    )  # fmt: skip
    for name, rows, filled in (
        (DECIDING, table[table["decides"]], True),
        (OTHERS, table[~table["decides"].astype(bool)], False),
    ):
        _marks(figure, name, rows, measure, filled)
    if measure.value == "mean_delta":
        _controlled(figure, table.dropna(subset=["control_mean_delta", "excess_delta"]))
    figure.update_layout(showlegend=len(figure.data) > 2, barmode="overlay")
    _reference(figure, sesoi if measure.in_score_units else None)
    finished(figure, measure.axis, None, height=110 + ROW * max(len(order), 1))
    figure.update_yaxes(
        automargin=True, categoryorder="array", categoryarray=order[::-1], range=[-0.6, len(order) - 0.4]
    )
    figure.update_xaxes(showgrid=True)
    return figure


def _order(table: pd.DataFrame, measure: BarOutcome) -> list[str]:
    """Kinds as headings, each with its ablations, the largest drop on top."""
    found: list[str] = []
    for kind, rows in table.groupby("kind", sort=False):
        decided = rows[rows["decides"]] if rows["decides"].any() else rows
        values = decided.groupby("group")[measure.value].mean()
        rest = [group for group in dict.fromkeys(rows["group"]) if group not in values]
        found += [f"<b>{kind}</b>", *values.sort_values(kind="stable").index, *rest]
    return found


def _marks(figure: go.Figure, name: str, rows: pd.DataFrame, measure: BarOutcome, filled: bool) -> None:
    if rows.empty:
        return
    figure.add_scatter(
        x=rows[measure.value],
        y=rows["group"],
        mode="markers",
        name=name,
        marker={
            "color": BLUE,
            "size": 10 if filled else 8,
            "symbol": "circle" if filled else "circle-open",
            "line": {"width": 1.5, "color": BLUE},
        },
        error_x=_whiskers(rows, measure) if filled else None,
        customdata=np.stack([rows[name] for name in CARRIED], axis=-1),
        hovertemplate="<b>%{customdata[4]}</b><br>%{customdata[2]}<extra></extra>",
    )


def _controlled(figure: go.Figure, rows: pd.DataFrame) -> None:
    """What the same mask does to the controls of what decides; of every fill where none does."""
    decided = set(rows.loc[rows["decides"], "group"])
    rows = rows[rows["decides"] | ~rows["group"].isin(decided)]
    if rows.empty:
        return
    figure.add_scatter(
        x=rows["control_mean_delta"],
        y=rows["group"],
        mode="markers",
        name=COMPARED,
        marker={"color": ORANGE, "symbol": "diamond-open", "size": 9, "line": {"width": 2, "color": ORANGE}},
        customdata=np.stack([rows[name] for name in CARRIED], axis=-1),
        hovertemplate="<b>%{customdata[4]}</b><br>" + COMPARED + ": Δ = %{x:.3f}<extra></extra>",
    )


def _whiskers(table: pd.DataFrame, measure: BarOutcome) -> dict | None:
    if measure.low is None or measure.high is None:
        return None
    return {
        "type": "data",
        "array": table[measure.high] - table[measure.value],
        "arrayminus": table[measure.value] - table[measure.low],
        "color": GREY,
        "thickness": 1.5,
        "width": 3,
    }


def _reference(figure: go.Figure, sesoi: float | None) -> None:
    """The line of no effect and, where a unit allows it, the band of negligible effects around it."""
    if sesoi:
        figure.add_vrect(x0=-sesoi, x1=sesoi, fillcolor=GREY, opacity=0.13, line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": GREY, "width": 1})


def dose_response(doses: pd.DataFrame, parameter: str, default: float | None = None) -> go.Figure:
    """Mean Δ over the strengths of one ablation, with a 95 % band (columns strength, mean_delta, ci_low, ci_high)."""
    doses = doses.sort_values("strength")
    figure = go.Figure()
    figure.add_scatter(
        x=[*doses["strength"], *doses["strength"][::-1]],
        y=[*doses["ci_high"], *doses["ci_low"][::-1]],
        fill="toself",
        fillcolor="rgba(58,135,200,0.2)",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=doses["strength"],
        y=doses["mean_delta"],
        mode="lines+markers",
        line={"color": BLUE},
        hovertemplate=f"{parameter} %{{x:g}}<br>Δ = %{{y:.3f}}<extra></extra>",
    )
    if default is not None:
        figure.add_vline(x=default, line={"color": ORANGE, "dash": "dot", "width": 1.5})
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    figure.update_layout(showlegend=False)
    return finished(figure, parameter, "mean Δ of the score", height=280)


def estimates(table: pd.DataFrame, axis: str, band: float | None = None) -> go.Figure:
    """Estimates with their 95 % intervals, a row each under the heading of its group, the series as marks on a row.

    `table` has the columns group, label, series, estimate, low and high; `axis` is the title, `band` half the width of
    what is too small to matter.
    """
    headings = [f"<b>{group}</b>" for group in table["group"]]
    order = list(dict.fromkeys(name for pair in zip(headings, table["label"], strict=True) for name in pair))
    figure = go.Figure()
    series = list(dict.fromkeys(table["series"]))
    for name, colour in zip(series, (BLUE, ORANGE, GREY), strict=False):
        rows = table[table["series"] == name]
        figure.add_scatter(
            x=rows["estimate"], y=rows["label"], name=name, mode="markers",
            marker={"color": colour, "size": 9, "symbol": "circle" if colour == BLUE else "diamond-open"},
            error_x={
                "type": "data", "array": rows["high"] - rows["estimate"], "arrayminus": rows["estimate"] - rows["low"],
                "color": colour, "thickness": 1.5,
            },
        )  # fmt: skip
    _reference(figure, band)
    figure.update_layout(showlegend=len(series) > 1)
    finished(figure, axis, None, height=110 + 26 * len(order))
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], range=[-0.6, len(order) - 0.4])
    return figure


def differences(edges: np.ndarray, counts: np.ndarray, mean: float) -> go.Figure:
    """How the paired differences of one condition are distributed: histogram (edges B + 1, counts B) and their mean."""
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges),
        marker={"color": BLUE, "line": {"width": 0}},
        opacity=0.75,
        hovertemplate="Δ about %{x:.3f}: %{y} photos<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    figure.add_vline(x=mean, line={"color": ORANGE, "width": 2.5})
    figure.update_layout(showlegend=False, bargap=0)
    return finished(figure, "Δ of a photo's score", "photos", height=280)
