"""Effects in plain text and as records; never imports torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.effects.table import CONFIRMATORY, ELIGIBLE, POOLED, delta_interval, excess_interval
from core.files import json_of
from core.regions.detectors import MeasuredDetector, measurements
from core.registry import ABLATIONS, FILLS, MASKS
from core.study.protocol import BACKGROUND, DECISION_ROWS
from core.table import HOSTED, KEEP, REMOVE
from core.types import Interval
from core.verdict.aggregates import Aggregates, SourceValidity
from core.verdict.detector_words import beside, quality_lines, relied_on
from core.wording import interval, minus, sentence

BESIDE = (
    *("n_detected", "thing_area", "thing_area_controlled", "control_eccentricity", "control_rmse"),
    *("control", "n_hosts", "most_used", "host_score", "host_covered"),
    *("placed_excess", "placed_low", "placed_high", "n_placed"),
)
"""Columns of the details that are told with an effect."""


def condition_name(row: Mapping[Any, Any]) -> str:
    """A condition in words: "faces removed, mean", "blur sigma 0.02"."""
    if isinstance(row["mask"], str):
        done = {"remove": "removed", "keep": "kept alone"}.get(row["direction"], row["direction"])
        return f"{row['mask']} {done}, {row['fill']}"
    settings = ", ".join(f"{name} {value}" for name, value in json_of(row["params"]).items())
    return f"{row['ablation']} {settings}".strip()


def condition_words(row: Mapping[Any, Any]) -> str:
    """A condition as people read it: "People removed (fill: blur)", "Grayscale"."""
    ablation, fill = ablation_words(row)
    return f"{ablation} (fill: {fill.lower()})" if fill else ablation


def ablation_words(row: Mapping[Any, Any]) -> tuple[str, str]:
    """An ablation in words, and its fill: "People removed" and "Blur"; the fill is empty where there is none."""
    if (row["mask"], row["direction"]) == (BACKGROUND.mask, BACKGROUND.direction):
        return "Background removed", _fill_label(row["fill"])
    if isinstance(row["mask"], str):
        thing = MASKS[row["mask"]].label if row["mask"] in MASKS else _words(row["mask"])
        done = {REMOVE: "removed", KEEP: "kept alone"}.get(row["direction"], str(row["direction"]))
        return f"{thing} {done}", _fill_label(row["fill"])
    if row["ablation"] not in ABLATIONS:
        return condition_name(row), ""
    entry = ABLATIONS[row["ablation"]]
    changed = {name: value for name, value in json_of(row["params"]).items() if entry.arguments().get(name) != value}
    filled_by = next((item.filled_by for item in DECISION_ROWS if item.ablation == entry.id and item.filled_by), "")
    fill = str(json_of(row["params"]).get(filled_by, "")) if filled_by else ""
    if fill in FILLS:
        changed.pop(filled_by, None)
    settings = [str(value) if isinstance(value, str) else f"{name} {value:g}" for name, value in changed.items()]
    return ", ".join([entry.label, *settings]), _fill_label(fill) if fill in FILLS else ""


def _words(mask: str) -> str:
    """A mask that only its study knew, such as heatmap_top_grad_cam, in words."""
    return mask.replace("_", " ").capitalize()


def _fill_label(fill: object) -> str:
    return FILLS[str(fill)].label if fill in FILLS else str(fill or "")


def effect_line(row: Mapping[Any, Any]) -> str:
    """One row of effects: the excess where there is one, else Δ, with the p value of the row's family."""
    is_excess = not pd.isna(row["excess_delta"])
    interval = excess_interval(row) if is_excess else delta_interval(row)
    n = int(row["n_controls"] if is_excess else row["n"])
    kind, p = ("Holm p", row["p_holm"]) if row["family"] == CONFIRMATORY else ("BH q", row["q_bh"])
    if pd.isna(row["mean_delta"]):
        return f"not computed, n = {n}"
    return ("excess " if is_excess else "") + sentence(interval, n, p, kind)


def area_line(row: Mapping[Any, Any]) -> str:
    """The share of the photo that a region ablation replaces; empty for one of the whole photo."""
    return "" if pd.isna(row["area"]) else f"{100 * row['area']:.1f} % of the photo replaced"


def room_line(row: Mapping[Any, Any]) -> str:
    """How far the photos that have an excess stand for all with the thing: those with the full number of controls."""
    whole, kept = row.get("thing_area", math.nan), row.get("thing_area_controlled", math.nan)
    if pd.isna(row["excess_delta"]) or pd.isna(whole) or pd.isna(kept):
        return ""
    what = "hosts of equal score" if row.get("control") == HOSTED else "room for all controls"
    few = f"{int(row['n_controls'])} of {int(row['n'])} photos have {what}"
    return few if row["n_controls"] == row["n"] else (
        f"{few}: there the thing covers {100 * kept:.1f} % of the photo, in all of them {100 * whole:.1f} %"
    )  # fmt: skip


def beside_line(row: Mapping[Any, Any], known: Mapping[str | None, MeasuredDetector]) -> str:
    """What must stand beside an effect (rules 5, 6 and 11): area, detector, controls, and how far features move."""
    said = (area_line(row), beside(row, known), room_line(row), controls_line(row), distance_line(row))
    return "; ".join(filter(None, said))


def controls_line(row: Mapping[Any, Any]) -> str:
    """How a row's controls differ from their targets (rule 6): short sides, score, RMSE; empty without controls."""
    names = {"control_eccentricity": "eccentricity", "host_score": "clean score", "control_rmse": "RMSE"}
    known = [f"{said} {minus(row[name])}" for name, said in names.items() if not pd.isna(row.get(name, math.nan))]
    said = [f"controls − target: {', '.join(known)}"] if known else []
    if not pd.isna(row.get("host_covered", math.nan)):
        said.append(f"the mask covers the own salient object of {100 * row['host_covered']:.0f} % of the hosts")
    if not pd.isna(row.get("placed_excess", math.nan)):
        placed = Interval(*(row[name] for name in ("placed_excess", "placed_low", "placed_high")))
        said.append(f"over placed controls {interval(placed)}, n = {int(row['n_placed'])}")
    return "; ".join(said)


def distance_line(row: Mapping[Any, Any]) -> str:
    """How far off the clean photos the ablated ones are in the model's own features (rule 11); empty if unknown."""
    distance = row.get("feature_distance", math.nan)
    return "" if pd.isna(distance) else f"features moved by {distance:.2f} of the distance between two photos"


def lines(found: Aggregates) -> list[str]:
    """The pooled effects on eligible photos, confirmatory and exploratory apart; the other rows are in the table."""
    base = found.baseline
    text = [
        f"{base.model} on {base.n_photos} photos from {', '.join(base.sources)}: mean {base.mean:.3f}, SD {base.sd:.3f}"
    ]
    text += [f"mark: {mark}" for mark in found.verdict.marks]
    why = base.why_no_validity
    text += [f"no validity: {why}"] if why else [_validity(item) for item in base.validity]
    shown = found.effects[(found.effects["source"] == POOLED) & (found.effects["population"] == ELIGIBLE)]
    shown = shown.join(found.details.reindex(columns=list(BESIDE)))
    known = {item.mask: item for item in measurements()}
    for family, rows in shown.groupby("family", sort=True):
        said = [(condition_name(row), effect_line(row), beside_line(row, known)) for row in rows.to_dict("records")]
        text += ["", f"{family}:", *(f"  {name}: {'; '.join(filter(None, words))}" for name, *words in said)]
    text += ["", *quality_lines(relied_on(found))]
    return [*text, "", *(f"set aside: {problem}" for problem in base.problems), f"{len(found.effects)} rows in all"]


def _validity(item: SourceValidity) -> str:
    """Validity of untouched photos of a source, or why its validity columns are empty."""
    if item.validity:
        return f"validity on {item.source}: ρ = {item.validity}, n = {item.n_human}"
    return f"no validity on {item.source}: {item.n_human} of {item.n} photos have human scores, too few for it"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as plain JSON, what is missing as null."""
    return json_of(table.to_json(orient="records", double_precision=10))
