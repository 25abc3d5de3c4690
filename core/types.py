"""Frozen records that travel between the rooms of the house."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Pixels = np.ndarray
"""A photo in memory: uint8, height × width × 3, RGB."""
Mask = np.ndarray
"""A part of a photo: bool, height × width, at the size of the photo it belongs to."""


@dataclass(frozen=True)
class Rect:
    """A rectangle in px: columns left … right − 1, rows top … bottom − 1."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Region:
    """Where a kind of thing is in a photo: its mask, and a rectangle per instance where instances can be told apart."""

    mask: Mask
    boxes: tuple[Rect, ...] = ()

    @property
    def area(self) -> float:
        """Share of the photo that the mask covers, in [0, 1]."""
        return float(self.mask.mean())


@dataclass(frozen=True)
class Photo:
    """A photo that can be read when it is needed.

    `id` is unique within its source; `score` is the human score in [0, 1] or None where nobody was asked; `split` is
    train, val or test where the source has splits; `where` is the "file:line" that lists it, where a list does.
    `truth` gives the exact regions by mask id, at the size that `read` returns, for sources that know them: a study
    trusts them over any detector.
    """

    id: str
    source: str
    read: Callable[[], Pixels]
    path: Path | None = None
    score: float | None = None
    split: str | None = None
    where: str | None = None
    truth: Callable[[], Mapping[str, Region]] | None = None

    @property
    def location(self) -> str:
        """Where to look for it: the line that lists it, where a list does, else its file."""
        return self.where or str(self.path or self.id)


@dataclass(frozen=True)
class Problem:
    """Something wrong with one item of a source or a list of files: where it is, and why it cannot be used."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def unreadable(photo: Photo, error: Exception) -> Problem:
    """The problem of a photo that cannot be read: its name, the line that lists it where a list does, and why."""
    return Problem(photo.location, f"{photo.id}: {error}" if photo.where else str(error))


@dataclass(frozen=True)
class Listing:
    """What a source holds: usable photos in order, and the items that are not, each with its reason.

    `notes` are sentences that a user must hear: what was passed over on purpose, and what was found by a rule.
    """

    name: str
    photos: tuple[Photo, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """A model's score of one photo, or the reason why there is none; penultimate features (F,) where asked for.

    `hint` is what was said of its pixels, where somebody asked.
    """

    photo: Photo
    score: float | None
    problem: Problem | None = None
    features: np.ndarray | None = field(default=None, compare=False)
    hint: str | None = None


@dataclass(frozen=True)
class Heatmap:
    """Attribution of a score to places: float32 height × width at the photo's size; `method` is its id.

    Values lie in [0, 1], those of a `signed` method in [−1, 1], where a negative place lowers the score. `peak` is what
    a value of 1 stands for: maps of one method and model are compared as values × peak. `note` says which parts of the
    model the method leaves out, as a sentence; empty where there are none.
    """

    values: np.ndarray
    method: str
    score: float
    peak: float = 1.0
    signed: bool = False
    note: str = ""


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"


Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Wraps work to show how far it is: (items, how many, what) → items."""


def silent(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    """The Progress that shows nothing."""
    return items
