"""What can be asked of points in a space: neighbours, contrasts, ways between photos; numpy alone, for the page."""

from __future__ import annotations

import numpy as np

from core.errors import LatentError

CONTRAST = 0.1
"""How far two scores differ at least where one photo is called more memorable: about an SD of the shipped map's."""
KNN = 10
"""Nearest photos whose mean distance says how unusual a photo is."""


def nearest(points: np.ndarray, place: np.ndarray, k: int, allowed: np.ndarray | None = None) -> np.ndarray:
    """Indices of the `k` points (N × d) nearest to a place (d,), nearest first; only where `allowed` (N,) is true."""
    candidates = np.arange(len(points)) if allowed is None else np.flatnonzero(allowed)
    distances = np.square(points[candidates] - place).sum(axis=1)
    return candidates[np.argsort(distances, kind="stable")[:k]]


def neighbours(points: np.ndarray, index: int, k: int) -> np.ndarray:
    """Indices of the `k` points nearest to a point of the set, without itself."""
    return nearest(points, points[index], k, np.arange(len(points)) != index)


def knn_distances(points: np.ndarray, k: int = KNN) -> np.ndarray:
    """Mean Euclidean distance of each point (N × d) to its `k` nearest others, (N,): how unusual it is."""
    from sklearn.neighbors import NearestNeighbors  # here, because a map of another colour does not need it

    found, _ = NearestNeighbors(n_neighbors=k).fit(points).kneighbors()
    return np.asarray(found.mean(axis=1))


def contrast(points: np.ndarray, scores: np.ndarray, index: int, delta: float) -> int | None:
    """The nearest photo whose score differs by at least `delta`: most similar, yet more or less memorable.

    None where no score differs that much. Scores (N,) may be NaN; LatentError if the photo's own is.
    """
    if np.isnan(scores[index]):
        raise LatentError("This photo has no score to compare with; choose another colour or photo.")
    found = nearest(points, points[index], 1, np.abs(scores - scores[index]) >= delta)
    return int(found[0]) if len(found) else None


def opposites(
    points: np.ndarray, scores: np.ndarray, place: np.ndarray, score: float, delta: float
) -> tuple[int | None, int | None]:
    """The photos nearest to a place (d,) that score at least `delta` more, and at least `delta` less, than `score`.

    None where there is none. Scores (N,) may be NaN.
    """
    more, less = (nearest(points, place, 1, allowed) for allowed in (scores >= score + delta, scores <= score - delta))
    return (int(more[0]) if len(more) else None), (int(less[0]) if len(less) else None)


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
