"""The figures of a study in its report: those that the pages show, as vectors, each with a table of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core import config
from core.effects import plots
from core.effects.human_words import HUMAN, MODEL, HumanSide, Partition, who
from core.effects.plots import MEASURES
from core.effects.table import POOLED
from core.files import table_text
from core.registry import ABLATIONS, FEATURES, FILLS, MASKS
from core.study.protocol import at_default
from core.table import Condition
from core.types import Interval
from core.verdict.aggregates import CONDITION, Aggregates, of_condition
from core.verdict.chart_rows import starred
from core.verdict.evidence import chosen_effects, decision_effects
from core.verdict.headline import headline
from core.verdict.html_parts import attached, table, text
from core.verdict.plots import nine_rows
from core.verdict.vector import vector

SMALL = 400
"""Width in px of a figure among others."""
QUANTILES = (0, 10, 25, 50, 75, 90, 100)
ESTIMATE = ("group", "label", "series", "estimate", "low", "high")


def decision_rows(found: Aggregates) -> str:
    """Every decision row in SD with its interval, and where each account expected it."""
    said = headline(found.verdict)
    caption = (
        "Effect in SD of the clean scores, with its 95 % interval. Grey band: too small to matter. Open mark: not "
        "settled. A and B: where each account expected the row."
    )
    return vector(
        nine_rows(said), f"The decision rows in SD: {said.sentence} The table below holds the numbers", caption
    )


def effect_charts(found: Aggregates, *, confirmatory: bool) -> str:
    """Effects of a family as bars, a chart a measure and thing taken away; their table stands with them."""
    if confirmatory:
        return "".join(_bars(decision_effects(found), name, found, "") for name in MEASURES)
    rows = chosen_effects(found, confirmatory=False)
    charts = []
    for shape, part in rows.groupby(rows["mask"].fillna("the whole photo"), sort=False):
        of = MASKS[shape].label if shape in MASKS else str(shape)
        charts += [_bars(part, name, found, of) for name in MEASURES]
    return "".join(charts)


def _bars(rows: pd.DataFrame, measure: str, found: Aggregates, of: str) -> str:
    shown = MEASURES[measure]
    if rows[shown.value].notna().sum() == 0:
        return ""
    rows, reasons = starred(rows, found) if shown.value == "mean_delta" else (rows, [])
    title = f"{shown.label}, {of[0].lower() + of[1:]}" if of else shown.label
    label = f"{title}: every ablation; the numbers are in the table of effects"
    lines = " Lines: 95 % intervals." if shown.low else ""
    lines += "".join(f" * {reason}" for reason in reasons)
    return vector(plots.bars(rows, shown, found.verdict.sd * config.SESOI), label, f"{title}.{lines}")


def doses(found: Aggregates) -> str:
    """Mean Δ over the strengths of every ablation whose strength was varied, on all photos together."""
    pooled = found.doses[(found.doses["source"] == POOLED) & found.doses["mask"].isna()]
    charts = []
    for ablation, series in pooled.groupby("ablation", sort=False):
        parameter, name = str(series["parameter"].iloc[0]), _label(ABLATIONS, str(ablation))
        usual = [
            value
            for value, params in zip(series["value"], series["params"], strict=True)
            if at_default(Condition(str(ablation), params))
        ]
        figure = plots.dose_response(series.rename(columns={"value": "strength"}), parameter, next(iter(usual), None))
        charts.append(vector(figure, f"{name}: mean Δ over {parameter}", name, SMALL))
    columns = ("ablation", "parameter", "value", "n", "mean_delta", "ci_low", "ci_high", "trend_p")
    return _side_by_side(charts, "Band: 95 % interval. Dotted: the usual strength.") + _table(pooled, columns)


def differences(found: Aggregates) -> str:
    """How the paired differences are distributed over photos, under each condition of the decision rows."""
    rows = chosen_effects(found, confirmatory=True)
    charts, numbers = [], []
    for _, row in rows.iterrows():
        own = of_condition(found.distributions, row)
        for _, item in own[own["outcome"] == "delta"].iterrows():
            edges, counts = np.asarray(item["edges"]), np.asarray(item["counts"])
            figure = plots.differences(edges, counts, float(row["mean_delta"]))
            charts.append(vector(figure, f"{row['name']}: photos by Δ of their score", str(row["name"]), SMALL))
            numbers.append((row["name"], int(item["n"]), *(float(item["quantiles"][at]) for at in QUANTILES)))
    if not charts:
        return ""
    names = ("condition", "photos", *(f"{at} %" for at in QUANTILES))
    data = table_text(_bins(found.distributions)).encode()
    return (
        _side_by_side(charts, "Photos by the Δ of their score. Orange: the mean.")
        + table(numbers, names)
        + attached(f"{found.baseline.study}-distributions.csv", "text/csv", data, "All histograms as CSV")
    )


def _bins(distributions: pd.DataFrame) -> pd.DataFrame:
    """A row a bar of every histogram: its condition, where it begins and ends, and how many photos."""
    return pd.concat(
        pd.DataFrame(
            {name: item[name] for name in (*CONDITION, "outcome")}
            | {"from": item["edges"][:-1], "to": item["edges"][1:], "photos": item["counts"]}
        )
        for _, item in distributions.iterrows()
    )


def by_kind(found: Aggregates) -> str:
    """The decision rows by kind of photo, and whether the kinds differ."""
    if found.kinds.empty:
        return ""
    charts = []
    for label, rows in found.kinds.groupby("label", sort=False):
        shown = pd.DataFrame(
            {"group": rows["by"], "label": rows["kind"], "series": "", "estimate": rows["in_sd"]}
            | {name: rows[name] for name in ("low", "high")}
        )
        charts.append(_estimates(shown, f"{str(label).capitalize()}, by kind of photo", "SD", config.SESOI))
    columns = ("label", "by", "kind", "fill", "n", "in_sd", "low", "high", "p", "q_bh")
    return _side_by_side(charts, "In SD of the clean scores; 95 % intervals.") + _table(found.kinds, columns)


def fills(found: Aggregates) -> str:
    """What each fill does by itself, where there is nothing to take away."""
    items = found.verdict.artefacts
    rows = [
        ("decides" if item.decides else "does not decide", _label(FILLS, item.fill), "", *vars(item.mean).values())
        for item in items
    ]
    if not rows:
        return ""
    shown = pd.DataFrame(rows, columns=ESTIMATE)
    numbers = [(_label(FILLS, item.fill), item.n, item.size, *vars(item.mean).values(), item.decides) for item in items]
    return _estimates(shown, "What each fill does by itself", "mean Δ at empty places, in SD", config.SESOI) + table(
        numbers, ("fill", "empty places", "mean |Δ|, SD", "mean Δ, SD", "low", "high", "decides")
    )


def people(side: HumanSide | None) -> str:
    """What goes along with people's and with the model's scores: features one by one, and the variance they explain."""
    if side is None:
        return ""
    features = pd.DataFrame(
        (
            (item.group, _label(FEATURES, item.feature), who(side, of), *vars(found).values())
            for item in side.correlations
            for of, found in ((HUMAN, item.human), (MODEL, item.model))
            if found
        ),
        columns=ESTIMATE,
    )
    parts = pd.DataFrame(
        (
            (f"scores of {who(side, part.of)}", f"{name}, {who(side, part.of)}", "", *vars(found).values())
            for part in side.partitions
            for name, found in _parts(part)
        ),
        columns=ESTIMATE,
    )
    return "".join(
        _estimates(shown, title, axis) + _table(shown, ESTIMATE)
        for shown, title, axis in (
            (features, f"Features and scores on {side.n} photos", "Spearman ρ"),
            (parts, "Share of the variance of scores that features explain", "cross-validated R²"),
        )
        if len(shown)
    )


def _parts(part: Partition) -> Iterator[tuple[str, Interval]]:
    yield from (
        ("all features", part.total),
        ("semantic alone", part.semantic),
        ("low-level alone", part.low_level),
        ("shared", part.shared),
    )


def _estimates(shown: pd.DataFrame, title: str, axis: str, band: float | None = None) -> str:
    figure = plots.estimates(shown.sort_values("group", kind="stable"), axis, band)
    return vector(figure, f"{title}; the table below holds the numbers", title, SMALL + 80)


def _side_by_side(charts: Sequence[str], said: str) -> str:
    return f'<p>{text(said)}</p><div class="row">{"".join(charts)}</div>' if charts else ""


def _table(rows: pd.DataFrame, columns: Sequence[str]) -> str:
    shown = [name for name in columns if name in rows]
    return table(rows[shown].itertuples(index=False, name=None), shown) if len(rows) else ""


def _label(registry: Any, name: str) -> str:
    return registry[name].label if name in registry else name.replace("_", " ")
