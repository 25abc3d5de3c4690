"""Effects in plain text and as records; never imports torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.aggregates import Aggregates
from core.effect_table import CONFIRMATORY, ELIGIBLE, POOLED, delta_interval, excess_interval
from core.wording import minus, sentence


def condition_name(row: Mapping[Any, Any]) -> str:
    """A condition in words: «faces removed, mean», «blur sigma 0.02»."""
    if isinstance(row["mask"], str):
        done = {"remove": "removed", "keep": "kept alone"}.get(row["direction"], row["direction"])
        return f"{row['mask']} {done}, {row['fill']}"
    settings = ", ".join(f"{name} {value}" for name, value in json.loads(row["params"]).items())
    return f"{row['ablation']} {settings}".strip()


def effect_line(row: Mapping[Any, Any]) -> str:
    """One row of effects: the excess where there is one, else Δ, with the p value of the row's family."""
    is_excess = not pd.isna(row["excess_delta"])
    interval = excess_interval(row) if is_excess else delta_interval(row)
    n = int(row["n_controls"] if is_excess else row["n"])
    kind, p = ("Holm p", row["p_holm"]) if row["family"] == CONFIRMATORY else ("BH q", row["q_bh"])
    if pd.isna(row["mean_delta"]):
        return f"not computed, n = {n}"
    return ("excess " if is_excess else "") + sentence(interval, n, p, kind)


def controls_line(row: Mapping[Any, Any]) -> str:
    """How a row's controls differ from their targets (rule 6), in short sides and RMSE; empty without controls."""
    names = {"control_eccentricity": "eccentricity", "control_rmse": "RMSE"}
    known = [f"{said} {minus(row[name])}" for name, said in names.items() if not pd.isna(row[name])]
    return f"controls − target: {', '.join(known)}" if known else ""


def lines(found: Aggregates) -> list[str]:
    """The pooled effects on eligible photos, confirmatory and exploratory apart; the other rows are in the table."""
    base = found.baseline
    text = [
        f"{base.model} on {base.n_photos} photos from {', '.join(base.sources)}: mean {base.mean:.3f}, SD {base.sd:.3f}"
    ]
    text += [
        f"validity on {item.source}: ρ = {item.validity}, n = {item.n_human}" for item in base.validity if item.validity
    ]
    text += [f"no validity: {base.why_no_validity}"] if base.why_no_validity else []
    shown = found.effects[(found.effects["source"] == POOLED) & (found.effects["population"] == ELIGIBLE)]
    shown = shown.join(found.details.reindex(columns=["control_eccentricity", "control_rmse"]))
    for family, rows in shown.groupby("family", sort=True):
        said = [(condition_name(row), effect_line(row), controls_line(row)) for row in rows.to_dict("records")]
        text += ["", f"{family}:", *(f"  {name}: {'; '.join(filter(None, words))}" for name, *words in said)]
    return [*text, "", *(f"set aside: {problem}" for problem in base.problems), f"{len(found.effects)} rows in all"]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as plain JSON, what is missing as null."""
    return json.loads(table.to_json(orient="records", double_precision=10))
