"""Bounds of a mean: moments, quantiles and tails against scipy, the bootstrap against
the textbook's, its symmetries."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from srbench.statistics.bootstrap import (
    BOOTSTRAP_FROM,
    Moments,
    bounds,
    moments,
    skew_corrected,
    student,
    student_quantile,
    studentised_bootstrap,
)

RNG = np.random.default_rng(0)


def test_moments_of_one_dataset_are_scipys() -> None:
    values = RNG.gamma(2, size=(5, 12))
    m = moments([values])
    np.testing.assert_allclose(m.estimate, values.mean(1))
    np.testing.assert_allclose(m.error, scipy.stats.sem(values, axis=1))
    np.testing.assert_allclose(m.freedom, 11)
    # The skewness of a mean of n is that of its values over the root of n. scipy's is of k-statistics, too, but divides
    # by the unbiased variance's power: the same quotient.
    np.testing.assert_allclose(m.skewness, scipy.stats.skew(values, axis=1, bias=False) / np.sqrt(12))


def test_freedom_of_two_datasets_is_welchs() -> None:
    a, b = RNG.normal(size=7), 3 * RNG.normal(size=15)
    welch = scipy.stats.ttest_ind(a, b, equal_var=False)
    m = moments([a[None], b[None]])
    assert m.freedom[0] == pytest.approx(welch.df)
    assert m.estimate[0] == pytest.approx((a.mean() + b.mean()) / 2)
    assert m.error[0] == pytest.approx(np.hypot(scipy.stats.sem(a), scipy.stats.sem(b)) / 2)


def test_a_stratum_that_stands_for_several_datasets_weighs_as_many() -> None:
    a, b = RNG.normal(size=(1, 7)), RNG.normal(size=(1, 3))
    m = moments([a, b], [1, 3])
    assert m.estimate[0] == pytest.approx((a.mean() + 3 * b.mean()) / 4)
    assert m.error[0] == pytest.approx(np.hypot(scipy.stats.sem(a, axis=1), 3 * scipy.stats.sem(b, axis=1))[0] / 4)


def test_two_units_have_no_skewness_and_equal_values_no_spread() -> None:
    assert moments([np.array([[1.0, 9.0]])]).skewness.tolist() == [0]
    m = moments([np.full((1, 4), 3.0)])
    assert (m.estimate[0], m.error[0], m.skewness[0]) == (3, 0, 0)
    assert bounds([np.full((1, 20), 3.0)]) == (3, 3, 3)


def test_beyond_the_quantile_lie_five_percent() -> None:
    freedom = np.array([1, 1.7, 6, 1000])
    np.testing.assert_allclose(2 * scipy.stats.t.sf(student_quantile(freedom), freedom), 0.05, rtol=1e-9)


def test_the_skewness_correction_is_halls_transformation_turned_round() -> None:
    m = Moments(np.zeros(3), np.ones(3), np.full(3, 19.0), np.array([-0.3, 1e-12, 0.3]))
    low, high = skew_corrected(m)
    quantile = scipy.stats.t.ppf(0.975, 19)
    for end, expected in ((-low, quantile), (-high, -quantile)):
        g = m.skewness
        np.testing.assert_allclose(end + g * end**2 / 3 + g**2 * end**3 / 27 + g / 6, expected, rtol=1e-8)
    # A skewed mean is further from the truth on its long side: the interval reaches out on that side.
    assert high[2] > -low[2] and high[0] < -low[0]
    assert (low[1], high[1]) == pytest.approx((-quantile, quantile))


def test_the_bootstrap_is_the_textbooks() -> None:
    values, others = RNG.gamma(2, size=12), RNG.gamma(1, size=15)
    rng = np.random.default_rng(1)
    error = np.hypot(scipy.stats.sem(values), scipy.stats.sem(others)) / 2
    a, b = rng.choice(values, (20_000, 12)), rng.choice(others, (20_000, 15))
    moved = a.mean(1) - values.mean() + b.mean(1) - others.mean()
    ts = moved / np.hypot(scipy.stats.sem(a, axis=1), scipy.stats.sem(b, axis=1))
    expected = (values.mean() + others.mean()) / 2 - np.quantile(ts, [0.975, 0.025]) * error
    data = [values[None], others[None]]
    found = np.concatenate(studentised_bootstrap(data, moments(data)))
    # Both are random: their quantiles differ by a few hundredths of the width.
    np.testing.assert_allclose(found, expected, atol=0.06 * (expected[1] - expected[0]))


def test_the_bootstrap_depends_on_nothing_but_the_values() -> None:
    a, b, c = RNG.gamma(1, size=(3, 12)), RNG.gamma(1, size=(3, 12)), RNG.gamma(1, size=(3, 20))
    found = bounds([a, b, c], [1, 1, 2])
    again = bounds([c[:, ::-1], b, a[:, RNG.permutation(12)]], [2, 1, 1])
    np.testing.assert_allclose(found, again, rtol=1e-12)
    opposite = bounds([-a, -b, -c], [1, 1, 2])
    np.testing.assert_allclose(found[1], -opposite[2], rtol=1e-12)
    np.testing.assert_allclose(found[0], -opposite[0], rtol=1e-12)


def test_strata_of_one_size_are_drawn_independently() -> None:
    values = RNG.gamma(1, size=(1, 30))
    low, high = studentised_bootstrap([values, -values], moments([values, -values]))
    # Were both drawn alike, the two would cancel in every resample, and nothing would ever move.
    width = float(np.squeeze(high - low))
    plain_low, plain_high = student(moments([values, -values]))
    assert width == pytest.approx(float(np.squeeze(plain_high - plain_low)), rel=0.15)


@pytest.mark.parametrize("units", [6, BOOTSTRAP_FROM - 1, BOOTSTRAP_FROM, 25])
def test_bounds_are_never_narrower_than_students_and_drawn_from_ten_units(units: int) -> None:
    values = RNG.gamma(0.5, size=(8, units))
    m = moments([values])
    _, low, high = bounds([values])
    plain = student(m)
    drawn = studentised_bootstrap([values], m)
    chosen = drawn if units >= BOOTSTRAP_FROM else skew_corrected(m)
    np.testing.assert_array_equal(low, np.minimum(chosen[0], plain[0]))
    np.testing.assert_array_equal(high, np.maximum(chosen[1], plain[1]))


def test_one_stratum_below_ten_units_keeps_all_from_being_drawn() -> None:
    data = [RNG.gamma(1, size=(2, 30)), RNG.gamma(1, size=(2, BOOTSTRAP_FROM - 1))]
    m = moments(data)
    np.testing.assert_array_equal(bounds(data)[2], np.maximum(skew_corrected(m)[1], student(m)[1]))


def test_where_resamples_have_no_spread_the_corrected_t_stands_in() -> None:
    values = np.zeros((1, 20))
    values[0, 0] = 1  # a third of all resamples leave it out
    m = moments([values])
    assert not np.isfinite(studentised_bootstrap([values], m)).all()
    _, low, high = bounds([values])
    assert np.isfinite([low, high]).all() and low <= 0.05 <= high
