"""Resampling: as plain resampling does it, and intervals of an excess that know that targets share hosts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as reference

from core.effects import resampling, stats
from core.effects.resampling import two_way_means
from core.evaluation import metrics
from core.study.hosts import Hosts
from tests.effects.test_stats import drawn_differences


def simulated(random: np.random.Generator, targets: int = 80, hosts: int = 60) -> tuple[np.ndarray, Hosts]:
    """Differences of targets, and ten hosts each from a pool that they share; the true excess is 0."""
    own = random.normal(0, 1, hosts)
    chosen = np.argsort(random.random((targets, hosts)), axis=1)[:, :10]
    change = own[chosen] + random.normal(0, 1, chosen.shape)
    values = random.normal(0, 1, targets)
    nothing = np.zeros(chosen.size)
    target = np.repeat(np.arange(targets), 10)
    return values, Hosts(target, target * 0, chosen.ravel(), change.ravel(), nothing, nothing, nothing, nothing)


def covered(studies: int) -> float:
    inside = 0
    for seed in range(studies):
        values, links = simulated(np.random.default_rng([7, seed]))
        excess = (values - links.mean(links.change, len(values)))[:, None]
        (effect,) = stats.effects(excess, 1.0, draws=500, permutations=20, seed=seed)
        interval = stats.against_hosts(effect, values, links, 1.0, draws=500, seed=seed).mean
        inside += interval.low <= 0 <= interval.high
    return inside / studies


def test_intervals_cover_in_a_few_studies_with_shared_hosts() -> None:
    assert 0.9 <= covered(100) <= 1.0


@pytest.mark.slow
def test_intervals_cover_in_a_thousand_studies_with_shared_hosts() -> None:
    assert 0.93 <= covered(1_000) <= 0.97


def test_hosts_that_all_targets_share_widen_the_interval() -> None:
    """With ten hosts for everybody, what they have in common does not average out over targets."""
    random = np.random.default_rng(0)
    targets = np.repeat(np.arange(100), 10)
    hosts, nothing = np.tile(np.arange(10), 100), np.zeros(1_000)
    change = random.normal(0, 1, 10)[hosts]
    links = Hosts(targets, targets * 0, hosts, change, nothing, nothing, nothing, nothing)
    drawn = two_way_means(random.normal(0, 0.1, 100), links, draws=2_000, seed=0)
    assert drawn.std() == pytest.approx(change[:10].std() / np.sqrt(10), rel=0.1)


def test_without_hosts_the_two_way_bootstrap_is_the_plain_one() -> None:
    values = np.random.default_rng(1).normal(0.3, 1, 50)
    none = Hosts(*(np.zeros(0, int) for _ in range(3)), *(np.zeros(0) for _ in range(5)))
    drawn = two_way_means(values, none, draws=4_000, seed=0)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.02)
    assert drawn.std() == pytest.approx(values.std() / np.sqrt(50), rel=0.05)


def test_counts_are_those_of_plain_resampling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "CHUNK", 1)  # many chunks
    counts = np.hstack(list(resampling.resample_counts(7, 40, seed=3)))
    plain = metrics.resamples(7, 40, seed=3)
    np.testing.assert_array_equal(counts.T, [np.bincount(row, minlength=7) for row in plain])


@pytest.mark.parametrize("n", [1, 2, 3, 20, 41])
def test_medians_follow_the_bootstrap_distribution(n: int) -> None:
    values = drawn_differences(n)[:, 0]
    quick = resampling.bootstrap_medians(values, draws=20_000, seed=0)
    plain = np.median(values[metrics.resamples(n, 20_000, seed=1)], axis=1)
    probabilities = [0.025, 0.1, 0.5, 0.9, 0.975]
    assert np.mean(quick) == pytest.approx(np.mean(plain), abs=0.02 * np.ptp(values) + 1e-12)
    for point in np.quantile(plain, probabilities):
        assert np.mean(quick <= point) == pytest.approx(np.mean(plain <= point), abs=0.015)


@pytest.mark.parametrize("decimals", [1, 8])
def test_resampled_rank_correlation_is_spearman_of_the_resample(decimals: int) -> None:
    random = np.random.default_rng(0)
    columns, human = random.random((30, 2)).round(decimals), random.random(30).round(decimals)
    (quick,) = resampling.bootstrap(30, [resampling.rank_correlations(columns, human)], draws=50, seed=2)
    for place, chosen in enumerate(metrics.resamples(30, 50, seed=2)):
        expected = [reference.spearmanr(column[chosen], human[chosen]).statistic for column in columns.T]
        np.testing.assert_allclose(quick[place], expected, atol=1e-12)
