"""The direction of memorability in a space, and how sure it is."""

from __future__ import annotations

import numpy as np

from core import config
from core.errors import LatentError
from core.evaluation.metrics import pearson
from core.latent.atlas import Direction
from core.latent.clusters import ridge
from core.types import Interval

RESAMPLES = 500


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
