"""Which decision row leads, and which of two is larger at the same perturbation size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from core import config
from core.effects import stats
from core.effects.populations import outcome
from core.study.protocol import DECISION_ROWS
from core.study.reading import Study
from core.table import Condition
from core.verdict.records import Cause, Lead, Pair, RowDecision
from core.verdict.row_decisions import compare, deciding_values, host_error, places


def leading_cause(study: Study, decisions: Sequence[RowDecision], weak: Mapping[str, str]) -> Cause:
    """The row with the largest effect, if its lead over the runner-up, the largest of another cause, excludes 0.

    Where it does not, the one of the two whose mask lies inside the other's leads (a face in a person). It must be a
    row with an effect.
    """
    testable = sorted((item for item in decisions if item.testable), key=lambda item: -abs(_size(study, item, weak)))
    if not any(item.effect for item in testable):
        return Cause(None, None, "no row is a drop or a rise that counts")
    top, others = testable[0], testable[1:]
    leads = []
    for other in others:
        margin, n = compare(study, top, other, weak)
        leads.append(Lead(top.row, other.row, margin, n))
    rivals = [(other, lead) for other, lead in zip(others, leads, strict=True) if other.cause != top.cause]
    if not rivals or rivals[0][1].margin.low > 0:
        winner, why = top, f"{top.label} has the largest effect"
    else:
        rival = rivals[0][0]
        inner = _inner(top, rival)
        if inner is None:
            return Cause(None, None, f"{top.label} and {rival.label} are not told apart", tuple(leads))
        outer = rival if inner is top else top
        winner, why = inner, f"{inner.label} is not told apart from {outer.label}, of which it is a part"
    if not winner.effect:
        return Cause(None, None, f"{winner.label} is the largest, but has no effect of its own kind", tuple(leads))
    return Cause(winner.cause, winner.row, why, tuple(leads))


def _size(study: Study, decision: RowDecision, weak: Mapping[str, str]) -> float:
    return float(np.nanmean(deciding_values(study, decision, weak)))


def _inner(one: RowDecision, other: RowDecision) -> RowDecision | None:
    """Which of two rows takes away a part of what the other does; None where neither is known to."""
    inside = {row.id: row.inside for row in DECISION_ROWS}
    return one if other.row in inside[one.row] else other if one.row in inside[other.row] else None


def pairs(study: Study, decisions: Sequence[RowDecision], weak: Mapping[str, str]) -> tuple[Pair, ...]:
    """Every two testable rows with at least 20 photos in common."""
    testable = [item for item in decisions if item.testable]
    doses = {item.row: dose_response(study, item, weak) for item in testable}
    found = (_pair(study, first, second, doses) for first, second in combinations(testable, 2))
    return tuple(pair for pair in found if pair is not None)


def dose_response(study: Study, decision: RowDecision, weak: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Perturbation size and outcome by photo and dose (photos × doses each), the deciding condition first.

    A whole-photo ablation has the strengths that the study holds, a region its one strength.
    """
    row = next(row for row in DECISION_ROWS if row.id == decision.row)
    own = next(place for place in places(study, row) if row.fill_of(study.conditions[place]) == decision.fill)
    others = [] if row.mask else series(study.conditions, own)
    chosen = [own, *(place for place in others if place != own)]
    values = [deciding_values(study, decision, weak), *(outcome(study, place, row.outcome) for place in chosen[1:])]
    return study.rmse[:, chosen], np.column_stack(values)


def series(conditions: Sequence[Condition], own: int) -> list[int]:
    """Numbers of the conditions that differ from one in a single numeric parameter, and of itself."""
    mine = conditions[own]
    found = [own]
    for place, other in enumerate(conditions):
        same = (other.ablation, other.mask, other.fill, other.direction)
        if place != own and same == (mine.ablation, mine.mask, mine.fill, mine.direction):
            changed = changed_parameters(mine, other)
            if len(changed) == 1 and all(isinstance(value, int | float) for value in changed.values()):
                found.append(place)
    return found


def changed_parameters(one: Condition, other: Condition) -> dict[str, object]:
    """Parameters that two conditions of one ablation do not share, with the values of the other."""
    first, second = one.arguments, other.arguments
    return {name: second.get(name) for name in {*first, *second} if first.get(name) != second.get(name)}


def _pair(
    study: Study, first: RowDecision, second: RowDecision, doses: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Pair | None:
    (size_1, value_1), (size_2, value_2) = doses[first.row], doses[second.row]
    both = (
        np.isfinite(value_1[:, 0]) & np.isfinite(value_2[:, 0]) & np.isfinite(size_1[:, 0]) & np.isfinite(size_2[:, 0])
    )
    if both.sum() < config.MIN_COMPUTED:
        return None
    target = np.minimum(size_1[both, 0], size_2[both, 0])
    matched = [stats.at_rmse(*_complete(size[both], value[both]), target) for size, value in zip(
        (size_1, size_2), (value_1, value_2), strict=True)]  # fmt: skip
    errors = [host_error(study, item, np.where(both, value[:, 0], np.nan)) for item, value in zip(
        (first, second), (value_1, value_2), strict=True)]  # fmt: skip
    share = stats.larger_share(*matched, errors=errors, seed=study.settings.seed)
    return Pair(first.row, second.row, share, int(both.sum()), float(target.mean()))


def _complete(size: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The doses that all of these photos have."""
    known = (np.isfinite(size) & np.isfinite(value)).all(axis=0)
    return size[:, known], value[:, known]
