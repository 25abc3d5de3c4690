"""A verdict's evidence and a study's effects as tables to be read by people; never imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.effects.human_words import HUMAN, MODEL, HumanSide, who
from core.effects.table import CONFIRMATORY, ELIGIBLE, POOLED
from core.regions.detectors import measurements
from core.registry import FEATURES
from core.study.protocol import EXCESS, at_default, decision_row
from core.table import Condition
from core.types import Interval
from core.verdict.aggregates import Aggregates
from core.verdict.detector_words import depends
from core.verdict.effect_words import BESIDE, beside_line, condition_name, effect_line
from core.verdict.records import Verdict
from core.wording import minus


def decisions_table(verdict: Verdict) -> pd.DataFrame:
    """A row per decision row: what each account expects, what was found, and how it was read."""
    return pd.DataFrame(
        {
            "row": item.label,
            "kind": item.kind,
            "A expects": item.expected[0],
            "B expects": item.expected[1],
            "read as": item.reading,
            "note": item.note,
            "effect": str(item),
            "in SD": _numbers(item.in_sd, 2),
            "equivalence p": item.equivalence_p,
            "minimum detectable": item.minimum_detectable,
            "deciding fill": item.fill,
        }
        for item in verdict.readings
    )


def fills_table(verdict: Verdict) -> pd.DataFrame:
    """A row per decision row and fill: what each fill says, since a row must hold under all of them."""
    return pd.DataFrame(
        {
            "row": item.label,
            "fill": each.fill,
            "n": each.n,
            "excess": _numbers(each.estimate) if item.outcome == EXCESS else None,
            "Δ": _numbers(each.delta),
            "p": each.p,
            "equivalence p": each.equivalence_p,
        }
        for item in verdict.readings
        for each in item.fills
        if each.fill
    )


def controls_table(found: Aggregates) -> pd.DataFrame:
    """A row per decision row with controls and fill: which photos have them, and what tells them from their targets."""
    table = found.effects.join(found.details.reindex(columns=list(BESIDE)))
    pooled = table[(table["source"] == POOLED) & (table["population"] == ELIGIBLE) & table["excess_delta"].notna()]
    rows = [(decision_row(_condition(record)), record) for record in pooled.to_dict("records")]
    return pd.DataFrame(
        {
            "row": row.label,
            "fill": record["fill"],
            "photos": int(record["n"]),
            "with room for all controls": int(record["n_controls"]),
            "thing's area": _share(record["thing_area"]),
            "where there is room": _share(record["thing_area_controlled"]),
            "eccentricity, controls − target": _signed(record["control_eccentricity"]),
            "RMSE, controls − target": _signed(record["control_rmse"]),
        }
        for row, record in rows
        if row is not None
    )


def _condition(record: Mapping[Any, Any]) -> Condition:
    names = (None if pd.isna(record[name]) else record[name] for name in ("mask", "fill", "direction"))
    return Condition(record["ablation"], record["params"], *names)


def _share(value: float) -> str | None:
    return None if pd.isna(value) else f"{100 * value:.1f} %"


def _signed(value: float) -> str | None:
    return None if pd.isna(value) else minus(value)


def validity_table(verdict: Verdict) -> pd.DataFrame:
    """A row per ablation at default strength: what is left of the agreement with human scores."""
    return pd.DataFrame(
        {
            "ablation": " ".join(filter(None, (item.ablation, item.mask, item.direction, item.fill))),
            "validity": item.status,
            "ρ of ablated photos": _numbers(item.validity),
            "loss of ρ": _numbers(item.drop),
            "note": item.note,
        }
        for item in verdict.evidence
    )


def pairs_table(verdict: Verdict) -> pd.DataFrame:
    """A row per two decision rows: how often the first is the larger in the bootstrap, at matched RMSE."""
    labels = {item.row: item.label for item in verdict.readings}
    return pd.DataFrame(
        {
            "first": labels[pair.first],
            "second": labels[pair.second],
            "P(|first| > |second|)": pair.probability,
            "n": pair.n,
            "matched RMSE": pair.rmse,
        }
        for pair in verdict.pairs
    )


def partitions_table(side: HumanSide) -> pd.DataFrame:
    """A row for people, where they were asked, and one for the model: whose variance is explained by which features."""
    return pd.DataFrame(
        {
            "scores of": who(side, part.of),
            "all features": _numbers(part.total),
            "semantic alone": _numbers(part.semantic),
            "low-level alone": _numbers(part.low_level),
            "shared": _numbers(part.shared),
        }
        for part in side.partitions
    )


def features_table(side: HumanSide) -> pd.DataFrame:
    """A row per feature: how it goes with human scores, where people were asked, and with the model's."""
    return pd.DataFrame(
        {
            "feature": FEATURES[item.feature].label if item.feature in FEATURES else item.feature,
            "kind": item.group,
            **{who(side, name): _numbers(value) for name, value in ((HUMAN, item.human), (MODEL, item.model)) if value},
        }
        for item in side.correlations
    )


def chosen_effects(
    found: Aggregates, *, confirmatory: bool, source: str = POOLED, population: str = ELIGIBLE, doses: bool = False
) -> pd.DataFrame:
    """Effects of one family, source and population, with `name`, `said`, `beside` and `row`.

    `said` is the effect in words, `beside` what must stand beside it, `detected` whether it depends on a detector.
    `row` is the position in `found.effects`. Confirmatory effects are pooled and of eligible photos by definition.
    Without `doses`, a strength other than the default one is left out: dose-response curves show those.
    """
    table = found.effects
    if confirmatory:
        chosen = table[table["family"] == CONFIRMATORY]
    else:
        here = (table["source"] == source) & (table["population"] == population) & (table["family"] != CONFIRMATORY)
        chosen = table[here if doses else here & ~_other_strength(found)]
    records = chosen.join(found.details.reindex(columns=list(BESIDE))).to_dict("records")
    known = {item.mask: item for item in measurements()}
    return chosen.assign(
        name=[condition_name(record) for record in records],
        said=[effect_line(record) for record in records],
        beside=[beside_line(record, known) for record in records],
        detected=depends(found.details)[chosen.index],
        row=chosen.index,
    )


def _other_strength(found: Aggregates) -> pd.Series:
    """Whether each row of effects is a strength of a dose-response curve other than the default one."""
    curves = set(zip(found.doses["ablation"], found.doses["params"], strict=True))
    keys = zip(found.effects["ablation"], found.effects["params"], strict=True)
    marks = [key in curves and not at_default(Condition(*key)) for key in keys]
    return pd.Series(marks, index=found.effects.index, dtype=bool)


def _numbers(interval: Interval, digits: int = 3) -> str:
    if interval.estimate != interval.estimate:
        return "–"
    low, high = minus(interval.low, digits), minus(interval.high, digits)
    return f"{minus(interval.estimate, digits)} [{low}, {high}]"
