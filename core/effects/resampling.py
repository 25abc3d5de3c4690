"""Bootstrap over photos and sign-flip permutation, vectorised: one matrix of draws serves every condition at once.

Matrices of draws are photos × draws, so that sorting photos copies whole rows. They are made in chunks: memory does
not grow with the number of draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse, stats

from core import config
from core.study.hosts import Hosts

CHUNK = 1_000_000
"""Photos × draws held at once: a few MB, near the processor."""
FEWEST_DRAWS = 64

Statistic = Callable[[np.ndarray], np.ndarray]
"""How often each photo was drawn (photos × draws) → the statistic of every condition (draws × conditions)."""


def _sizes(n: int, draws: int) -> Iterator[int]:
    step = max(FEWEST_DRAWS, CHUNK // max(n, 1))
    yield from (min(step, draws - start) for start in range(0, draws, step))


def resample_counts(n: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Chunks of n × draws: how often each of n photos is in each resample of n photos with replacement."""
    random = np.random.default_rng(seed)
    for size in _sizes(n, draws):
        yield _counts(random, n, size)


def bootstrap(n: int, statistics: Sequence[Statistic], *, draws: int, seed: int) -> list[np.ndarray]:
    """Every statistic on the same resamples of n photos: one array draws × conditions each."""
    chunks = [[statistic(counts) for statistic in statistics] for counts in resample_counts(n, draws, seed)]
    return [np.concatenate(parts) for parts in zip(*chunks, strict=True)]


def means(values: np.ndarray) -> Statistic:
    """The mean of each column (photos × conditions)."""
    return lambda counts: counts.T @ values / len(values)


def two_way_means(values: np.ndarray, links: Hosts, *, draws: int, seed: int) -> np.ndarray:
    """Bootstrapped means (draws,) of `values` (targets,) − the mean change of each one's hosts, both resampled.

    Targets share hosts, so that neither resample alone has all of the spread. A target none of whose hosts was drawn
    does not count in that draw; one that has no hosts at all is compared with no change.
    Source: Owen 2007, the pigeonhole bootstrap.
    """
    return two_way_group_means(values, np.ones((1, len(values))), links, draws=draws, seed=seed)[:, 0]


def two_way_group_means(values: np.ndarray, groups: np.ndarray, links: Hosts, *, draws: int, seed: int) -> np.ndarray:
    """The same means of groups of targets (draws × groups), of which `groups` (groups × targets) has 1 for a member.

    All groups are of one resample, so that hosts which several share move them together.
    """
    n, random = len(values), np.random.default_rng(seed)
    hosts, column = np.unique(links.host, return_inverse=True)
    shape, pairs = (n, len(hosts)), (links.target, column)
    often = sparse.csr_array((np.ones(len(links)), pairs), shape)
    change = sparse.csr_array((links.change, pairs), shape)
    alone = np.bincount(links.target, minlength=n) == 0
    parts = []
    for size in _sizes(max(shape), draws):
        targets, drawn = (_counts(random, count, size) for count in shape)
        weight = often @ drawn
        control = np.divide(change @ drawn, weight, out=np.zeros_like(weight), where=weight > 0)
        targets *= (weight > 0) | alone[:, None]
        with np.errstate(invalid="ignore"):  # a group of which no target was drawn has no mean
            parts.append((groups @ (targets * (values[:, None] - control)) / (groups @ targets)).T)
    return np.concatenate(parts)


def _counts(random: np.random.Generator, n: int, size: int) -> np.ndarray:
    """How often each of n is in each of `size` resamples of n with replacement: n × size."""
    drawn = random.integers(n, size=(size, n)) * size + np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=n * size).reshape(n, size).astype(np.float64)


def rank_correlations(columns: np.ndarray, human: np.ndarray) -> Statistic:
    """Spearman ρ of each column (photos × conditions) with human scores, ties averaged; NaN where a side is constant.

    Photos whose human score is NaN do not count. A photo drawn w times is w tied photos: with C the running count in
    sorted order and T the total, its mid-rank is C − w/2 + 1/2, and the sum of squares of centred mid-ranks follows
    from the sizes t of the ties as (T³ − T − Σ(t³ − t)) / 12.
    """
    known = np.flatnonzero(~np.isnan(human))
    sorters = [_Ties(column[known]) for column in columns.T]
    people = _Ties(human[known])

    def statistic(counts: np.ndarray) -> np.ndarray:
        drawn = counts[known]
        total = drawn.sum(axis=0)
        untied = _spread(drawn, total)
        ranks, people_spread = people.centred_ranks(drawn, total)
        ranks *= drawn
        found = np.empty((counts.shape[1], len(sorters)))
        for column, sorter in enumerate(sorters):
            tied, weights = sorter.sums(drawn), sorter.sums(ranks)
            spread = untied if sorter.untied else _spread(tied, total)
            # The weights add up to 0, so that constants in the mid-ranks cancel.
            together = -np.einsum("ij,ij->j", weights, tied) / 2
            together += np.einsum("ij,ij->j", weights, _running_sum(tied))
            with np.errstate(invalid="ignore", divide="ignore"):
                found[:, column] = together / np.sqrt(spread * people_spread)
        return found

    return statistic


class _Ties:
    """The sorting order of N values and where groups of equal values begin in it."""

    def __init__(self, values: np.ndarray) -> None:
        self.order = np.argsort(values, kind="stable")
        ordered = values[self.order]
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self.sizes = np.diff(np.r_[self.starts, len(values)])

    @property
    def untied(self) -> bool:
        return len(self.starts) == len(self.order)

    def sums(self, weights: np.ndarray) -> np.ndarray:
        """Sum of N × draws per group, in sorted order: groups × draws, always a new array."""
        ordered = np.take(weights, self.order, axis=0)
        return ordered if self.untied else np.add.reduceat(ordered, self.starts, axis=0)

    def centred_ranks(self, drawn: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mid-rank minus the mean rank of each value in each draw (N × draws), and the sum of squares per draw."""
        tied = self.sums(drawn)
        ranks = _running_sum(tied.copy()) - tied / 2 - total / 2
        back = np.empty_like(drawn)
        back[self.order] = np.repeat(ranks, self.sizes, axis=0)
        return back, _spread(tied, total)


def _spread(tied: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Sum of squares of centred mid-ranks per draw, from the sizes of the ties (groups × draws)."""
    return (total**3 - total - (tied * (tied * tied - 1)).sum(axis=0)) / 12


def _running_sum(rows: np.ndarray) -> np.ndarray:
    """Running sum down the rows, in place: three times as fast as cumsum, which strides."""
    for above, below in pairwise(rows):
        np.add(above, below, out=below)
    return rows


def percentile_interval(drawn: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of bootstrapped values; draws without a value do not count, NaN if none has one."""
    kept = drawn[~np.isnan(drawn)]
    if not len(kept):
        return np.nan, np.nan
    tail = (1 - config.CONFIDENCE) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    return float(low), float(high)


def bca_interval(drawn: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Bias-corrected and accelerated interval of the mean of `values` (N,) from its bootstrapped means.

    For a mean the jackknife has a closed form: the acceleration is Σ(x − x̄)³ / 6 (Σ(x − x̄)²)^1.5. Without variance the
    interval is the point. Source: Efron & Tibshirani 1993, chapter 14.
    """
    estimate = values.mean()
    apart = values - estimate
    squares = np.square(apart).sum()
    if np.ptp(values) == 0 or squares == 0:
        return float(values[0]), float(values[0])
    acceleration = (apart**3).sum() / (6 * squares**1.5)
    below = (np.sum(drawn < estimate) + np.sum(drawn <= estimate)) / (2 * len(drawn))
    shift = stats.norm.ppf(np.clip(below, 0.5 / len(drawn), 1 - 0.5 / len(drawn)))
    tail = (1 - config.CONFIDENCE) / 2
    points = shift + stats.norm.ppf([tail, 1 - tail])
    low, high = np.quantile(drawn, stats.norm.cdf(shift + points / (1 - acceleration * points)))
    return float(low), float(high)


def bootstrap_medians(values: np.ndarray, *, draws: int, seed: int) -> np.ndarray:
    """Medians of resamples of `values` (N,), drawn without resampling.

    The middle places of N uniform draws are Beta-distributed order statistics, and a resample's median is the value at
    that place of the sorted values: the bootstrap's own distribution, at the cost of one draw (Efron 1979).
    """
    n, random, ordered = len(values), np.random.default_rng(seed), np.sort(values)
    lower = (n + 1) // 2  # rank of the lower of the two middle values
    place = random.beta(lower, n - lower + 1, draws)
    if n % 2:
        return ordered[_cell(place, n)]
    above = 1 - (1 - place) * random.random(draws) ** (1 / (n - lower))
    return (ordered[_cell(place, n)] + ordered[_cell(above, n)]) / 2


def _cell(place: np.ndarray, n: int) -> np.ndarray:
    return np.minimum((place * n).astype(np.int64), n - 1)


def random_signs(n: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Chunks of n × draws of −1 and +1."""
    random = np.random.default_rng(seed)
    for size in _sizes(n, draws):
        yield random.integers(0, 2, size=(n, size), dtype=np.int8) * 2.0 - 1.0


def sign_flip_p(values: np.ndarray, *, draws: int = config.PERMUTATIONS, seed: int = config.SEED) -> np.ndarray:
    """Two-sided p of each column's mean (photos × conditions) if signs were arbitrary: (b + 1) / (m + 1) of m draws."""
    observed = np.abs(values.sum(axis=0))
    near = observed - 1e-9 * np.abs(values).sum(axis=0)  # a flipped copy of the data itself is a tie, rounding or not
    beyond = np.zeros(values.shape[1])
    for signs in random_signs(len(values), draws, seed):
        beyond += (np.abs(signs.T @ values) >= near).sum(axis=0)
    return (beyond + 1) / (draws + 1)
