"""How sure is one score: intervals for people's score, from photos that selection did not use."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from core import config
from core.errors import ArtifactError, CheckpointError, SourceError
from core.files import json_of, replacing
from core.inference import Predictor, predict, shipped_or, title_of
from core.photos.fingerprints import fingerprint, in_held_half
from core.types import Photo, Progress, silent

FILE = "intervals.safetensors"
COVERAGE = 0.9
"""Share of photos whose human score an interval is to hold."""
DIRECTIONS = 32
"""Principal directions of the features in which distance is measured."""
NEIGHBOURS = 5
"""A photo's distance is that to the fifth nearest of the photos with human scores that the model learned from."""
AT_ONCE = 500
"""Photos whose distances to all learned ones are in memory."""
GROWTH = 0.25
"""Power of the distance with which an interval grows. On the photos that calibrate the shipped weights errors do not
grow with distance (`python -m core intervals` prints it), so this is a precaution for photos that nobody scored."""
UNLIKE = 1.5
"""A photo is called unlike the calibrating ones from this many times their median distance on."""
FEWEST = 20
"""Photos that calibrate, at least."""


@dataclass(frozen=True)
class Distance:
    """How unlike the photos with human scores that a model learned from a photo is, in the model's own features.

    `mean` (F,), `directions` F × K: features → coordinates of unit variance; `known` N × K: the learned photos.
    """

    mean: np.ndarray
    directions: np.ndarray
    known: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Distances of photos by their features (N × F), float64 (N,)."""
        places = (np.asarray(features, dtype=float) - self.mean) @ self.directions
        lengths, nth = (self.known**2).sum(1), min(NEIGHBOURS, len(self.known)) - 1
        found = np.empty(len(places))
        for start in range(0, len(places), AT_ONCE):  # all at once would take gigabytes for a set of LaMem's size
            some = places[start : start + AT_ONCE]
            squares = (some**2).sum(1)[:, None] - 2 * some @ self.known.T + lengths
            found[start : start + AT_ONCE] = np.partition(squares, nth, axis=1)[:, nth]
        return np.sqrt(found.clip(0))

    def outside(self, features: np.ndarray) -> np.ndarray:
        """How far photos (N × F) lie off the learned photos' directions, float64 (N,): what neighbours cannot tell.

        A photo of another kind differs in what the learned photos hardly varied in, and may seem near in the rest.
        """
        from_mean = np.asarray(features, dtype=float) - self.mean
        across = from_mean @ (self.directions / np.linalg.norm(self.directions, axis=0))
        total = (from_mean**2).sum(1)
        left = total - (across**2).sum(1)
        return np.sqrt(np.where(left > 1e-6 * total, left, 0.0))


def distance_to(features: np.ndarray) -> Distance:
    """The distance to photos by their features (N × F), in their principal directions."""
    features = np.asarray(features, dtype=float)
    mean = features.mean(0)
    _, spread, rows = np.linalg.svd(features - mean, full_matrices=False)
    kept = spread[:DIRECTIONS] > 1e-9 * spread[0]
    directions = rows[:DIRECTIONS][kept].T / (spread[:DIRECTIONS][kept] / math.sqrt(len(features)))
    return Distance(mean, directions, (features - mean) @ directions)


@dataclass(frozen=True)
class Intervals:
    """Split-conformal intervals around a score, wider where a photo is unlike the learned ones.

    `quantile` is the half width up to the distances `usual`, among the learned photos' directions, and `usual_outside`,
    off them: the medians of the calibrating photos. Beyond either the half width grows as the distance to the GROWTH.
    Sources: Papadopoulos et al. 2002; Lei et al. 2018 (scaled residuals).
    """

    quantile: float
    usual: float
    usual_outside: float
    coverage: float
    distance: Distance
    facts: dict[str, Any]

    def around(self, scores: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends (N,) for scores (N,) of photos with these features (N × F), within [0, 1]."""
        half = self.quantile * relative_width(self.unlikeness(features))
        return np.clip(scores - half, 0, 1), np.clip(scores + half, 0, 1)

    def unlikeness(self, features: np.ndarray) -> np.ndarray:
        """Distances of photos (N × F) in units of the calibrating photos' medians, the larger of the two (N,)."""
        return unlikeness(self.distance, features, self.usual, self.usual_outside)

    def is_usual(self, features: np.ndarray) -> bool:
        """Whether a photo with these features (F,) is not called unlike the calibrating ones."""
        return float(self.unlikeness(features[None])[0]) <= UNLIKE


def unlikeness(distance: Distance, features: np.ndarray, usual: float, usual_outside: float) -> np.ndarray:
    """Both distances of photos (N × F) in units of usual ones, the larger (N,); 0 outside is usual where all are 0."""
    return np.maximum(distance(features) / usual, distance.outside(features) / (usual_outside or np.inf))


def relative_width(unlike: np.ndarray) -> np.ndarray:
    """How many times wider than usual the interval of a photo is, at least 1."""
    return np.maximum(1.0, unlike) ** GROWTH


def conformal_quantile(residuals: np.ndarray, coverage: float = COVERAGE) -> float:
    """The ⌈(n + 1) · coverage⌉-th smallest of n residuals; infinite where n is too small for it."""
    rank = math.ceil((len(residuals) + 1) * coverage - 1e-9)
    return float(np.sort(residuals)[rank - 1]) if rank <= len(residuals) else math.inf


def fit(
    learned: np.ndarray,
    scores: np.ndarray,
    human: np.ndarray,
    features: np.ndarray,
    *,
    coverage: float = COVERAGE,
    facts: dict[str, Any] | None = None,
) -> Intervals:
    """Intervals from the features of learned photos (M × F) and from scores, human scores (N,) and features (N × F).

    The N photos must not have been used to train or to choose the model. SourceError if there are fewer than 20.
    """
    if len(scores) < FEWEST:
        raise SourceError(f"{len(scores)} photos with human scores are too few for intervals; at least {FEWEST}.")
    distance = distance_to(learned)
    usual, outside = float(np.median(distance(features))) or 1.0, float(np.median(distance.outside(features)))
    residuals = np.abs(np.asarray(human, dtype=float) - scores)
    residuals /= relative_width(unlikeness(distance, features, usual, outside))
    return Intervals(conformal_quantile(residuals, coverage), usual, outside, coverage, distance, facts or {})


def covered(intervals: Intervals, scores: np.ndarray, human: np.ndarray, features: np.ndarray) -> float:
    """Share of photos whose human score lies inside its interval."""
    low, high = intervals.around(scores, features)
    return float(((low <= human) & (human <= high)).mean())


def held_by_the_other_half(learned: np.ndarray, seen: ScoredPhotos, coverage: float = COVERAGE) -> float:
    """Share of photos whose human score lies inside its interval when the other half, by content hash, calibrates."""
    held = [
        (
            covered(fit(learned, *seen.half(first), coverage=coverage), *seen.half(not first)),
            (seen.first != first).sum(),
        )
        for first in (True, False)
    ]
    return float(np.average([share for share, _ in held], weights=[n for _, n in held]))


def save(intervals: Intervals, file: Path) -> None:
    """Write intervals beside a checkpoint, half precision where it is harmless."""
    distance = intervals.distance
    tensors: dict[str, np.ndarray] = {
        "mean": distance.mean.astype(np.float32),
        "directions": np.ascontiguousarray(distance.directions, dtype=np.float32),
        "known": distance.known.astype(np.float16),
    }
    numbers = {name: getattr(intervals, name) for name in ("quantile", "usual", "usual_outside", "coverage", "facts")}
    with replacing(file) as temporary:
        save_file(tensors, temporary, {"intervals": json.dumps(numbers)})


def read(file: Path) -> Intervals | None:
    """Intervals from a file, None where there is none; ArtifactError if it is damaged."""
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="numpy") as stored:
            numbers = json_of(stored.metadata()["intervals"])
            tensors = {name: stored.get_tensor(name).astype(float) for name in ("mean", "directions", "known")}
        return Intervals(
            float(numbers["quantile"]),
            float(numbers["usual"]),
            float(numbers["usual_outside"]),
            float(numbers["coverage"]),
            Distance(**tensors),
            dict(numbers["facts"]),
        )
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise ArtifactError(f"{file}: these intervals cannot be read ({error}); write them anew.") from error


def of(model: str) -> Intervals:
    """The intervals beside a checkpoint; CheckpointError if it has none."""
    found = read(shipped_or(model) / FILE)
    if found is None:
        raise CheckpointError(
            f"{title_of(model)} has no intervals yet; write them with: python -m core intervals DATA --model {model}"
        )
    return found


@dataclass(frozen=True)
class ScoredPhotos:
    """Photos as a model sees them: scores, human scores and features, and which half each belongs to."""

    scores: np.ndarray
    human: np.ndarray
    features: np.ndarray
    first: np.ndarray

    def half(self, first: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores, human scores and features of one half, chosen by content hash."""
        chosen = self.first == first
        return self.scores[chosen], self.human[chosen], self.features[chosen]


def look(predictor: Predictor, photos: Sequence[Photo], progress: Progress = silent) -> ScoredPhotos:
    """Scores and features of photos with human scores; SourceError if there is none."""
    usable = [photo for photo in photos if photo.score is not None]
    made = predict(predictor, usable, features=True)
    found = [item for item in progress(made, len(usable), "features") if item.score is not None]
    if not found:
        raise SourceError("There is no photo with a human score in the part that intervals need; name a scored set.")
    scores, human, features, first = (
        np.array(column)
        for column in zip(
            *(
                (item.score, item.photo.score, item.features, in_held_half(fingerprint(item.photo.read())))
                for item in found
            ),
            strict=True,
        )
    )
    return ScoredPhotos(scores, human, features, first)


def with_facts(intervals: Intervals, facts: dict[str, Any]) -> Intervals:
    """The same intervals with what is known of them."""
    return dataclasses.replace(intervals, facts=facts)


def in_words(intervals: Intervals, low: float, high: float, usual: bool = True) -> str:
    """What an interval says, in one sentence; `usual` is False for a photo unlike those that calibrated it."""
    share = f"{100 * intervals.coverage:.0f} of 100"
    kind = str(intervals.facts.get("photos", "the calibrating photos"))
    name = kind.removeprefix("photos of ")
    kind = f"outdoor scenes ({name})" if name in config.OUTDOORS else kind
    unlike = "" if usual else " This photo is unlike them, so its interval is wider, and less sure itself."
    return (
        f"People's score of a photo that gets this score lies between {low:.2f} and {high:.2f} in {share} cases, "
        f"measured on {kind}.{unlike}"
    )
