"""Metrics and their intervals against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.evaluation import metrics


def test_correlations_match_scipy_with_ties() -> None:
    random = np.random.default_rng(0)
    x, y = random.integers(0, 5, 60).astype(float), random.normal(size=60)
    assert metrics.spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    assert metrics.pearson(x, y) == pytest.approx(stats.pearsonr(x, y).statistic)
    assert np.isnan(metrics.spearman(np.ones(5), np.arange(5.0)))


def test_bootstrap_intervals_cover() -> None:
    random = np.random.default_rng(3)
    covered = 0
    for seed in range(200):
        x = random.normal(size=120)
        y = 0.6 * x + 0.8 * random.normal(size=120)
        found = metrics.correlation_interval(metrics.pearson, x, y, draws=400, seed=seed)
        covered += found.low <= 0.6 <= found.high
    assert 0.89 <= covered / 200 <= 0.99


@pytest.mark.parametrize("at_once", [1, 90, 10**9])
def test_an_interval_is_that_of_all_resamples_at_once(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "AT_ONCE", at_once)
    x, y = np.random.default_rng(3).normal(size=(2, 41))
    chosen = metrics.resamples(41, 301, 5)
    found = metrics.correlation_interval(metrics.spearman, x, y, draws=301, seed=5)
    np.testing.assert_array_equal(
        [found.low, found.high], np.quantile(metrics.spearman(x[chosen], y[chosen]), [0.025, 0.975])
    )
