"""What goes along with human scores and with a model's, as kept with a study and told; light enough for any page."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from core.errors import StudyError
from core.files import json_of
from core.records import FileName, record
from core.types import Interval
from core.wording import interval

HUMAN, MODEL = "human", "model"
UNUSUAL = "unusual"
"""Group of the measures of how unusual a photo is; they are not counted in a photo alone."""
FILE = "human.json"


@dataclass(frozen=True)
class Correlation:
    """Spearman ρ of a feature with human scores (None where nobody was asked) and with the model's scores."""

    feature: str
    group: str
    n: int
    human: Interval | None
    model: Interval | None


@dataclass(frozen=True)
class Partition:
    """Cross-validated R² of scores from both groups of features together, and its parts.

    `semantic` and `low_level` are what a group adds to the other; `shared` is what either explains.
    """

    of: str
    n: int
    total: Interval
    semantic: Interval
    low_level: Interval
    shared: Interval


@dataclass(frozen=True)
class Added:
    """Cross-validated R² that measures of how unusual a photo is add to all countable features, on `n` photos."""

    of: str
    n: int
    unusual: Interval


@dataclass(frozen=True)
class HumanSide:
    """Correlations of every feature that varies, and the variance partitions of human and of model scores.

    On photos without human scores only the model's side is known; `n_human` counts those with. `too_rare` names the
    features that tell too few of the photos apart to be computed, `marks` are to be shown with the numbers. `added` is
    what is known of how unusual the photos are, where that was measured.
    """

    study: str
    model: FileName
    n: int
    n_human: int
    correlations: tuple[Correlation, ...]
    partitions: tuple[Partition, ...]
    too_rare: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    added: tuple[Added, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether people's side is known."""
        return any(part.of == HUMAN for part in self.partitions)


def read(folder: Path) -> HumanSide | None:
    """The human side that is kept with a study, None where there is none; StudyError where it is damaged."""
    try:
        return record(HumanSide, json_of((folder / FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (KeyError, OSError, ValueError) as error:
        raise StudyError(f"{folder / FILE} is damaged ({error}); run `python -m core human {folder}`.") from error


def who(side: HumanSide, of: str) -> str:
    """Whose scores a number is of, in words."""
    return "people" if of == HUMAN else side.model


def lines(side: HumanSide) -> list[str]:
    """The human side in plain text."""
    photos = f"{side.n:,} photos" + (" with human scores" if side.asked else "")
    text = [f"{side.study}: features of {photos}, and their Spearman ρ with scores"]
    text += [f"mark: {mark}" for mark in side.marks]
    if not side.asked:
        text.append("Too few photos with human scores: the model's side alone.")
    for item in side.correlations:
        people = f"people {interval(item.human)}   " if item.human else ""
        model = f"{side.model} {interval(item.model)}" if item.model else ""
        text.append(f"{item.feature:<16}{item.group:<11}{people}{model}")
    if side.too_rare:
        text.append(f"in too few of these photos to be computed: {', '.join(side.too_rare)}")
    return [*text, *partition_lines(side)]


def partition_lines(side: HumanSide) -> list[str]:
    """The variance partitions in plain text."""
    text = [f"share of the variance of scores that features explain, cross-validated on {side.n:,} photos:"]
    for part in side.partitions:
        parts = {"all": part.total, "semantic alone": part.semantic, "low-level alone": part.low_level,
                 "shared": part.shared}  # fmt: skip
        said = "   ".join(f"{name} {interval(value)}" for name, value in parts.items())
        text.append(f"{who(side, part.of):<16}{said}")
    return text + added_lines(side)


def added_lines(side: HumanSide) -> list[str]:
    """What it adds to countable features how unusual a photo is; nothing where nobody measured it."""
    return [
        f"how unusual a photo is adds to these, for {who(side, item.of)}: {interval(item.unusual)} of the variance "
        f"({item.n:,} photos)"
        for item in side.added
    ]


def beside_verdict(side: HumanSide | None, folder: str) -> list[str]:
    """The variance partitions as supporting evidence, or how to get them."""
    if side is None:
        return [f"what people go by: not compared yet; run `python -m core human {shlex.quote(folder)}`"]
    return partition_lines(side)
