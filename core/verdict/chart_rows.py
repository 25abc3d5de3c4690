"""The rows of the chart of effects: under which heading an ablation stands, and which of its marks decide."""

from __future__ import annotations

import pandas as pd

from core import config
from core.effects.table import CONFIRMATORY
from core.registry import ABLATIONS, FILLS
from core.study.protocol import DECISION_ROWS, EXCESS, FIRST_FILLS, LOW_LEVEL, SEMANTIC, decision_row
from core.table import KEEP, Condition
from core.verdict.aggregates import Aggregates
from core.verdict.headline import NO_MORE, PLAIN, headline
from core.verdict.records import NEGLIGIBLE, RowDecision
from core.wording import minus

KINDS = {SEMANTIC: "What a person would name", LOW_LEVEL: "Shortcuts"}
"""Headings of decision rows."""
EXPLAINED = " *"
"""Behind the name of a row whose marks leave the band although it reads negligible: why is said below the chart."""


def kind_words(condition: Condition) -> str:
    """The heading under which an ablation stands."""
    row = decision_row(condition)
    if row is not None:
        return KINDS[row.kind]
    if condition.mask is None:
        return "Whole photo"
    return "Things kept alone" if condition.direction == KEEP else "Things removed"


def fill_of(condition: Condition) -> str | None:
    """The fill that an ablation uses, also where it fills what is around the middle; None where it fills nothing."""
    if condition.mask is not None:
        return condition.fill
    named = next((row.filled_by for row in DECISION_ROWS if row.ablation == condition.ablation and row.filled_by), "")
    if not named or condition.ablation not in ABLATIONS:
        return None
    fill = str((ABLATIONS[condition.ablation].arguments() | condition.arguments)[named])
    return fill if fill in FILLS else None


def deciding_fills(found: Aggregates) -> tuple[str, ...]:
    """The fills whose marks are solid: those that decide; of protocol 1, all that did."""
    return tuple(item.fill for item in found.verdict.artefacts if item.decides) or FIRST_FILLS


def starred(rows: pd.DataFrame, found: Aggregates) -> tuple[pd.DataFrame, list[str]]:
    """Effects for a chart of the score shift, with stars behind rows that need a reason, and these reasons.

    `rows` are those of `evidence.decision_effects`; among others nothing has a star.
    """
    reasons = explanations(found)
    told = [row for row in dict.fromkeys(rows.loc[rows["family"] == CONFIRMATORY, "decision"]) if row in reasons]
    names = [group + EXPLAINED * (row in told) for group, row in zip(rows["group"], rows["decision"], strict=True)]
    return rows.assign(group=names), [f"{PLAIN[row].capitalize()}: {reasons[row]}." for row in told]


def explanations(found: Aggregates) -> dict[str, str]:
    """Why a decision row (by its id) is read as negligible though a mark of its shift leaves the band."""
    sd = found.verdict.sd
    said = {row.row: row.explained for row in headline(found.verdict).rows}
    notes = {item.row: _controls(item, sd) or said[item.row] for item in found.verdict.readings}
    return {row: note for row, note in notes.items() if note}


def _controls(item: RowDecision, sd: float) -> str:
    """What the controls say of a row whose score moves, though no more than theirs; empty where it does not."""
    if item.reading != NEGLIGIBLE or item.outcome != EXCESS:
        return ""
    beyond = [fill for fill in item.fills if fill.confirmatory and abs(fill.delta.estimate) > config.SESOI * sd]
    if not beyond:
        return ""
    alone, control = (beyond[0].delta.estimate / sd, (beyond[0].delta.estimate - beyond[0].estimate.estimate) / sd)
    return f"the score moves by {minus(alone, 2)} SD, but by {minus(control, 2)} SD in the controls too: {NO_MORE}"
