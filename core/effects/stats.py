"""Paired differences by photo → effects: estimates with intervals, tests of an effect and of its absence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

from core import config
from core.effects.resampling import (
    bca_interval,
    bootstrap,
    bootstrap_medians,
    means,
    percentile_interval,
    random_signs,
    rank_correlations,
    sign_flip_p,
    two_way_means,
)
from core.study.hosts import Hosts
from core.types import Interval
from core.wording import sentence

POWER = 0.8
"""The minimum detectable effect is found this often."""


@dataclass(frozen=True)
class Effect:
    """Paired differences (ablated − original) of one condition on one set of photos.

    `mean`, `median` and `mean_abs` are in units of the score, `in_sd` in SD of the clean scores, `share_lowered` is the
    share of photos with a negative difference. `p` is of the sign-flip test, `equivalence_p` of TOST within ±SESOI.
    `error` is the standard error of the mean where targets share hosts, 0 where they have none.
    """

    n: int
    mean: Interval
    median: Interval
    mean_abs: float
    share_lowered: Interval
    d_z: float
    in_sd: float
    p: float
    equivalence_p: float
    error: float = 0.0

    def __str__(self) -> str:
        return sentence(self.mean, self.n, self.p, "p")


def effects(
    differences: np.ndarray,
    sd: float,
    *,
    draws: int = config.RESAMPLES,
    permutations: int = config.PERMUTATIONS,
    seed: int = config.SEED,
) -> list[Effect]:
    """An effect per column of differences (photos × conditions), on the same resamples and the same sign flips.

    `sd` is the standard deviation of the model's clean scores over the study's photos.
    """
    (drawn,) = bootstrap(len(differences), [means(differences)], draws=draws, seed=seed)
    tested = sign_flip_p(differences, draws=permutations, seed=seed)
    return [
        _effect(column, drawn[:, place], float(tested[place]), sd, draws, seed)
        for place, column in enumerate(differences.T)
    ]


def _effect(values: np.ndarray, drawn: np.ndarray, p: float, sd: float, draws: int, seed: int) -> Effect:
    n, mean = len(values), float(values.mean())
    lowered = int((values < 0).sum())
    wilson = proportion_confint(lowered, n, alpha=1 - config.CONFIDENCE, method="wilson")
    middle = percentile_interval(bootstrap_medians(values, draws=draws, seed=seed))
    return Effect(
        n=n,
        mean=Interval(mean, *bca_interval(drawn, values)),
        median=Interval(float(np.median(values)), *middle),
        mean_abs=float(np.abs(values).mean()),
        share_lowered=Interval(lowered / n, float(wilson[0]), float(wilson[1])),
        d_z=standardised(values),
        in_sd=mean / sd if sd > 0 else math.nan,
        p=p,
        equivalence_p=equivalence_p(values, config.SESOI * sd),
    )


def against_hosts(
    effect: Effect, values: np.ndarray, links: Hosts, sd: float, *, draws: int, seed: int = config.SEED
) -> Effect:
    """An effect of excesses whose interval and equivalence test know that targets share hosts.

    `values` are the targets' own differences (N,), of which the means of their hosts (`links`) were taken. The wider
    of the two intervals counts, over targets with their hosts, and over targets and hosts; and the larger error.
    """
    drawn = two_way_means(values, links, draws=draws, seed=seed)
    excess = values - np.nan_to_num(links.mean(links.change, len(values)))
    error = float(drawn.std(ddof=1))
    return replace(
        effect,
        mean=_wider(effect.mean, drawn),
        equivalence_p=equivalence_p(excess, config.SESOI * sd, error),
        error=error,
    )


def wider(found: Interval, values: np.ndarray, links: Hosts, *, draws: int, seed: int = config.SEED) -> Interval:
    """The interval of a mean excess, or the one over targets and hosts where that is wider; see `against_hosts`."""
    return _wider(found, two_way_means(values, links, draws=draws, seed=seed))


def host_error(values: np.ndarray, links: Hosts, *, draws: int, seed: int = config.SEED) -> float:
    """The standard error that shared hosts add to a mean excess, beside the one over targets; see `against_hosts`."""
    excess = values - np.nan_to_num(links.mean(links.change, len(values)))
    drawn = two_way_means(values, links, draws=draws, seed=seed)
    return math.sqrt(max(0.0, float(drawn.var(ddof=1)) - deviation(excess) ** 2 / len(values)))


def with_error(found: Interval, error: float) -> Interval:
    """An interval widened about its estimate by one more source of error, independent of what it knows of."""
    half = (found.high - found.low) / 2
    times = math.sqrt(1 + (stats.norm.ppf((1 + config.CONFIDENCE) / 2) * error / half) ** 2) if half > 0 else 1.0
    low, high = (found.estimate + times * (end - found.estimate) for end in (found.low, found.high))
    return Interval(found.estimate, low, high)


def _wider(found: Interval, drawn: np.ndarray) -> Interval:
    low, high = percentile_interval(drawn)
    return Interval(found.estimate, low, high) if high - low > found.high - found.low else found


def standardised(values: np.ndarray) -> float:
    """d_z: mean over standard deviation of the differences (N,); 0 where all are 0, NaN where they do not vary."""
    spread = deviation(values)
    if spread > 0:
        return float(values.mean() / spread)
    return 0.0 if not values.any() else math.nan


def deviation(values: np.ndarray) -> float:
    """Sample standard deviation; 0 for a single value or equal ones."""
    return float(values.std(ddof=1)) if len(values) > 1 and np.ptp(values) > 0 else 0.0


def equivalence_p(values: np.ndarray, bound: float, error: float = 0.0) -> float:
    """The larger p of two one-sided paired t tests that the mean lies within ±bound (TOST). Source: Lakens 2017.

    `error` is the standard error of the mean where more than the photos makes it vary; the larger one counts.
    """
    n, mean, spread = len(values), float(values.mean()), deviation(values)
    error = max(error, spread / math.sqrt(n))
    if error == 0:
        return 0.0 if n > 1 and abs(mean) < bound else 1.0
    return float(max(stats.t.sf((mean + bound) / error, n - 1), stats.t.cdf((mean - bound) / error, n - 1)))


def minimum_detectable(values: np.ndarray, level: float, error: float = 0.0) -> float:
    """The smallest mean difference that a paired t test at this level finds with 80 % power; in units of the score.

    `error` is as in `equivalence_p`.
    """
    spread = max(deviation(values), error * math.sqrt(len(values)))
    return spread * _detectable(len(values), level) if spread > 0 else 0.0 if len(values) > 1 else math.nan


@lru_cache(maxsize=4096)
def _detectable(n: int, level: float) -> float:
    """In standard deviations of the differences; the other tail adds nothing that counts, and often has no value."""
    near = float(stats.t.isf(level / 2, n - 1) + stats.t.ppf(POWER, n - 1)) / math.sqrt(n)
    power = TTestPower().power
    return float(optimize.brentq(lambda d: power(d, n, level / 2, alternative="larger") - POWER, near / 2, near * 2))


def holm(p: np.ndarray) -> np.ndarray:
    """Holm-adjusted p values; NaN stays NaN and does not count. Source: Holm 1979."""
    # Not statsmodels' own, which collects garbage at every call: 0.3 s where torch is loaded.
    adjusted, known = np.full(len(p), np.nan), np.flatnonzero(~np.isnan(p))
    ordered = known[np.argsort(p[known], kind="stable")]
    steps = p[ordered] * np.arange(len(ordered), 0, -1)
    adjusted[ordered] = np.maximum.accumulate(steps).clip(max=1)
    return adjusted


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Benjamini–Hochberg q values; NaN stays NaN and does not count. Source: Benjamini & Hochberg 1995."""
    adjusted, known = np.full(len(p), np.nan), ~np.isnan(p)
    if known.any():
        adjusted[known] = multipletests(p[known], alpha=config.ALPHA, method="fdr_bh")[1]
    return adjusted


def holm_levels(p: np.ndarray) -> np.ndarray:
    """The level that each p value must reach to be found by Holm's procedure, the others being what they are.

    α / (m − r), where r of the other m − 1 are found before it; NaN stays NaN and does not count.
    """

    def level(others: np.ndarray, m: int) -> float:
        failed = np.append(others, 1.0) > config.ALPHA / (m - np.arange(m))
        return config.ALPHA / (m - int(np.argmax(failed)))

    return _levels(p, level)


def benjamini_hochberg_levels(p: np.ndarray) -> np.ndarray:
    """The level that each p value must reach to be found by Benjamini and Hochberg's procedure, the others being fixed.

    α k / m, where k of m are found when it is 0: for a test that is found, as many as are; NaN stays NaN.
    """

    def level(others: np.ndarray, m: int) -> float:
        steps = config.ALPHA * np.arange(1, m + 1) / m
        return float(steps[np.append(0.0, others) <= steps][-1])

    return _levels(p, level)


def _levels(p: np.ndarray, level: Callable[[np.ndarray, int], float]) -> np.ndarray:
    """A level for each of the m known p values from the m − 1 others, in order, and m."""
    known = np.flatnonzero(~np.isnan(p))
    levels, ordered = np.full(len(p), np.nan), np.sort(p[known])
    for place in known:
        levels[place] = level(np.delete(ordered, np.searchsorted(ordered, p[place])), len(known))
    return levels


def validity(
    scores: np.ndarray, human: np.ndarray, *, draws: int = config.CONFIRMATORY_RESAMPLES, seed: int = config.SEED
) -> Interval:
    """Spearman ρ of scores (N,) with human scores (N, NaN where nobody was asked), percentile bootstrap."""
    return correlation_intervals(scores[:, None], human, draws=draws, seed=seed)[0]


def correlation_intervals(columns: np.ndarray, human: np.ndarray, *, draws: int, seed: int) -> list[Interval]:
    """Spearman ρ of each column (photos × any number) with human scores, all on the same resamples of photos."""
    (drawn,) = bootstrap(len(human), [rank_correlations(columns, human)], draws=draws, seed=seed)
    found = zip(correlations(columns, human), drawn.T, strict=True)
    return [Interval(float(rho), *percentile_interval(values)) for rho, values in found]


def correlations(columns: np.ndarray, human: np.ndarray) -> np.ndarray:
    """Spearman ρ of each column (photos × conditions) with human scores."""
    return rank_correlations(columns, human)(np.ones((len(human), 1)))[0]


def trend_p(doses: np.ndarray) -> float:
    """Page's test that differences (photos × at least 3 doses, weakest first) rise or fall with the dose; two-sided.

    Photos with a missing dose do not count. Source: Page 1963.
    """
    complete = doses[~np.isnan(doses).any(axis=1)]
    if len(complete) < 2 or complete.shape[1] < 3:
        return math.nan
    rising, falling = (stats.page_trend_test(sign * complete).pvalue for sign in (1, -1))
    return float(min(1.0, 2 * min(rising, falling)))


def at_rmse(rmse: np.ndarray, differences: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Each photo's difference at a given perturbation size: linear between its doses and (0, 0), the untouched photo.

    `rmse` and `differences` are photos × doses, `target` is (photos,) and at most the photo's largest RMSE: beyond it,
    the strongest dose stands.
    """
    zero = np.zeros((len(rmse), 1))
    order = np.argsort(np.hstack([zero, rmse]), axis=1, kind="stable")
    x = np.take_along_axis(np.hstack([zero, rmse]), order, axis=1)
    y = np.take_along_axis(np.hstack([zero, differences]), order, axis=1)
    right = np.clip((x < target[:, None]).sum(axis=1), 1, x.shape[1] - 1)[:, None]
    left_x, right_x, left_y, right_y = (
        np.take_along_axis(values, place, axis=1)[:, 0] for values in (x, y) for place in (right - 1, right)
    )
    gap = right_x - left_x
    share = np.divide(target - left_x, gap, out=np.ones_like(gap), where=gap > 0)
    return left_y + np.clip(share, 0, 1) * (right_y - left_y)


def larger_share(
    first: np.ndarray,
    second: np.ndarray,
    *,
    errors: Sequence[float] = (0.0, 0.0),
    draws: int = config.RESAMPLES,
    seed: int = config.SEED,
) -> float:
    """P(|mean of first| > |mean of second|) over resamples of the same photos; ties count half.

    `errors` are the standard errors that shared hosts add to the two means, beside what the photos do.
    """
    (drawn,) = bootstrap(len(first), [means(np.column_stack([first, second]))], draws=draws, seed=seed)
    sizes = np.abs(drawn + np.random.default_rng(seed).normal(0.0, errors, drawn.shape))
    return float(np.mean(sizes[:, 0] > sizes[:, 1]) + np.mean(sizes[:, 0] == sizes[:, 1]) / 2)


def lead(
    first: np.ndarray, second: np.ndarray, *, draws: int = config.CONFIRMATORY_RESAMPLES, seed: int = config.SEED
) -> Interval:
    """|mean of first| − |mean of second| over the same photos (N,), with its percentile bootstrap interval.

    NaN marks photos that do not count for one of the two; each mean is of the photos that do.
    """
    pair = np.column_stack([first, second])
    known = np.isfinite(pair)
    (totals, sizes) = bootstrap(
        len(pair), [means(np.where(known, pair, 0.0)), means(known * 1.0)], draws=draws, seed=seed
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = np.abs(totals / sizes)
    estimate = np.abs(np.nanmean(pair, axis=0))
    return Interval(float(estimate[0] - estimate[1]), *percentile_interval(drawn[:, 0] - drawn[:, 1]))


def family_wise_error(
    rows: Sequence[np.ndarray],
    *,
    copies: int = 1_000,
    permutations: int = 2_000,
    seed: int = config.SEED,
) -> float:
    """How often a family of rows without any effect yields a Holm p below .05, from sign-flipped copies of real data.

    A row is an array photos × fills of differences, NaN for photos that it does not use; its p is the largest over its
    fills. Every copy flips a photo's sign in all rows at once: no effect is left, the rows stay as correlated as they
    are. The flips of a copy are the flips of the data, so that one null distribution serves all copies.
    """
    values = np.nan_to_num(np.hstack(rows))
    observed = _flipped_sums(values, copies, seed) - 1e-9 * np.abs(values).sum(axis=0)
    null = np.sort(_flipped_sums(values, permutations, seed + 1), axis=0)
    beyond = [permutations - np.searchsorted(null[:, place], observed[:, place]) for place in range(values.shape[1])]
    p = (np.column_stack(beyond) + 1) / (permutations + 1)
    ends = np.cumsum([row.shape[1] for row in rows])[:-1]
    smallest = np.column_stack([fills.max(axis=1) for fills in np.split(p, ends, axis=1)]).min(axis=1)
    return float(np.mean(smallest * len(rows) < config.ALPHA))


def _flipped_sums(values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """|sum| of each column (photos × columns) under random signs by photo: draws × columns."""
    return np.abs(np.concatenate([signs.T @ values for signs in random_signs(len(values), draws, seed)]))
