"""A verdict's evidence and a study's effects as tables to be read by people; never imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.effects.human_words import HUMAN, MODEL, HumanSide, who
from core.effects.table import CONFIRMATORY, ELIGIBLE, POOLED
from core.regions.detectors import measurements
from core.registry import FEATURES, FILLS
from core.study.protocol import EXCESS, DecisionRow, at_default, decision_row
from core.table import Condition
from core.types import Interval
from core.verdict.aggregates import Aggregates
from core.verdict.chart_rows import KINDS, deciding_fills, fill_of, kind_words
from core.verdict.detector_words import depends
from core.verdict.effect_words import BESIDE, ablation_words, beside_line, condition_name, condition_words, effect_line
from core.verdict.headline import thing
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
    rows = [(row, record) for row, record in pooled_rows(found) if not pd.isna(record["excess_delta"])]
    about = _hosts if found.verdict.protocol > 1 else _places
    return pd.DataFrame(about(row, record) for row, record in rows)


def pooled_rows(found: Aggregates) -> Iterator[tuple[DecisionRow, dict[Any, Any]]]:
    """The decision rows among the pooled effects on eligible photos, with what is told beside them."""
    table = found.effects.join(found.details.reindex(columns=list(BESIDE)))
    for record in table[(table["source"] == POOLED) & (table["population"] == ELIGIBLE)].to_dict("records"):
        row = decision_row(_condition(record))
        if row is not None:
            yield row, record


def _places(row: DecisionRow, record: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "row": row.label,
        "fill": record["fill"],
        "photos": int(record["n"]),
        "with room for all controls": int(record["n_controls"]),
        "thing's area": _share(record["thing_area"]),
        "where there is room": _share(record["thing_area_controlled"]),
        "eccentricity, controls − target": _signed(record["control_eccentricity"]),
        "RMSE, controls − target": _signed(record["control_rmse"]),
    }


def _hosts(row: DecisionRow, record: Mapping[Any, Any]) -> dict[str, Any]:
    placed = Interval(*(record[name] for name in ("placed_excess", "placed_low", "placed_high")))
    return {
        "row": row.label,
        "fill": record["fill"],
        "photos": int(record["n"]),
        "with ten hosts": int(record["n_controls"]),
        "thing's area": _share(record["thing_area"]),
        "where there are hosts": _share(record["thing_area_controlled"]),
        "different hosts": _count(record["n_hosts"]),
        "targets of the host used most": _share(record["most_used"]),
        "clean score, hosts − target": _signed(record["host_score"]),
        "RMSE, hosts − target": _signed(record["control_rmse"]),
        "hosts whose own object the mask covers": _share(record["host_covered"]),
        "excess over places in the same photo": _numbers(placed),
        "photos with such places": _count(record["n_placed"]),
    }


def artefacts_table(verdict: Verdict) -> pd.DataFrame:
    """A row per fill: what it does by itself where there is nothing to take away, and whether it decides."""
    return pd.DataFrame(
        {
            "fill": FILLS[item.fill].label if item.fill in FILLS else item.fill,
            "mean |Δ|, SD": item.size,
            "mean Δ, SD": _numbers(item.mean, 2),
            "empty places": item.n,
            "decides": "yes" if item.decides else "no",
        }
        for item in verdict.artefacts
    )


def orders_table(verdict: Verdict) -> pd.DataFrame:
    """A row per account: the order that it predicted, the one that was found, and their rank correlation."""
    return pd.DataFrame(
        {
            "account": item.account,
            "predicted": " > ".join(map(thing, item.predicted)),
            "found": " > ".join(map(thing, item.found)),
            "rank correlation": _numbers(item.rho, 2),
        }
        for item in verdict.orders
    )


def kinds_table(found: Aggregates) -> pd.DataFrame:
    """A row per decision row and kind of photo: the effect in SD there, and whether the kinds differ."""
    return pd.DataFrame(
        {
            "row": item["label"],
            "by": item["by"],
            "kind": item["kind"],
            "n": int(item["n"]),
            "in SD": _numbers(Interval(item["in_sd"], item["low"], item["high"]), 2),
            "kinds differ, q": float(item["q_bh"]),
        }
        for item in found.kinds.to_dict("records")
    )


def row_conditions(found: Aggregates) -> dict[str, Condition]:
    """The condition that shows what each decision row takes away: one that decides, and of these the least artefact."""
    least = {item.fill: place for place, item in enumerate(found.verdict.artefacts)}

    def order(item: tuple[DecisionRow, dict[Any, Any]]) -> tuple[bool, int]:
        return item[1]["family"] != CONFIRMATORY, least.get(str(fill_of(_condition(item[1]))), len(least))

    conditions: dict[str, Condition] = {}
    for row, record in sorted(pooled_rows(found), key=order):
        conditions.setdefault(row.id, _condition(record))
    return conditions


def _count(value: float) -> int | None:
    return None if pd.isna(value) else int(value)


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
            "feature": FEATURES[item.feature].label if item.feature in FEATURES else item.feature.replace("_", " "),
            "kind": item.group,
            **{who(side, name): _numbers(value) for name, value in ((HUMAN, item.human), (MODEL, item.model)) if value},
        }
        for item in side.correlations
    )


def decision_effects(found: Aggregates) -> pd.DataFrame:
    """The marks of the decision rows in a chart: the confirmatory effects, and the same rows under every other fill.

    Columns as of `chosen_effects`, but `decides` is whether the effect is confirmatory. What is not says that it does
    not decide and keeps its q. What a person would name comes first, and there what decides.
    """
    table = found.effects
    pooled = (table["source"] == POOLED) & (table["population"] == ELIGIBLE)
    rows = _in_words(found, table[pooled | (table["family"] == CONFIRMATORY)])
    rows = rows[rows["decision"] != ""]
    idle = (rows["family"] != CONFIRMATORY).to_numpy(dtype=bool)
    said = [f"does not decide: {words}" if open_ else words for words, open_ in zip(rows["said"], idle, strict=True)]
    kinds = list(KINDS.values())
    order = np.lexsort([idle, np.array([kinds.index(kind) for kind in rows["kind"]], dtype=int)])
    return rows.assign(said=said, decides=~idle).iloc[order]


def chosen_effects(
    found: Aggregates, *, confirmatory: bool, source: str = POOLED, population: str = ELIGIBLE, doses: bool = False
) -> pd.DataFrame:
    """Effects of one family, source and population, with `name`, `title`, `said`, `beside` and `row`.

    `title` is the condition in words, `said` the effect, `beside` what must stand beside it, `detected` whether it
    depends on a detector; `decision` is the id of the decision row, empty beside these; `group` is the ablation without
    its fill, `kind` the heading it stands under, `decides` whether its fill decides. `row` is the position in
    `found.effects`. Confirmatory effects are pooled and of eligible photos by definition. Without `doses`, a strength
    other than the default one is left out: dose-response curves show those.
    """
    table = found.effects
    if confirmatory:
        chosen = table[table["family"] == CONFIRMATORY]
    else:
        here = (table["source"] == source) & (table["population"] == population) & (table["family"] != CONFIRMATORY)
        chosen = table[here if doses else here & ~_other_strength(found)]
    return _in_words(found, chosen)


def _in_words(found: Aggregates, chosen: pd.DataFrame) -> pd.DataFrame:
    """Effects with the columns that are told of them."""
    records = chosen.join(found.details.reindex(columns=list(BESIDE))).to_dict("records")
    known = {item.mask: item for item in measurements()}
    words = [ablation_words(record) for record in records]
    fills = deciding_fills(found)
    return chosen.assign(
        group=[group for group, _ in words],
        kind=[kind_words(_condition(record)) for record in records],
        decision=[getattr(decision_row(_condition(record)), "id", "") for record in records],
        decides=[fill_of(_condition(record)) in (None, *fills) for record in records],
        name=[condition_name(record) for record in records],
        title=[condition_words(record) for record in records],
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
