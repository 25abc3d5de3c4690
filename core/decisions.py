"""The decision rows: what two rival accounts predict of nine ablations, written down before any study was run."""

from __future__ import annotations

from dataclasses import dataclass

from core.registry import ABLATIONS, FILLS
from core.table import KEEP, REMOVE, Condition

SEMANTIC, LOW_LEVEL = "semantic", "low-level"
EXCESS, DELTA = "excess", "delta"
"""The outcome that a row reads: target − mean of its controls, or the plain difference."""
CONFIRMATORY_FILLS = ("mean", "blur", "noise", "inpaint")
"""A row of a region takes the largest p over these."""


@dataclass(frozen=True)
class DecisionRow:
    """One row: the ablation that it rests on, the outcome that is read, and what each account predicts.

    `inside` names rows whose removal takes this row's thing along: where the two do not differ, this one is the cause.
    `itself` marks a row whose excess counts only where its plain difference goes the same way. `rival` marks the row
    that both accounts expect to have an effect: what counts is whether it is larger than every semantic drop.
    """

    id: str
    label: str
    kind: str
    cause: str
    outcome: str
    account_a: str
    account_b: str
    ablation: str
    mask: str | None = None
    direction: str | None = None
    inside: tuple[str, ...] = ()
    itself: bool = False
    rival: bool = False

    def holds(self, condition: Condition) -> bool:
        """Whether a condition is this row at default strength; a region under any of the confirmatory fills."""
        named = (condition.ablation, condition.mask, condition.direction) == (self.ablation, self.mask, self.direction)
        filled = condition.fill in (CONFIRMATORY_FILLS if self.mask else (None,))
        return named and filled and at_default(condition)


SMOOTHED = ("texture", "blur")
"""Ablations of the whole photo that may wipe out a small thing with everything else; colour keeps its shape."""
_DROP, _NOTHING, _EITHER = "drop", "negligible", "drop or rise"

DECISION_ROWS = (
    DecisionRow(
        "faces_removed", "faces removed", SEMANTIC, "face", EXCESS, _DROP, _NOTHING,
        "region", "faces", REMOVE, inside=("people_removed", "salient_removed", *SMOOTHED),
    ),
    DecisionRow(
        "people_removed", "people removed", SEMANTIC, "person", EXCESS, _DROP, _NOTHING,
        "region", "people", REMOVE, inside=("salient_removed", *SMOOTHED),
    ),
    DecisionRow(
        "salient_removed", "salient object removed", SEMANTIC, "salient object", EXCESS, _DROP, _NOTHING,
        "region", "salient", REMOVE, inside=SMOOTHED,
    ),
    DecisionRow(
        "text_removed", "text removed", SEMANTIC, "text", EXCESS, _DROP, _NOTHING,
        "region", "text", REMOVE, inside=("salient_removed", *SMOOTHED),
    ),
    DecisionRow(
        "background_removed", "background removed (salient object kept)", LOW_LEVEL, "context", EXCESS,
        _NOTHING, _EITHER, "region", "salient", KEEP, itself=True,
    ),
    DecisionRow(
        "centre_crop", "centre crop, surround filled", LOW_LEVEL, "context", DELTA, _NOTHING, _EITHER, "centre_crop",
    ),
    DecisionRow("grayscale", "grayscale", LOW_LEVEL, "colour", DELTA, _NOTHING, _EITHER, "grayscale"),
    DecisionRow(
        "texture", "texture removed (edge-preserving smoothing)", LOW_LEVEL, "texture", DELTA, _NOTHING, _EITHER,
        "texture", inside=("blur",),
    ),
    DecisionRow(
        "blur", "blur", LOW_LEVEL, "spatial frequency", DELTA,
        "no larger than the largest semantic drop", "larger than every semantic drop", "blur", rival=True,
    ),
)  # fmt: skip


def decision_row(condition: Condition) -> DecisionRow | None:
    """The row that a condition belongs to, if any."""
    return next((row for row in DECISION_ROWS if row.holds(condition)), None)


def at_default(condition: Condition) -> bool:
    """Whether every parameter that a condition gives has the value of its signature (of the fill's, for a region)."""
    given = condition.arguments
    if not given:
        return True
    if condition.ablation not in ABLATIONS:
        return False
    defaults = ABLATIONS[condition.ablation].arguments()
    if condition.fill is not None and condition.fill in FILLS:
        defaults = FILLS[condition.fill].arguments() | {"feather": defaults.get("feather")}
    return all(name in defaults and defaults[name] == value for name, value in given.items())
