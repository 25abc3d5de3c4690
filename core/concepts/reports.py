"""Measured concepts of a model, read from `artifacts/`; never imports torch or scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

from core import config
from core.records import read_record

FOLDER = "concepts"
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class NamedConcept:
    """A concept: `told` is the balanced share of held-out photos that are classified correctly (0.5 is a guess).

    `raises` is the share of photos whose score rises towards the concept, with the middle 95 % of halves; `random_low`
    and `random_high` are those of concepts made by chance. `step` is the change of the score, to first order, from
    photos without to photos with the concept, and `p` (Holm's over all concepts) says how seldom chance steps as far.
    """

    name: str
    n_with: int
    n_without: int
    told: float
    raises: float
    low: float
    high: float
    random_low: float
    random_high: float
    step: float
    p: float

    @property
    def differs(self) -> bool:
        return self.p < SIGNIFICANT


@dataclass(frozen=True)
class Part:
    """A pattern of the last maps: the share of the scores' variance that goes with it alone, and Δ without it.

    `typical` are the photos with most of it, by id; `branch` names the branch whose maps it is of, where a model has
    several.
    """

    number: int
    alone: float
    change: float
    low: float
    high: float
    typical: tuple[str, ...]
    branch: str = ""


@dataclass(frozen=True)
class SampleParts:
    """A photo that comes with the app, and the amount of each part (by its number) at each place: rows of columns."""

    name: str
    amounts: tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True)
class Concepts:
    """What was found of a model over `n` photos of a source whose scores have the standard deviation `sd`.

    `rare` concepts were in too few photos. `redrawn` is the share of the maps' energy in the parts (the mean over
    branches), `together` the share of the scores' variance that all parts predict in photos kept out.
    """

    model: str
    source: str
    n: int
    sd: float
    named: tuple[NamedConcept, ...]
    rare: tuple[str, ...]
    parts: tuple[Part, ...]
    redrawn: float
    together: float
    samples: tuple[SampleParts, ...]


def read_concepts(model: str) -> Concepts | None:
    """What was measured of a model, or None where nobody did; ArtifactError for a damaged file."""
    return read_record(Concepts, config.ARTIFACTS / FOLDER / f"{model}.json", "concepts")
