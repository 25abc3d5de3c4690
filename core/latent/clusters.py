"""Do photos of similar scores lie together? Two tests, each against scores shuffled among photos of the same source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from core import config
from core.errors import LatentError

FOLDS = 10
NEIGHBOURS = 10
PERMUTATIONS = 1_000
PENALTIES = np.logspace(-4, 3, 15)
"""Ridge penalties to choose from in each fold, in units of n × the mean variance of a dimension."""
CHUNK = 200
"""Permutations held at once."""


@dataclass(frozen=True)
class Tested:
    """A statistic, its mean under the null, and the share of shuffles that reach it (with the observed one)."""

    value: float
    null: float
    p: float


def explained(
    points: np.ndarray,
    scores: np.ndarray,
    strata: np.ndarray | None = None,
    *,
    permutations: int = PERMUTATIONS,
    folds: int = FOLDS,
    seed: int = config.SEED,
) -> Tested:
    """Cross-validated R² of ridge regression from a space (N × d) to scores (N,), with a permutation null.

    The penalty is chosen inside each fold by generalised cross-validation (Golub et al. 1979); R² is pooled over folds
    and measured against the mean of the photos fitted on, so that it can be negative. Shuffles keep scores within their
    stratum: what differs only between sources is in the null too. LatentError if there is nothing to explain.
    """
    _check(points, scores)
    null = [_r2(points, shuffled, folds, seed) for shuffled in shuffles(scores, strata, permutations, seed)]
    return _tested(float(_r2(points, scores[:, None], folds, seed)[0]), np.concatenate(null))


def morans_i(
    points: np.ndarray,
    scores: np.ndarray,
    strata: np.ndarray | None = None,
    *,
    permutations: int = PERMUTATIONS,
    neighbours: int = NEIGHBOURS,
    seed: int = config.SEED,
) -> Tested:
    """Moran's I of scores (N,) on the graph of nearest neighbours in a space (N × d), with a permutation null.

    1 is a score that neighbours share, 0 none that they share; weights are 1 / neighbours. Source: Moran 1950; Cliff &
    Ord 1981. LatentError if there is nothing to test.
    """
    _check(points, scores)
    graph = neighbour_graph(points, min(neighbours, len(points) - 1))
    null = [_autocorrelation(graph, shuffled) for shuffled in shuffles(scores, strata, permutations, seed)]
    return _tested(float(_autocorrelation(graph, scores[:, None])[0]), np.concatenate(null))


def neighbour_graph(points: np.ndarray, neighbours: int) -> sparse.csr_matrix:
    """Each point's nearest others (N × d → N × N, rows sum to 1)."""
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=neighbours).fit(points).kneighbors(return_distance=False)
    starts = np.arange(0, found.size + 1, neighbours)
    return sparse.csr_matrix((np.full(found.size, 1 / neighbours), found.ravel(), starts), (len(points), len(points)))


def shuffles(scores: np.ndarray, strata: np.ndarray | None, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Chunks (N × up to CHUNK) of scores shuffled within strata."""
    random = np.random.default_rng(seed)
    labels = np.zeros(len(scores), int) if strata is None else np.unique(strata, return_inverse=True)[1]
    groups = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        chunk = np.empty((len(scores), size))
        for group in groups:
            order = np.argsort(random.random((len(group), size)), axis=0)
            chunk[group] = scores[group][order]
        yield chunk


def _check(points: np.ndarray, scores: np.ndarray) -> None:
    if len(scores) < config.MIN_COMPUTED:
        raise LatentError(f"{len(scores)} photos have a score; a test needs at least {config.MIN_COMPUTED}.")
    if np.ptp(scores) == 0:
        raise LatentError(
            f"all {len(scores)} photos have the same score, {scores[0]:.3g}: there is nothing to explain."
        )
    if np.ptp(points, axis=0).max() == 0:
        raise LatentError(f"all {len(points)} photos lie in the same place: there are no neighbours to compare.")


def _tested(value: float, null: np.ndarray) -> Tested:
    return Tested(value, float(null.mean()), float((1 + (null >= value - 1e-12).sum()) / (1 + len(null))))


def _autocorrelation(graph: sparse.csr_matrix, scores: np.ndarray) -> np.ndarray:
    """Moran's I of each column (N × P)."""
    centred = scores - scores.mean(axis=0)
    return (centred * (graph @ centred)).sum(axis=0) / np.square(centred).sum(axis=0)


def _r2(points: np.ndarray, scores: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Pooled cross-validated R² of each column of scores (N × P): one decomposition a fold serves them all."""
    order = np.random.default_rng(seed).permutation(len(points))
    missed, spread = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    for held in np.array_split(order, min(folds, len(points))):
        fitted = np.setdiff1d(order, held, assume_unique=True)
        mean = scores[fitted].mean(axis=0)
        guess = mean + ridge(points[fitted], scores[fitted] - mean).apply(points[held])
        missed += np.square(scores[held] - guess).sum(axis=0)
        spread += np.square(scores[held] - mean).sum(axis=0)
    return 1 - missed / spread


@dataclass(frozen=True)
class Ridge:
    """A fitted regression: centre (d,), weights (d × P) and penalties (P,) chosen."""

    centre: np.ndarray
    weights: np.ndarray
    penalties: np.ndarray

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Predictions around the mean score, N × P."""
        return (points - self.centre) @ self.weights


def ridge(points: np.ndarray, scores: np.ndarray) -> Ridge:
    """Ridge regression of centred scores (N × P) with, for each column, the penalty of least generalised error."""
    centre = points.mean(axis=0, dtype=np.float64)
    left, singular, right = np.linalg.svd(points - centre, full_matrices=False)
    n, scale = len(points), float(np.square(singular).sum()) / points.shape[1]
    penalties = PENALTIES * max(scale, 1e-12)
    along = left.T @ scores
    kept = singular**2 / (singular**2 + penalties[:, None])
    error = np.square(scores).sum(axis=0) - (1 - np.square(1 - kept)) @ np.square(along)
    best = (error / np.square(n - 1 - kept.sum(axis=1, keepdims=True))).argmin(axis=0)
    shrunk = singular[:, None] / (singular[:, None] ** 2 + penalties[best])
    return Ridge(centre, right.T @ (shrunk * along), penalties[best])
