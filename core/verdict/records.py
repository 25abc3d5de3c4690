"""The records of a verdict, light enough for any page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.records import FileName
from core.study.artefacts import Artefact
from core.study.protocol import EXCESS
from core.types import Interval
from core.wording import sentence

A, B, MIXED, INCONCLUSIVE = "A", "B", "mixed", "inconclusive"
PASSED, FAILED, NOT_ESTABLISHED = "passed", "failed", "not established"
LOST, SURVIVES = "lost", "survives"
DROP, RISE, NEGLIGIBLE, UNRESOLVED, NOT_TESTABLE = "drop", "rise", "negligible", "unresolved", "not testable"
NOTHING = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class FillDecision:
    """A row under one fill (None for a whole-photo ablation): outcome and plain difference, in units of the score.

    `placed` is the excess over placed controls where hosted ones decide, in the `n_placed` photos with room for them;
    `disagree` says that on the photos with both the two have different signs.
    """

    fill: str | None
    n: int
    estimate: Interval
    delta: Interval
    p: float
    equivalence_p: float
    minimum_detectable: float
    confirmatory: bool
    placed: Interval = NOTHING
    n_placed: int = 0
    disagree: bool = False


@dataclass(frozen=True)
class RowDecision:
    """A decision row as it was found.

    `estimate` (units of the score), `in_sd` and `minimum_detectable` are those of the fill that decides: the one with
    the largest p, of equals the one nearest to 0. `equivalence_p` is the largest over the fills too. `effect` says
    whether the row speaks for its kind; `note` says what else there is to know. `expected` holds what accounts A and B
    predict. `eligible` counts the photos with the thing that were ablated, `n` those of them that are read; `control`
    is the kind of controls that they are compared with.
    """

    row: str
    label: str
    kind: str
    cause: str
    outcome: str
    expected: tuple[str, str]
    reading: str
    effect: bool
    n: int
    estimate: Interval
    in_sd: Interval
    p_holm: float
    equivalence_p: float
    minimum_detectable: float
    fill: str | None
    fills: tuple[FillDecision, ...]
    note: str = ""
    eligible: int = 0
    control: str = ""

    @property
    def deciding(self) -> tuple[str, ...]:
        """The fills under which the row is read."""
        return tuple(item.fill for item in self.fills if item.confirmatory and item.fill)

    @property
    def testable(self) -> bool:
        return self.reading != NOT_TESTABLE

    def __str__(self) -> str:
        if math.isnan(self.estimate.estimate):
            return "not computed"
        kind = "excess " if self.outcome == EXCESS else ""
        return kind + sentence(self.estimate, self.n, self.p_holm)


@dataclass(frozen=True)
class Lead:
    """The largest row against another: |first| − |second| in SD, on the `n` photos that are eligible for both."""

    first: str
    second: str
    margin: Interval
    n: int


@dataclass(frozen=True)
class Cause:
    """The leading cause, or None: `row` is the decision row that leads, `why` says in words how that was found."""

    cause: str | None
    row: str | None
    why: str
    leads: tuple[Lead, ...] = ()


@dataclass(frozen=True)
class Pair:
    """P(|first| > |second|) at matched perturbation size, on the `n` photos that are eligible for both.

    `rmse` is the mean over photos of the size that they were matched at: the smaller of the two rows' own.
    """

    first: str
    second: str
    probability: float
    n: int
    rmse: float


@dataclass(frozen=True)
class Order:
    """What an account put in order, largest first, as predicted and as found, with the `sizes` found, in SD.

    `rho` is the rank correlation of the two; its interval is over photos, with the error that shared hosts add.
    """

    account: str
    predicted: tuple[str, ...]
    found: tuple[str, ...]
    sizes: tuple[float, ...]
    rho: Interval


@dataclass(frozen=True)
class Gate:
    """Validity on photos with human scores (`n` of them), and whether a verdict may rest on it.

    `source` is the photo set that decides, where several have human scores: the one with the lowest lower end.
    """

    status: str
    validity: Interval | None
    n: int
    source: str = ""


@dataclass(frozen=True)
class Evidence:
    """What an ablation at default strength does to validity: ρ of the ablated photos, its loss, lost or survives."""

    ablation: str
    mask: str | None
    fill: str | None
    direction: str | None
    validity: Interval
    drop: Interval
    status: str
    note: str = ""


@dataclass(frozen=True)
class Sham:
    """An ablation that must do nothing: its Δ, and whether its 95 % interval stays within ±SESOI (identity: is 0)."""

    ablation: str
    delta: Interval
    n: int
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """The verdict on one study.

    `verdict` is A, B, mixed or inconclusive; `withheld` says that it is inconclusive because the gate failed. `strict`
    is False for a leaning verdict, which the rows in `held_back` keep from being strict. `marks` are to be shown
    wherever the verdict is. `artefacts` is what each fill does by itself, the least first. Differences are in units of
    the score unless a name says SD.
    """

    sentence: str
    verdict: str
    strict: bool
    withheld: bool
    held_back: tuple[str, ...]
    cause: Cause
    readings: tuple[RowDecision, ...]
    gate: Gate
    marks: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    pairs: tuple[Pair, ...]
    shams: tuple[Sham, ...]
    study: str
    model: FileName
    sources: tuple[str, ...]
    n_photos: int
    sd: float
    seed: int
    protocol: int = 1
    artefacts: tuple[Artefact, ...] = ()
    orders: tuple[Order, ...] = ()

    @property
    def leading_cause(self) -> str | None:
        """The cause that leads, in the words of the decision rows, or None."""
        return self.cause.cause

    @property
    def strength(self) -> str:
        """Strict or leaning; empty for an inconclusive verdict."""
        return "" if self.verdict == INCONCLUSIVE else "strict" if self.strict else "leaning"
