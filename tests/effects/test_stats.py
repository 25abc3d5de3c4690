"""Statistics against scipy, statsmodels and hand-computed values; coverage and error rates by simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats as reference
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import ttest_power
from statsmodels.stats.weightstats import ttost_paired

from core import config, wording
from core.effects import resampling, stats
from core.types import Interval


def drawn_differences(n: int = 80, conditions: int = 3, seed: int = 0) -> np.ndarray:
    """Skewed differences, n × conditions, as scores give them."""
    return np.random.default_rng(seed).gamma(2, 0.02, (n, conditions)) - 0.05


def test_bootstrap_interval_is_that_of_scipy() -> None:
    values = drawn_differences()[:, 0]
    found = stats.effects(values[:, None], sd=0.1, draws=4_000, seed=5)[0].mean
    expected = reference.bootstrap((values,), np.mean, n_resamples=4_000, method="BCa", rng=np.random.default_rng(5))
    interval = expected.confidence_interval
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_photos_without_human_scores_do_not_count_for_validity() -> None:
    random = np.random.default_rng(0)
    scores, human = random.random(60), random.random(60)
    human[::3] = np.nan
    known = ~np.isnan(human)
    expected = reference.spearmanr(scores[known], human[known]).statistic
    assert stats.validity(scores, human, draws=200).estimate == pytest.approx(expected)


def test_constant_scores_have_no_validity() -> None:
    with np.errstate(all="raise"):
        found = stats.validity(np.ones(30), np.random.default_rng(0).random(30), draws=100)
    assert math.isnan(found.estimate)
    assert math.isnan(found.low)


def test_sign_flips_agree_with_scipy() -> None:
    values = drawn_differences(40)[:, :1] + 0.006
    expected = reference.permutation_test(
        (values[:, 0],), np.mean, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(1)
    )
    assert resampling.sign_flip_p(values)[0] == pytest.approx(expected.pvalue, abs=0.01)


def test_sign_flips_of_few_values_are_exact() -> None:
    """Of the 8 sign patterns of (1, 2, 3), 2 are as far from 0 as the data; of (1, 1, −2), all."""
    p = resampling.sign_flip_p(np.array([[1.0, 1.0], [2.0, 1.0], [3.0, -2.0]]), draws=40_000)
    assert p[0] == pytest.approx(0.25, abs=0.01)
    assert p[1] == 1.0


def test_equivalence_and_power_agree_with_statsmodels() -> None:
    values = drawn_differences()[:, 0]
    expected = ttost_paired(values, np.zeros(len(values)), -0.012, 0.012)[0]
    assert stats.equivalence_p(values, 0.012) == pytest.approx(expected, rel=1e-9)
    smallest = stats.minimum_detectable(values, 0.01)
    power = ttest_power(smallest / values.std(ddof=1), len(values), 0.01, alternative="two-sided")
    assert power == pytest.approx(0.8, abs=1e-5)


@pytest.mark.parametrize("n", [20, 93, 3_000, 60_000])
@pytest.mark.parametrize("level", [0.05, 0.0056, 1e-4])
def test_the_detectable_effect_is_found_at_any_size(n: int, level: float) -> None:
    values = np.tile([0.0, 1.0], n // 2 + 1)[:n]
    smallest = stats.minimum_detectable(values, level) / values.std(ddof=1)
    assert ttest_power(smallest, n, level / 2, alternative="larger") == pytest.approx(0.8, abs=1e-6)


def test_trend_agrees_with_scipy_and_sees_both_directions() -> None:
    random = np.random.default_rng(0)
    doses = random.normal(0, 1, (12, 4)) + np.arange(4) * 0.4
    expected = min(1, 2 * reference.page_trend_test(doses).pvalue)
    assert stats.trend_p(doses) == pytest.approx(expected)
    assert stats.trend_p(-doses) == pytest.approx(expected)
    doses[3, 2] = np.nan
    assert stats.trend_p(doses) == pytest.approx(2 * reference.page_trend_test(np.delete(doses, 3, 0)).pvalue)
    assert math.isnan(stats.trend_p(doses[:, :2]))


def test_simple_numbers_by_hand() -> None:
    effect = stats.effects(np.array([[-0.1], [-0.3], [0.1], [-0.1]]), sd=0.2)[0]
    assert (effect.n, effect.mean.estimate, effect.mean_abs) == (4, pytest.approx(-0.1), pytest.approx(0.15))
    assert effect.median.estimate == pytest.approx(-0.1)
    assert effect.share_lowered.estimate == 0.75
    assert (effect.share_lowered.low, effect.share_lowered.high) == pytest.approx((0.300642, 0.954413), abs=1e-6)
    assert effect.d_z == pytest.approx(-0.1 / math.sqrt(0.08 / 3))
    assert effect.in_sd == pytest.approx(-0.5)


def test_nothing_varies() -> None:
    effect = stats.effects(np.full((25, 1), -0.02), sd=0.2)[0]
    assert (effect.mean.low, effect.mean.high) == (-0.02, -0.02)
    assert (effect.median.low, effect.median.high) == (-0.02, -0.02)
    assert effect.equivalence_p == 0
    assert math.isnan(effect.d_z)
    assert stats.minimum_detectable(np.full(25, -0.02), 0.05) == 0


def test_identity_is_exactly_nothing() -> None:
    effect = stats.effects(np.zeros((30, 1)), sd=0.1)[0]
    assert effect.mean == effect.median == Interval(0.0, 0.0, 0.0)
    assert (effect.p, effect.d_z, effect.equivalence_p, effect.share_lowered.estimate) == (1.0, 0.0, 0.0, 0.0)


def test_a_single_photo_and_a_constant_model() -> None:
    effect = stats.effects(np.array([[0.1]]), sd=0.0)[0]
    assert effect.mean == Interval(0.1, 0.1, 0.1)
    assert (effect.p, effect.equivalence_p) == (1.0, 1.0)
    assert math.isnan(effect.in_sd)
    assert math.isnan(stats.minimum_detectable(np.array([0.1]), 0.05))


def test_adjusted_p_values_by_hand_leave_missing_ones_out() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.03])
    np.testing.assert_allclose(stats.holm(p), [0.03, np.nan, 0.06, 0.06])
    np.testing.assert_allclose(stats.benjamini_hochberg(p), [0.03, np.nan, 0.04, 0.04])
    assert np.isnan(stats.holm(np.array([np.nan]))).all()


@pytest.mark.parametrize("seed", range(3))
def test_holm_is_that_of_statsmodels(seed: int) -> None:
    p = np.random.default_rng(seed).beta(0.3, 2, 12)
    p[3] = p[5]
    np.testing.assert_allclose(stats.holm(p), multipletests(p, method="holm")[1])


@pytest.mark.parametrize(
    ("adjusted", "levels"),
    [(stats.holm, stats.holm_levels), (stats.benjamini_hochberg, stats.benjamini_hochberg_levels)],
)
@pytest.mark.parametrize("seed", range(2))
def test_a_test_is_found_just_below_its_level_and_not_above(adjusted: Any, levels: Any, seed: int) -> None:
    p = np.random.default_rng(seed).beta(0.3, 2, 9)
    p[3] = p[5]
    found = levels(np.r_[p, np.nan])
    assert np.isnan(found[9])
    for place, level in enumerate(found[:9]):
        for share, expected in ((0.999, True), (1.001, False)):
            tried = p.copy()
            tried[place] = level * share
            assert (adjusted(tried)[place] <= 0.05) == expected


def test_levels_by_hand() -> None:
    p = np.array([0.001, 0.5, 0.02, 0.9])
    np.testing.assert_allclose(stats.holm_levels(p), np.array([1 / 4, 1 / 3, 1 / 3, 1 / 3]) * 0.05)
    np.testing.assert_allclose(stats.benjamini_hochberg_levels(p), np.array([2 / 4, 3 / 4, 2 / 4, 3 / 4]) * 0.05)
    np.testing.assert_allclose(stats.benjamini_hochberg_levels(np.array([1.0, 1.0])), [0.025, 0.025])


def test_matched_size_is_linear_between_doses() -> None:
    rmse = np.array([[0.2, 0.1], [0.1, 0.2], [0.1, 0.2], [0.0, 0.0]])
    differences = np.array([[-0.3, -0.1], [-0.1, -0.3], [-0.1, -0.3], [-0.1, -0.2]])
    found = stats.at_rmse(rmse, differences, np.array([0.15, 0.05, 0.3, 0.0]))
    np.testing.assert_allclose(found[:3], [-0.2, -0.05, -0.3])
    assert np.isfinite(found[3])


def test_larger_of_two_effects() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(-1, 0.1, 50), random.normal(0.5, 0.1, 50)
    assert stats.larger_share(first, second) == 1.0
    assert stats.larger_share(second, first) == 0.0
    assert stats.larger_share(first, -first) == 0.5
    assert 0.6 < stats.larger_share(first, second, errors=(0.5, 0.5)) < 0.999  # what hosts add makes it less sure
    found = stats.lead(first, second, draws=500)
    assert found.estimate == pytest.approx(-first.mean() - second.mean())
    assert 0.4 < found.low < found.estimate < found.high < 0.6


def test_intervals_cover_the_truth() -> None:
    """Skewed differences of known mean 0.04 − 0.05, 400 samples of 60: 95 % within the error of the simulation."""
    many = drawn_differences(60, 400, seed=1)
    found = stats.effects(many, sd=0.1, draws=1_000, permutations=1_000)
    covered = np.mean([effect.mean.low <= -0.01 <= effect.mean.high for effect in found])
    middle = reference.gamma(2, scale=0.02).median() - 0.05
    covered_median = np.mean([effect.median.low <= middle <= effect.median.high for effect in found])
    assert 0.915 <= covered <= 0.98
    assert 0.915 <= covered_median <= 0.985


def test_p_values_are_uniform_without_an_effect() -> None:
    null = np.random.default_rng(0).laplace(0, 0.05, (40, 1_000))
    p = resampling.sign_flip_p(null, draws=2_000)
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.02)
    assert reference.kstest(p, "uniform").pvalue > 0.001


def test_family_wise_error_of_real_looking_differences() -> None:
    """Correlated, skewed, differently spread rows, some on fewer photos and with several fills."""
    random = np.random.default_rng(3)
    shared = random.gamma(2, 0.03, (150, 1)) - 0.08
    rows = [shared * scale + random.normal(0, 0.02, (150, fills)) for scale, fills in [(1, 4), (0.5, 4), (2, 1)] * 3]
    for row in rows[::2]:
        row[: random.integers(30, 90)] = np.nan
    error = stats.family_wise_error(rows)
    assert error <= 0.065
    single = stats.family_wise_error([row[:, :1] for row in rows])
    assert 0.005 <= single <= 0.065


def test_the_family_wise_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a level that is not adjusted (nine rows at 5 % each), many copies find something."""
    monkeypatch.setattr(config, "ALPHA", 9 * config.ALPHA)
    rows = list(np.random.default_rng(0).normal(0, 1, (9, 60, 1)))
    assert stats.family_wise_error(rows) > 0.25


def test_an_effect_is_written_one_way() -> None:
    assert (
        wording.sentence(Interval(-0.0412, -0.06, -0.022), 212, 0.0031)
        == "Δ = −0.041 [−0.060, −0.022], n = 212, Holm p = 0.003"
    )
    assert wording.sentence(Interval(-0.0001, -0.01, 0.01), 2120, math.nan) == "Δ = 0.000 [−0.010, 0.010], n = 2,120"
    assert wording.sentence(Interval(0, 0, 0), 5, 1e-5, "BH q").endswith("BH q < 0.001")
    assert str(stats.effects(np.zeros((3, 1)), 1.0)[0]) == "Δ = 0.000 [0.000, 0.000], n = 3, p = 1.000"


def test_an_interval_with_one_more_error_is_as_wide_as_both_together() -> None:
    found = stats.with_error(stats.Interval(1.0, 1.0 - 1.96 * 3, 1.0 + 1.96 * 3), 4.0)
    assert (found.low, found.high) == pytest.approx((1.0 - 1.96 * 5, 1.0 + 1.96 * 5), abs=1e-3)
    assert stats.with_error(found, 0.0) == found
