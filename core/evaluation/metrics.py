"""How well scores agree with human scores, with bootstrap intervals, vectorised over the resamples."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

from core import config
from core.types import Interval

AT_ONCE = 1_000_000
"""Numbers of a resample that are in memory."""


def pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson correlation along the last axis (… × N); NaN where either side is constant."""
    x = x - x.mean(axis=-1, keepdims=True)
    y = y - y.mean(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x * y).sum(axis=-1) / np.sqrt(np.square(x).sum(axis=-1) * np.square(y).sum(axis=-1))


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman correlation along the last axis (… × N), ties averaged; NaN where either side is constant."""
    return pearson(stats.rankdata(x, axis=-1), stats.rankdata(y, axis=-1))


def resamples(n: int, draws: int, seed: int) -> np.ndarray:
    """Bootstrap indices, draws × n."""
    return np.random.default_rng(seed).integers(n, size=(draws, n))


def correlation_interval(
    measure: Callable[[np.ndarray, np.ndarray], np.ndarray],
    scores: np.ndarray,
    human: np.ndarray,
    *,
    draws: int = config.RESAMPLES,
    seed: int = config.SEED,
) -> Interval:
    """`spearman` or `pearson` of two samples (N,) with its percentile bootstrap interval; NaN if one is constant."""
    if np.ptp(scores) == 0 or np.ptp(human) == 0:
        return Interval(math.nan, math.nan, math.nan)
    random, at_once = np.random.default_rng(seed), max(1, AT_ONCE // len(scores))
    found = []
    for done in range(0, draws, at_once):  # the draws of `resamples`, some at a time: memory does not grow with N
        chosen = random.integers(len(scores), size=(min(at_once, draws - done), len(scores)))
        found.append(measure(scores[chosen], human[chosen]))
    tail = (1 - config.CONFIDENCE) / 2
    low, high = np.nanquantile(np.concatenate(found), [tail, 1 - tail])
    return Interval(float(measure(scores, human)), float(low), float(high))


def mse(scores: np.ndarray, human: np.ndarray) -> float:
    """Mean squared error."""
    return float(np.square(scores - human).mean())
