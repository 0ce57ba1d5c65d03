"""Comparisons over seeds, against the textbook's formulas and a published example."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from srbench.statistics.intervals import StatsError
from srbench.statistics.over_seeds import mean_over_seeds, rank_by_seeds, welch
from srbench.statistics.ranking import Rank, holm

values = st.lists(st.floats(0.1, 500).map(lambda value: round(value, 3)), min_size=3, max_size=8)


def by_hand(a: list[float], b: list[float]) -> tuple[float, float, float]:
    """Welch's two-sided p, with Satterthwaite's degrees of freedom, and the ends of the 95 % interval."""
    first, second = np.var(a, ddof=1) / len(a), np.var(b, ddof=1) / len(b)
    gap, error = np.mean(a) - np.mean(b), math.sqrt(first + second)
    freedom = (first + second) ** 2 / (first**2 / (len(a) - 1) + second**2 / (len(b) - 1))
    half = scipy_stats.t.ppf(0.975, freedom) * error
    return 2 * scipy_stats.t.sf(abs(gap) / error, freedom), gap - half, gap + half


@given(values)
def test_the_interval_over_seeds_is_students(seeds: list[float]) -> None:
    assume(np.ptp(seeds) > 1e-3)
    found = mean_over_seeds(seeds)
    expected = scipy_stats.t.interval(0.95, len(seeds) - 1, np.mean(seeds), scipy_stats.sem(seeds))
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-9)
    assert found.estimate == pytest.approx(np.mean(seeds))
    assert found.n == len(seeds)


@given(values, values)
def test_welchs_test_and_interval_follow_from_means_and_variances(a: list[float], b: list[float]) -> None:
    assume(np.ptp(a) > 1e-3 and np.ptp(b) > 1e-3)
    found = welch(a, b)
    p, low, high = by_hand(a, b)
    assert found.p == pytest.approx(p, rel=1e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), rel=1e-8, abs=1e-8)


def test_welchs_test_on_students_data_on_sleep_is_that_of_the_manual_of_r() -> None:
    # t.test(extra ~ group, data = sleep): p-value = 0.07939, 95 percent confidence interval -3.3654832 0.2054832
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    found = welch(first, [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    assert found.p == pytest.approx(0.07939, abs=5e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)


@given(st.lists(values, min_size=2, max_size=5), st.booleans())
def test_ranks_follow_from_p_values_after_holm(generators: list[list[float]], higher: bool) -> None:
    assume(all(np.ptp(seeds) > 1e-2 for seeds in generators))
    pairs = list(itertools.combinations(range(len(generators)), 2))
    raw = [by_hand(generators[i], generators[j])[0] for i, j in pairs]
    better = {
        ((i, j) if (np.mean(generators[i]) > np.mean(generators[j])) == higher else (j, i))
        for (i, j), p in zip(pairs, holm(raw), strict=True)
        if p <= 0.05
    }
    assume(all(abs(p - 0.05) > 1e-6 for p in holm(raw)))
    above = set(better)  # one that is better than a better one is better
    while more := {(a, d) for a, b in above for c, d in better if b == c} - above:
        above |= more
    expected = tuple(
        Rank(1 + sum(k == loser for _, loser in above), len(generators) - sum(k == winner for winner, _ in above))
        for k in range(len(generators))
    )
    found = rank_by_seeds(generators, higher_is_better=higher)
    assert found.ranks == expected
    assert {(int(i), int(j)) for i, j in np.argwhere(found.better)} == better


def test_generators_that_differ_much_have_ranks_of_their_own_and_noisy_ones_share_theirs() -> None:
    found = rank_by_seeds([[30.1, 30.3, 29.9], [60.2, 55.0, 65.1], [58.0, 64.0, 61.0]], higher_is_better=False)
    assert [str(rank) for rank in found.ranks] == ["1", "2-3", "2-3"]
    assert found.order == (0, 1, 2)
    assert found.values[1] == mean_over_seeds([60.2, 55.0, 65.1])
    assert found.difference(1, 0).estimate == pytest.approx(30.0)
    assert (found.units, found.total_images, found.identical(0)) == (3, 3, 0)


def test_with_fewer_than_three_seeds_ranks_are_places_and_nothing_is_better_for_certain() -> None:
    found = rank_by_seeds([[40.0], [30.0], [40.0], [90.0, 10.0]], higher_is_better=False)
    assert [str(rank) for rank in found.ranks] == ["2-3", "1", "2-3", "4"]
    assert not found.better.any()
    assert found.difference(0, 1).low is None
    assert found.order == (1, 0, 2, 3)
    assert mean_over_seeds([40.0, 42.0]).low is None
    assert [str(rank) for rank in rank_by_seeds([[0.2], [0.9]], higher_is_better=True).ranks] == ["2", "1"]


def test_without_any_spread_means_that_differ_are_different() -> None:
    assert welch([2.0] * 3, [1.0] * 3).p == 0
    assert welch([2.0] * 3, [1.0] * 3).interval.sign == 1
    assert welch([2.0] * 3, [2.0] * 3).p == 1


def test_a_generator_without_spread_beside_one_with_some_is_compared_without_a_warning() -> None:
    with warnings.catch_warnings(action="error"):
        found = welch([1.0] * 4, [1.0, 2.0, 3.0])
    assert found.p == pytest.approx(2 * scipy_stats.t.sf(math.sqrt(3), 2))


def test_the_largest_scores_there_can_be_are_compared() -> None:
    found = welch([1e150, 1e150, -1e150], [0.0, 1.0, 2.0])
    assert 0 < found.p <= 1 and math.isfinite(found.interval.low)


@pytest.mark.parametrize("bad", [[], [1.0, float("inf")], [float("nan")]])
def test_values_that_are_not_finite_are_refused(bad: list[float]) -> None:
    with pytest.raises(StatsError):
        mean_over_seeds(bad)
