"""How each decision row is read: drop, rise, negligible, unresolved, or not testable, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from core import config
from core.effects import stats
from core.effects.effects import Tables
from core.effects.populations import differences, links, outcome
from core.effects.table import CONFIRMATORY, ELIGIBLE, POOLED, delta_interval, excess_interval
from core.study.artefacts import FEWEST, enough
from core.study.protocol import DECISION_ROWS, DELTA, EXCESS, LOW_LEVEL, SEMANTIC, DecisionRow
from core.study.reading import Study
from core.table import HOSTED
from core.types import Interval
from core.verdict.records import DROP, NEGLIGIBLE, NOT_TESTABLE, NOTHING, RISE, UNRESOLVED, FillDecision, RowDecision

KEPT = {
    DROP: "another piece of the photo of the same shape holds the score up better than what is kept, but the score "
    "does not clearly fall without the rest",
    RISE: "what is kept holds the score up better than another piece of the photo of the same shape",
}
"""What an excess says of a row that keeps a thing, where its plain difference does not go the same way."""
PLACED_COLUMNS = ("placed_excess", "placed_low", "placed_high", "n_placed", "disagree")


def decide_rows(study: Study, tables: Tables, weak: Mapping[str, str]) -> tuple[RowDecision, ...]:
    """Every decision row in order; `weak` maps masks with too unreliable a detector to what was measured."""
    found = tables.effects.join(tables.details[list(PLACED_COLUMNS)])
    pooled = found[(found["source"] == POOLED) & (found["population"] == ELIGIBLE)].reset_index(drop=True)
    decisions = [_read(study, row, pooled, weak) for row in DECISION_ROWS]
    return tuple(_compared(study, item, decisions, weak) if _row(item).rival else item for item in decisions)


def _row(decision: RowDecision) -> DecisionRow:
    return next(row for row in DECISION_ROWS if row.id == decision.row)


def places(study: Study, row: DecisionRow) -> list[int]:
    """The numbers of a row's conditions in a study."""
    return [place for place, condition in enumerate(study.conditions) if row.holds(condition)]


def deciding_values(study: Study, decision: RowDecision, weak: Mapping[str, str]) -> np.ndarray:
    """What the deciding fill's row says of each photo (photos,), NaN where a photo does not count.

    A row that must hold for its plain difference too is only as large as the smaller of the two.
    """
    row, place = _row(decision), _place(study, decision)
    values = outcome(study, place, row.outcome, weak)
    if row.itself:
        plain = np.where(np.isnan(values), np.nan, differences(study, place))
        if abs(np.nanmean(plain)) < abs(np.nanmean(values)):
            return plain
    return values


def _place(study: Study, decision: RowDecision) -> int:
    """The number of the condition under the fill whose result is the row's."""
    row = _row(decision)
    return next(place for place in places(study, row) if row.fill_of(study.conditions[place]) == decision.fill)


def host_error(study: Study, decision: RowDecision, values: np.ndarray) -> float:
    """What sharing hosts adds to the error of a row's mean over the photos (N,) in which `values` is known (rule 6)."""
    place, photos = _place(study, decision), np.flatnonzero(np.isfinite(values))
    plain = differences(study, place)[photos]
    if study.control_kind != HOSTED or decision.outcome != EXCESS or np.array_equal(values[photos], plain):
        return 0.0
    return stats.host_error(plain, links(study, place, photos), draws=config.RESAMPLES, seed=study.settings.seed)


def _read(study: Study, row: DecisionRow, pooled: pd.DataFrame, weak: Mapping[str, str]) -> RowDecision:
    numbers = places(study, row)
    # The table's rows stand in the order of the study's conditions, once per source and population.
    fills = tuple(_fill(study, row, place, dict(pooled.iloc[place].items())) for place in numbers)
    deciding = [fill for fill in fills if fill.confirmatory]
    eligible = max((int(pooled.iloc[place]["n"]) for place in numbers), default=0)
    if not deciding:
        return _untestable(study, row, fills, eligible, _why_not(study, row, fills, weak))
    if (
        row.filled
        and row.outcome == EXCESS
        and study.control_kind == HOSTED
        and not enough(str(item.fill) for item in deciding)
    ):
        named = " and ".join(str(item.fill) for item in deciding)
        alike = ", which often fill alike," if len(deciding) > 1 else ""
        said = f"only under {named}{alike} have enough photos their hosts, and {FEWEST} deciding fills are needed"
        return _untestable(study, row, fills, eligible, said)
    chosen = max(deciding, key=lambda fill: (fill.p, -abs(fill.estimate.estimate)))
    p_holm = float(
        max(pooled.iloc[place]["p_holm"] for place in numbers if pooled.iloc[place]["family"] == CONFIRMATORY)
    )
    reading, note = _decide(study, row, deciding, p_holm, weak)
    left_out = [str(fill.fill) for fill in fills if not fill.confirmatory and fill.fill in (None, *study.deciding)]
    notes = [note, f"no full set of controls under {', '.join(left_out)}" if left_out else ""]
    missing = [fill for fill in study.deciding if fill not in {item.fill for item in fills}]
    if row.filled and missing:
        notes.append(f"this study lacks the fills {', '.join(missing)}")
    if row.mask is not None and row.mask in weak:
        notes.append(f"only photos with exact masks ({weak[row.mask]})")
    base = _untestable(study, row, fills, eligible, "; ".join(text for text in notes if text))
    return replace(
        base,
        reading=reading,
        effect=reading in (DROP, RISE),
        n=chosen.n,
        estimate=chosen.estimate,
        in_sd=_scaled(chosen.estimate, study.sd),
        p_holm=p_holm,
        equivalence_p=max(fill.equivalence_p for fill in deciding),
        minimum_detectable=chosen.minimum_detectable,
        fill=chosen.fill,
    )


def _fill(study: Study, row: DecisionRow, place: int, found: Mapping[Any, Any]) -> FillDecision:
    # Without an excess the table's tests are of Δ, which is not what such a row reads.
    known = row.outcome != EXCESS or not math.isnan(found["excess_delta"])
    return FillDecision(
        fill=row.fill_of(study.conditions[place]),
        n=int(found["n_controls"] if row.outcome == EXCESS else found["n"]),
        estimate=excess_interval(found) if row.outcome == EXCESS else delta_interval(found),
        delta=delta_interval(found),
        p=found["p"] if known else math.nan,
        equivalence_p=found["equivalence_p"] if known else math.nan,
        minimum_detectable=found["minimum_detectable"] if known else math.nan,
        confirmatory=found["family"] == CONFIRMATORY,
        placed=Interval(*(float(found[name]) for name in PLACED_COLUMNS[:3])),
        n_placed=0 if math.isnan(found["n_placed"]) else int(found["n_placed"]),
        disagree=found["disagree"] is True,
    )


def _untestable(
    study: Study, row: DecisionRow, fills: tuple[FillDecision, ...], eligible: int, note: str
) -> RowDecision:
    """A reading without a result; of the fills that were computed, the largest n and nothing else."""
    return RowDecision(
        row=row.id,
        label=row.label,
        kind=row.kind,
        cause=row.cause,
        outcome=row.outcome,
        expected=(row.account_a, row.account_b),
        reading=NOT_TESTABLE,
        effect=False,
        n=max((fill.n for fill in fills), default=0),
        estimate=NOTHING,
        in_sd=NOTHING,
        p_holm=math.nan,
        equivalence_p=math.nan,
        minimum_detectable=math.nan,
        fill=None,
        fills=fills,
        note=note,
        eligible=eligible,
        control=study.control_kind if row.outcome == EXCESS else "",
    )


def _why_not(study: Study, row: DecisionRow, fills: tuple[FillDecision, ...], weak: Mapping[str, str]) -> str:
    """Why a row cannot be tested, in plain words: how many photos it has, and how many it needs."""
    numbers, most = places(study, row), config.PLACEMENTS
    if not numbers:
        return "not in this study"
    if row.filled and not enough(study.deciding):
        return _undecided(study)
    there = any(np.isfinite(study.score[:, place]).any() for place in numbers)
    hosted = study.control_kind == HOSTED
    held = any(len(study.hosts.at(place)) if hosted else study.placements[:, place].any() for place in numbers)
    if row.outcome == EXCESS and there and not held:
        return "this study holds no controls"
    if row.outcome == EXCESS and not hosted and (wanted := study.settings.thinning.get("placements", most)) < most:
        return f"this study has {wanted} controls a photo, {most} are needed"
    n = max(int(np.isfinite(outcome(study, place, row.outcome, weak)).sum()) for place in numbers)
    kind = "were scored"
    if row.outcome == EXCESS:
        kind = f"have it and {most} hosts of equal score" if hosted else "have it with room for controls"
    guessed = max(fill.n for fill in fills) - n if row.mask in weak else 0
    if guessed:
        kind += " under an exact mask"
    said = f"{n} photos {kind}, {config.MIN_CONFIRMATORY} are needed"
    if n < config.MIN_COMPUTED and not guessed:
        said += ", too few for any number"
    return f"{said}; {guessed} more rest on a detector that may not decide: {weak[str(row.mask)]}" if guessed else said


def _undecided(study: Study) -> str:
    """Why no row that fills a part of the photo decides."""
    found = [item.fill for item in study.artefacts if item.decides]
    if not found:
        return "what the fills do by themselves was not measured in this study"
    if len(found) < FEWEST:
        return f"only {found[0]} is a fill that decides, and {FEWEST} are needed"
    return f"only {' and '.join(found)} decide, which often fill alike, and {FEWEST} kinds of fills are needed"


def _decide(
    study: Study, row: DecisionRow, fills: list[FillDecision], p_holm: float, weak: Mapping[str, str]
) -> tuple[str, str]:
    """The reading of a row, which must hold under every fill, and a note on it."""
    bound = config.SESOI * study.sd
    if apart := [str(fill.fill) for fill in fills if fill.disagree]:
        return UNRESOLVED, f"controls disagree under {', '.join(apart)}"
    found = _direction([fill.estimate for fill in fills], bound) if p_holm < config.ALPHA else UNRESOLVED
    alike = max(fill.equivalence_p for fill in fills) < config.ALPHA
    if not row.itself:
        return (NEGLIGIBLE, "") if alike else (found, "")
    read = [place for place in places(study, row) if row.fill_of(study.conditions[place]) in study.deciding]
    plain = [outcome(study, place, DELTA, weak) for place in read]
    still = all(stats.equivalence_p(values[np.isfinite(values)], bound) < config.ALPHA for values in plain)
    if alike or still:
        return NEGLIGIBLE, "" if alike else "the plain difference is negligible"
    if found in (DROP, RISE) and _direction([fill.delta for fill in fills], bound) != found:
        return UNRESOLVED, f"the excess is a {found}, but not the plain difference: {KEPT[found]}"
    return found, ""


def _direction(intervals: list[Interval], bound: float) -> str:
    if all(interval.high < -bound for interval in intervals):
        return DROP
    if all(interval.low > bound for interval in intervals):
        return RISE
    return UNRESOLVED


def _scaled(interval: Interval, sd: float) -> Interval:
    if sd <= 0:
        return NOTHING
    return Interval(interval.estimate / sd, interval.low / sd, interval.high / sd)


def compare(study: Study, first: RowDecision, second: RowDecision, weak: Mapping[str, str]) -> tuple[Interval, int]:
    """|first| − |second| in SD with its paired interval, and the number of photos eligible for both.

    Where fewer than 20 photos are, each row keeps its own photos and the resamples are of the whole study. The interval
    is wider by what sharing hosts adds to the error of either.
    """
    pair = np.column_stack([deciding_values(study, decision, weak) for decision in (first, second)])
    both = np.isfinite(pair).all(axis=1)
    if both.sum() >= config.MIN_COMPUTED:
        pair[~both] = np.nan
    errors = [host_error(study, decision, values) for decision, values in zip((first, second), pair.T, strict=True)]
    pair = pair[both] if both.sum() >= config.MIN_COMPUTED else pair
    found = stats.with_error(stats.lead(pair[:, 0], pair[:, 1], seed=study.settings.seed), math.hypot(*errors))
    return _scaled(found, study.sd), int(both.sum())


def _compared(
    study: Study, decision: RowDecision, decisions: list[RowDecision], weak: Mapping[str, str]
) -> RowDecision:
    """The row that both accounts expect: it speaks for shortcuts only if it is larger than every semantic drop."""
    drops = [item for item in decisions if item.kind == SEMANTIC and item.reading == DROP]
    if decision.kind != LOW_LEVEL or not decision.effect or not drops:
        return decision
    leads = {item.label: compare(study, decision, item, weak)[0] for item in drops}
    if all(lead.low > 0 for lead in leads.values()):
        return replace(decision, note="larger than every semantic drop")
    smaller = next((label for label, lead in leads.items() if lead.high < 0), "")
    if smaller:
        return replace(decision, effect=False, note=f"no larger than {smaller}")
    tied = " and ".join(label for label, lead in leads.items() if lead.low <= 0)
    return replace(decision, reading=UNRESOLVED, effect=False, note=f"a {decision.reading}; as large as {tied}")
