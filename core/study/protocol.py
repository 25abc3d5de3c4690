"""The decision rows: what two rival accounts predict of nine ablations, written down before any study was run."""

from __future__ import annotations

from dataclasses import dataclass

from core.registry import ABLATIONS, FILLS
from core.table import KEEP, REMOVE, Condition

SEMANTIC, LOW_LEVEL = "semantic", "low-level"
EXCESS, DELTA = "excess", "delta"
"""The outcome that a row reads: target − mean of its controls, or the plain difference."""
CONFIRMATORY_FILLS = ("mean", "blur", "noise", "inpaint", "blend")
"""A row that fills a part of the photo takes the largest p over those of these that decide."""
FIRST_FILLS = ("mean", "blur", "noise", "inpaint")
"""The fills that decided in studies of protocol 1."""


@dataclass(frozen=True)
class DecisionRow:
    """One row: the ablation that it rests on, the outcome that is read, and what each account predicts.

    `inside` names rows whose mask may hold this row's: where the two do not differ, this one is the cause. An ablation
    of the whole photo has no mask: a tie with one is a tie.
    `filled_by` is the parameter that names the fill where no mask is used.
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
    filled_by: str = ""

    @property
    def filled(self) -> bool:
        """Whether a part of the photo is filled: the row must hold under every fill."""
        return bool(self.mask or self.filled_by)

    def fill_of(self, condition: Condition) -> str | None:
        """The fill of one of this row's conditions."""
        if not self.filled_by:
            return condition.fill
        return str((ABLATIONS[self.ablation].arguments() | condition.arguments)[self.filled_by])

    def holds(self, condition: Condition) -> bool:
        """Whether a condition is this row at default strength; where a fill is used, under any confirmatory one."""
        named = (condition.ablation, condition.mask, condition.direction) == (self.ablation, self.mask, self.direction)
        if not named or not at_default(condition, apart_from=self.filled_by):
            return False
        return self.fill_of(condition) in (CONFIRMATORY_FILLS if self.filled else (None,))


_DROP, _NOTHING, _EITHER = "drop", "negligible", "drop or rise"

DECISION_ROWS = (
    DecisionRow(
        "faces_removed", "faces removed", SEMANTIC, "face", EXCESS, _DROP, _NOTHING,
        "region", "faces", REMOVE, inside=("people_removed",),
    ),
    DecisionRow(
        "people_removed", "people removed", SEMANTIC, "person", EXCESS, _DROP, _NOTHING,
        "region", "people", REMOVE,
    ),
    DecisionRow(
        "salient_removed", "salient object removed", SEMANTIC, "salient object", EXCESS, _DROP, _NOTHING,
        "region", "salient", REMOVE,
    ),
    DecisionRow(
        "text_removed", "text removed", SEMANTIC, "text", EXCESS, _DROP, _NOTHING,
        "region", "text", REMOVE,
    ),
    DecisionRow(
        "background_removed", "background removed (salient object kept)", LOW_LEVEL, "context", EXCESS,
        _NOTHING, _EITHER, "region", "salient", KEEP, itself=True,
    ),
    DecisionRow(
        "centre_crop", "centre crop, surround filled", LOW_LEVEL, "context", DELTA, _NOTHING, _EITHER, "centre_crop",
        filled_by="surround",
    ),
    DecisionRow("grayscale", "grayscale", LOW_LEVEL, "colour", DELTA, _NOTHING, _EITHER, "grayscale"),
    DecisionRow(
        "texture", "texture removed (edge-preserving smoothing)", LOW_LEVEL, "texture", DELTA, _NOTHING, _EITHER,
        "texture",
    ),
    DecisionRow(
        "blur", "blur", LOW_LEVEL, "spatial frequency", DELTA,
        "no larger than the largest semantic drop", "larger than every semantic drop", "blur", rival=True,
    ),
)  # fmt: skip

BACKGROUND = next(row for row in DECISION_ROWS if row.id == "background_removed")
"""What keeps the salient object alone: its words name what is taken away."""


def decision_row(condition: Condition) -> DecisionRow | None:
    """The row that a condition belongs to, if any."""
    return next((row for row in DECISION_ROWS if row.holds(condition)), None)


def at_default(condition: Condition, apart_from: str = "") -> bool:
    """Whether every parameter that a condition gives has the value of its signature (of the fill's, for a region).

    The parameter `apart_from` may have any value.
    """
    given = {name: value for name, value in condition.arguments.items() if name != apart_from}
    if not given:
        return True
    if condition.ablation not in ABLATIONS:
        return False
    defaults = ABLATIONS[condition.ablation].arguments()
    if condition.fill is not None and condition.fill in FILLS:
        defaults = FILLS[condition.fill].arguments() | {"feather": defaults.get("feather")}
    return all(name in defaults and defaults[name] == value for name, value in given.items())
