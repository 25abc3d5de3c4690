"""A verdict that anybody understands: one short sentence, and the nine rows in words; never imports torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core import config
from core.study.protocol import EXCESS
from core.types import Interval
from core.verdict.records import (
    DROP,
    FAILED,
    NEGLIGIBLE,
    NOT_TESTABLE,
    NOTHING,
    RISE,
    UNRESOLVED,
    FillDecision,
    RowDecision,
    Verdict,
)
from core.wording import minus

WORDS = 30
"""The headline has at most so many."""
PLAIN = {
    "faces_removed": "faces",
    "people_removed": "people",
    "salient_removed": "the main object",
    "text_removed": "text",
    "background_removed": "the background",
    "centre_crop": "the surroundings",
    "grayscale": "colour",
    "texture": "texture",
    "blur": "sharpness",
}
"""What each row takes away, in words that need no explanation."""
NO_MORE = "no more than any other region of its size"


@dataclass(frozen=True)
class FillMark:
    """A row under one fill, in SD: its estimate, the excess over placed controls beside it, and whether it decides."""

    fill: str
    estimate: Interval
    placed: Interval
    n: int
    decides: bool


@dataclass(frozen=True)
class HeadlineRow:
    """One of the nine rows in words; `estimate` is in SD, NaN where the row was not tested.

    `said` is the reading in words; `expected` what accounts A and B predict; `fills` holds every fill, deciding ones
    first; `n` photos were read of the `eligible` ones that have the thing; `control` is the kind of their controls.
    """

    row: str
    words: str
    kind: str
    reading: str
    said: str
    estimate: Interval
    expected: tuple[str, str]
    fills: tuple[FillMark, ...]
    n: int
    eligible: int
    control: str
    note: str

    @property
    def explained(self) -> str:
        """Why a fill whose mark leaves the band of negligible effects does not count; empty where none does."""
        if self.reading != NEGLIGIBLE:
            return ""
        outside = [mark.fill for mark in self.fills if abs(mark.estimate.estimate) > config.SESOI and not mark.decides]
        return f"{' and '.join(outside)} {_leave(outside)} a trace of its own, and {_do(outside)} not decide" if (
            outside
        ) else ""  # fmt: skip


@dataclass(frozen=True)
class Headline:
    """The sentence of a verdict (at most 30 words), and its rows in the order in which they were written down."""

    sentence: str
    rows: tuple[HeadlineRow, ...]
    sd: float
    sesoi: float = config.SESOI


def thing(row: str) -> str:
    """What a row takes away in plain words; a name that is no row's stays."""
    return PLAIN.get(row, row)


def headline(found: Verdict) -> Headline:
    """What a page, a figure and the command line say of a verdict first."""
    return Headline(headline_sentence(found), tuple(_row(item, found.sd) for item in found.readings), found.sd)


def _row(item: RowDecision, sd: float) -> HeadlineRow:
    fills = sorted((fill for fill in item.fills if fill.fill), key=lambda fill: not fill.confirmatory)
    return HeadlineRow(
        row=item.row,
        words=f"{PLAIN[item.row]} taken away".capitalize(),
        kind=item.kind,
        reading=item.reading,
        said=reading_words(item),
        estimate=item.in_sd,
        expected=item.expected,
        fills=tuple(_mark(fill, sd) for fill in fills),
        n=item.n,
        eligible=item.eligible,
        control=item.control,
        note=item.note,
    )


def _mark(fill: FillDecision, sd: float) -> FillMark:
    estimate, placed = (_in_sd(interval, sd) for interval in (fill.estimate, fill.placed))
    return FillMark(str(fill.fill), estimate, placed, fill.n, fill.confirmatory)


def _in_sd(interval: Interval, sd: float) -> Interval:
    if sd <= 0 or math.isnan(interval.estimate):
        return NOTHING
    return Interval(interval.estimate / sd, interval.low / sd, interval.high / sd)


def reading_words(item: RowDecision) -> str:
    """A reading in words; of a region without an effect what its controls allow to say."""
    compared = _is_like_any_region(item)
    return {
        DROP: "lowers the score",
        RISE: "raises the score",
        NEGLIGIBLE: NO_MORE if compared else "too little to matter",
        UNRESOLVED: "not settled",
        NOT_TESTABLE: "could not be tested",
    }[item.reading]


def _is_like_any_region(item: RowDecision) -> bool:
    """Whether it is the comparison with other regions that shows no effect, not what the ablation does by itself."""
    return item.outcome == EXCESS and item.equivalence_p < config.ALPHA


def headline_sentence(found: Verdict) -> str:
    """The verdict in one sentence without jargon, of at most 30 words: the longest that fits."""
    if found.gate.status == FAILED:
        return "No verdict: the model's scores agree too little with people's on these photos."
    return next(said for said in _sentences(found.readings) if len(said.split()) <= WORDS)


def _sentences(rows: Sequence[RowDecision]) -> Iterator[str]:
    """What can be said, the most that there is to say first."""
    by_reading = {
        reading: [PLAIN[item.row] for item in rows if item.reading == reading]
        for reading in (DROP, RISE, NEGLIGIBLE, UNRESOLVED)
    }
    regions = [PLAIN[item.row] for item in rows if item.reading == NEGLIGIBLE and _is_like_any_region(item)]
    wholes = [name for name in by_reading[NEGLIGIBLE] if name not in regions]
    effects = _effects(by_reading[DROP], by_reading[RISE])
    if not effects:
        untested = any(item.reading == NOT_TESTABLE for item in rows)
        yield _nothing(by_reading[NEGLIGIBLE], by_reading[UNRESOLVED], untested)
        return
    open_ends = list(_open_ends([PLAIN[item.row] for item in rows if item.reading == NOT_TESTABLE]))
    for said in _beside(regions, wholes, bool(by_reading[RISE])):
        yield from (f"{effects}{said}{end}." for end in open_ends)


def _beside(regions: Sequence[str], wholes: Sequence[str], rises: bool) -> Iterator[str]:
    """What had no effect, as it goes on from what had one; the longest first."""
    if regions:
        no_more = f"; taking {_joined(regions)} away does no more than taking away any other region"
        if wholes:
            yield f"{no_more} of its size; taking {_joined(wholes)} away does not matter"
            yield f"{no_more}; taking {_joined(wholes)} away does not matter"
        yield f"{no_more} of its size"
        yield no_more
    for names in (wholes, wholes[:1]):
        if names:
            yield f"; taking {_joined(names)} away does not{' matter' if rises else ''}"
    yield ""


def _open_ends(untested: Sequence[str]) -> Iterator[str]:
    """That something could not be tested, by name or, where names are too many, without."""
    if not untested:
        yield ""
        return
    yield f"; {_joined(untested)} could not be tested"
    yield f"; {len(untested)} {'other things' if len(untested) > 1 else 'other thing'} could not be tested"


def _effects(drops: Sequence[str], rises: Sequence[str]) -> str:
    said = []
    if drops:
        said.append(f"Taking {_joined(drops)} away lowers the score")
    if rises:
        said.append(f"{'taking' if drops else 'Taking'} {_joined(rises)} away raises {'it' if drops else 'the score'}")
    return "; ".join(said)


def _nothing(negligible: Sequence[str], unresolved: Sequence[str], untested: bool) -> str:
    if untested and (negligible or unresolved):
        return "Nothing that could be tested clearly changes the score; what could not be tested stays open."
    if unresolved:
        return "Nothing that was taken away clearly changes the score; part of it is not settled."
    if negligible:
        return "Nothing that was taken away changes the score enough to matter."
    return "Nothing could be tested on these photos: what the score depends on stays open."


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _leave(words: Sequence[str]) -> str:
    return "leave" if len(words) > 1 else "leaves"


def _do(words: Sequence[str]) -> str:
    return "do" if len(words) > 1 else "does"


def headline_lines(found: Headline) -> list[str]:
    """The headline for a terminal: the sentence, then a line a row, in SD of the model's scores."""
    text = [found.sentence, ""]
    for row in found.rows:
        numbers = "–" if math.isnan(row.estimate.estimate) else _numbers(row.estimate)
        compared = f", {row.n} of {row.eligible} photos compared" if row.control else f", {row.n} photos"
        fills = [mark.fill for mark in row.fills if mark.decides]
        under = f", under {_joined(fills)}" if fills else ""
        text.append(f"  {row.words:<28}{numbers:<24}{row.said}{compared if row.n else ''}{under}")
    return text


def _numbers(interval: Interval) -> str:
    return f"{minus(interval.estimate, 2)} [{minus(interval.low, 2)}, {minus(interval.high, 2)}] SD"
