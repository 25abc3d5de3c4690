"""What can be asked of points in a space: neighbours, contrasts, a direction of memorability, ways between photos."""

from __future__ import annotations

import numpy as np

from core import config
from core.atlas import Direction
from core.clusters import ridge
from core.errors import LatentError
from core.metrics import pearson
from core.types import Interval

RESAMPLES = 500


def nearest(points: np.ndarray, place: np.ndarray, k: int, allowed: np.ndarray | None = None) -> np.ndarray:
    """Indices of the `k` points (N × d) nearest to a place (d,), nearest first; only where `allowed` (N,) is true."""
    candidates = np.arange(len(points)) if allowed is None else np.flatnonzero(allowed)
    distances = np.square(points[candidates] - place).sum(axis=1)
    return candidates[np.argsort(distances, kind="stable")[:k]]


def neighbours(points: np.ndarray, index: int, k: int) -> np.ndarray:
    """Indices of the `k` points nearest to a point of the set, without itself."""
    return nearest(points, points[index], k, np.arange(len(points)) != index)


def contrast(points: np.ndarray, scores: np.ndarray, index: int, delta: float) -> int | None:
    """The nearest photo whose score differs by at least `delta`: most similar, yet more or less memorable.

    None where no score differs that much. Scores (N,) may be NaN; LatentError if the photo's own is.
    """
    if np.isnan(scores[index]):
        raise LatentError("This photo has no score to compare with; choose another colour or photo.")
    found = nearest(points, points[index], 1, np.abs(scores - scores[index]) >= delta)
    return int(found[0]) if len(found) else None


def landing(points: np.ndarray, layout: np.ndarray, place: np.ndarray, k: int = 5) -> np.ndarray:
    """Where a new photo lies in a layout (N × dims): the mean of its nearest photos', weighted by closeness.

    Neighbour embeddings have no formula for new photos; this holds for all of them.
    """
    found = nearest(points, place, k)
    distances = np.sqrt(np.square(points[found] - place).sum(axis=1))
    weights = 1 / np.maximum(distances, 1e-6)
    return (layout[found] * weights[:, None]).sum(axis=0) / weights.sum()


def along(start: np.ndarray, direction: np.ndarray, spread: float, steps: np.ndarray) -> np.ndarray:
    """Places from `start` (d,) along a unit direction, `steps` in SDs of the photos: len(steps) × d."""
    return start + np.outer(steps * spread, direction)


def between(first: np.ndarray, second: np.ndarray, steps: int) -> np.ndarray:
    """Places in a straight line from one photo to another, both included: steps × d."""
    share = np.linspace(0, 1, steps)[:, None]
    return (1 - share) * first + share * second


def memorability_direction(
    points: np.ndarray,
    scores: np.ndarray,
    space: str,
    target: str,
    *,
    draws: int = RESAMPLES,
    seed: int = config.SEED,
) -> tuple[np.ndarray, Direction]:
    """The unit direction (d,) along which ridge regression finds scores to rise, and how sure it is.

    Photos are resampled `draws` times; agreement and slope are measured on those left out.
    """
    mean = scores.mean()
    fit = ridge(points, (scores - mean)[:, None])
    direction = _unit(fit.weights[:, 0])
    random = np.random.default_rng(seed)
    centred = points - points.mean(axis=0)
    found = []
    for _ in range(draws):
        counts = np.bincount(random.integers(len(scores), size=len(scores)), minlength=len(scores))
        found.append(_resampled(centred, scores, counts, float(fit.penalties[0]), direction))
    agreement, slope, cosine = np.array(found).T
    spread = float((centred @ direction).std())
    place = centred @ direction
    return direction, Direction(
        space,
        target,
        len(scores),
        _interval(agreement),
        _interval(slope),
        _interval(cosine),
        spread if np.ptp(place) else 0.0,
    )


def _resampled(
    points: np.ndarray, scores: np.ndarray, counts: np.ndarray, penalty: float, whole: np.ndarray
) -> tuple[float, float, float]:
    """Correlation and slope per SD on the photos left out of a resample, and the cosine with the whole direction."""
    drawn, out = counts > 0, counts == 0
    weights = counts[drawn][:, None]
    middle = (points[drawn] * weights).sum(axis=0) / counts.sum()
    inside, target = points[drawn] - middle, scores[drawn] - np.average(scores[drawn], weights=counts[drawn])
    square = inside.T @ (inside * weights) + penalty * np.eye(points.shape[1])
    direction = _unit(np.linalg.solve(square, inside.T @ (target * counts[drawn])))
    place = points[out] @ direction
    r = float(pearson(place, scores[out]))
    return r, r * float(scores[out].std()), float(direction @ whole)


def _unit(vector: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vector)
    if length == 0:
        raise LatentError("no direction in this space raises the score.")
    return vector / length


def _interval(drawn: np.ndarray) -> Interval:
    tail = (1 - config.CONFIDENCE) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return Interval(float(np.nanmean(drawn)), float(low), float(high))
