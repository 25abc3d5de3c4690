"""A verdict's evidence and a study's effects as tables to be read by people; never imports torch."""

from __future__ import annotations

import pandas as pd

from core.aggregates import Aggregates
from core.decisions import at_default
from core.effect_table import CONFIRMATORY, ELIGIBLE, POOLED
from core.effect_words import condition_name, effect_line
from core.table import Condition
from core.types import Interval
from core.verdict_records import Verdict
from core.wording import minus


def readings_table(verdict: Verdict) -> pd.DataFrame:
    """A row per decision row: what each account expects, what was found, and how it was read."""
    return pd.DataFrame(
        {
            "row": item.label,
            "kind": item.kind,
            "A expects": item.expected[0],
            "B expects": item.expected[1],
            "read as": item.reading,
            "effect": str(item),
            "in SD": _numbers(item.in_sd, 2),
            "equivalence p": item.equivalence_p,
            "minimum detectable": item.minimum_detectable,
            "deciding fill": item.fill,
            "note": item.note,
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
            item.outcome: _numbers(each.estimate),
            "Δ": _numbers(each.delta),
            "p": each.p,
            "equivalence p": each.equivalence_p,
        }
        for item in verdict.readings
        for each in item.fills
        if each.fill
    )


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


def chosen_effects(
    found: Aggregates, *, confirmatory: bool, source: str = POOLED, population: str = ELIGIBLE, doses: bool = False
) -> pd.DataFrame:
    """Effects of one family, source and population, with `name`, `said` (the effect in words) and `row` beside.

    `row` is the position in `found.effects`. Confirmatory effects are pooled and of eligible photos by definition.
    Without `doses`, a strength other than the default one is left out: dose-response curves show those.
    """
    table = found.effects
    if confirmatory:
        chosen = table[table["family"] == CONFIRMATORY]
    else:
        here = (table["source"] == source) & (table["population"] == population) & (table["family"] != CONFIRMATORY)
        chosen = table[here if doses else here & ~_other_strength(found)]
    records = chosen.to_dict("records")
    names = [condition_name(record) for record in records]
    return chosen.assign(name=names, said=[effect_line(record) for record in records], row=chosen.index)


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
