"""Signed-rank tests against SciPy and against counting, Holm by hand, ranks by simulation and by property."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from srbench.statistics.comparison import compare
from srbench.statistics.intervals import StatsError, paired_difference
from srbench.statistics.ranking import Rank, holm, ranks, units_needed, wilcoxon


@pytest.mark.parametrize("n", [1, 2, 5, 6, 10, 25, 50, 100])
def test_small_samples_without_ties_get_scipys_exact_p(n: int) -> None:
    for seed in range(5):
        gaps = np.random.default_rng([n, seed]).normal(0.2, 1, n)
        assert wilcoxon(gaps) == pytest.approx(scipy.stats.wilcoxon(gaps, method="exact").pvalue, rel=1e-9)


@pytest.mark.parametrize("decimals", [1, 8])
def test_large_samples_get_scipys_normal_p_with_ties_zeros_and_continuity(decimals: int) -> None:
    for seed in range(5):
        gaps = np.round(np.random.default_rng(seed).normal(0.05, 1, 1000), decimals)
        theirs = scipy.stats.wilcoxon(gaps, zero_method="pratt", correction=True, method="asymptotic")
        assert wilcoxon(gaps) == pytest.approx(theirs.pvalue, rel=1e-9)


def counted(gaps: list[int], strata: list[int]) -> float:
    """P by going through every choice of signs, straight from the definition."""
    magnitudes = np.abs(gaps).astype(float)
    ranks, weights = np.zeros(len(gaps)), np.zeros(len(gaps))
    for k in set(strata):
        inside = np.array(strata) == k
        ranks[inside] = scipy.stats.rankdata(magnitudes[inside])
        weights[inside] = 1 / (inside.sum() + 1)
    pulls = (ranks * weights)[magnitudes > 0]
    observed = abs(float((np.sign(gaps)[magnitudes > 0] * pulls).sum()))
    sums = np.array(list(product([-1, 1], repeat=len(pulls)))) @ pulls
    return float(np.mean(np.abs(sums) >= observed - 1e-9))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 2)), min_size=1, max_size=10))
def test_ties_zeros_and_strata_get_the_p_of_counting_every_sign(rows: list[tuple[int, int]]) -> None:
    gaps, strata = [gap for gap, _ in rows], [stratum for _, stratum in rows]
    expected = counted(gaps, strata) if any(gaps) else 1.0
    assert wilcoxon(gaps, strata) == pytest.approx(expected, abs=1e-9)


def test_normal_approximation_takes_over_without_a_jump() -> None:
    # 450 images counted out, 700 not: both within a percent of SciPy's own count (its exact method is slow beyond).
    gaps = np.random.default_rng(8).normal(0.05, 1, 700)
    for n in (450, 700):
        theirs = scipy.stats.wilcoxon(gaps[:n], method="asymptotic", correction=True).pvalue
        assert wilcoxon(gaps[:n]) == pytest.approx(theirs, rel=0.01)


def test_stratified_normal_approximation_agrees_with_drawing_signs() -> None:
    rng = np.random.default_rng(9)
    sizes = (5, 14, 30, 100)
    strata = np.repeat(np.arange(4), sizes)
    gaps = rng.normal(0.16, 1, 149)
    pulls = np.concatenate([scipy.stats.rankdata(np.abs(gaps[strata == k])) / (n + 1) for k, n in enumerate(sizes)])
    sums = rng.choice([-1.0, 1.0], size=(100_000, 149)) @ pulls
    expected = float(np.mean(np.abs(sums) >= abs(float(np.sign(gaps) @ pulls))))
    assert 0.005 < expected < 0.5
    assert wilcoxon(gaps, strata.tolist()) == pytest.approx(expected, abs=5 * math.sqrt(expected / 100_000))


def test_null_p_values_are_uniform_for_strata_of_different_spread() -> None:
    rng = np.random.default_rng(10)
    strata = [0] * 5 + [1] * 14 + [2] * 30
    scale = np.repeat([3.0, 0.1, 1.0], [5, 14, 30])
    p = [wilcoxon(rng.normal(size=49) * scale, strata) for _ in range(2000)]
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.001


@given(arrays(np.float64, st.integers(1, 20), elements=st.integers(-50, 50)), st.sampled_from([1e-6, 0.1, 7.0, 1e9]))
def test_p_depends_neither_on_unit_nor_direction_nor_order(gaps: np.ndarray, scale: float) -> None:
    p = wilcoxon(gaps)
    assert 0 < p <= 1
    assert wilcoxon(-gaps * scale) == pytest.approx(p, rel=1e-9)
    assert wilcoxon(gaps[::-1]) == pytest.approx(p, rel=1e-9)


def test_no_difference_at_all_has_p_1() -> None:
    assert wilcoxon([0.0] * 8) == wilcoxon([]) == 1.0


def test_infinite_differences_are_the_largest_there_are() -> None:
    gaps = [0.3, -0.1, 0.5, 0.9, 0.7, 1.1]
    assert wilcoxon([*gaps, math.inf, -math.inf]) == wilcoxon([*gaps, 1e9, -1e9])
    assert wilcoxon([math.inf] * 6) == pytest.approx(2 / 2**6)
    assert wilcoxon([math.inf, math.inf, 0.0]) == wilcoxon([1.0, 1.0, 0.0])


@given(arrays(np.bool_, (6, 6)))
def test_no_method_ranks_above_one_that_is_better(drawn: np.ndarray) -> None:
    better = np.triu(drawn, 1)  # without circles
    found = ranks(better)
    for i, j in np.argwhere(better):
        assert found[i].low < found[j].low and found[i].high < found[j].high
    for k, rank in enumerate(found):
        assert rank.low >= 1 + better[:, k].sum() and rank.high <= len(better) - better[k].sum()


def test_a_method_better_than_a_better_one_is_better() -> None:
    # 0 beats 1, 1 beats 2; 0 and 2 were not told apart, for 2 is noisy. 2 would otherwise rank beside 0.
    better = np.array([[False, True, False], [False, False, True], [False] * 3])
    assert [str(rank) for rank in ranks(better)] == ["1", "2", "3"]


def test_holm_by_hand() -> None:
    # Sorted .005 .01 .03 .04, times 4 3 2 1: .02 .03 .06 .04, never falling: .02 .03 .06 .06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    with pytest.raises(StatsError, match="between 0 and 1"):
        holm([1.2])


def test_units_needed_is_where_the_smallest_possible_p_survives_holm() -> None:
    for methods in (2, 3, 5, 30):
        pairs, n = methods * (methods - 1) // 2, units_needed(methods)
        assert pairs * wilcoxon(np.arange(1, n + 1)) <= 0.05 < pairs * wilcoxon(np.arange(1, n))
    assert units_needed(2) == 6


def test_a_clear_order_of_methods_is_ranked_one_by_one() -> None:
    rng = np.random.default_rng(11)
    image = rng.normal(28, 4, 40)
    board = np.stack([image + gain + rng.normal(0, 0.1, 40) for gain in (0.0, 2.0, 1.0)])
    assert [str(rank) for rank in compare(board).ranks] == ["3", "1", "2"]
    assert [str(rank) for rank in compare(board, higher_is_better=False).ranks] == ["1", "3", "2"]


def test_methods_that_cannot_be_told_apart_share_an_interval_of_ranks() -> None:
    rng = np.random.default_rng(12)
    image = rng.normal(28, 4, 40)
    noise = rng.normal(0, 0.2, (2, 40))
    board = np.stack([image + 1, image + noise[0] - noise[0].mean(), image + noise[1] - noise[1].mean()])
    got = compare(board)
    assert [str(rank) for rank in got.ranks] == ["1", "2-3", "2-3"]
    alone = paired_difference(board[1], board[2])
    assert got.pairs[1, 2].estimate == pytest.approx(alone.estimate)
    assert (got.pairs[1, 2].low, got.pairs[1, 2].high) == pytest.approx((alone.low, alone.high))
    assert got.better.tolist() == [[False, True, True], [False] * 3, [False] * 3]


def test_a_middle_method_may_tie_with_both_of_two_that_differ() -> None:
    # Why ranks are intervals and not groups: a ~ b and b ~ c, yet a > c.
    pattern = np.resize([1.0, -1.0, 0.6, -0.6], 20)
    c = np.full(20, 28.0)
    b, a = c + 0.15 + pattern, c + 0.3 + 0.01 * pattern
    assert [str(rank) for rank in compare(np.stack([a, b, c])).ranks] == ["1-2", "1-3", "2-3"]


@settings(max_examples=40)
@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 24)), elements=st.integers(0, 40)))
def test_identical_methods_tie_and_ranks_follow_from_the_pairs(board: np.ndarray) -> None:
    doubled = np.concatenate([board, board[:1]])
    got = compare(doubled)
    last = len(board)
    assert not got.better[0, last] and not got.better[last, 0]
    assert got.ranks[0] == got.ranks[last]
    assert not (got.better & got.better.T).any()
    assert all(1 <= rank.low <= rank.high <= len(doubled) for rank in got.ranks)
    np.testing.assert_array_equal(got.p, got.p.T)


@settings(max_examples=30)
@given(arrays(np.float64, (3, 16), elements=st.integers(0, 40)), st.permutations(range(16)), st.permutations(range(3)))
def test_ranks_follow_the_methods_and_not_their_order(board: np.ndarray, images: list[int], rows: list[int]) -> None:
    ranks = compare(board).ranks
    assert compare(board[rows][:, images]).ranks == tuple(ranks[row] for row in rows)


def tied(gaps: np.ndarray, strata: list[int] | None = None) -> float:
    """Percent of boards, one a row, on which two methods that differ by so much are tied."""
    boards = [compare(np.stack([28 + gap, np.full_like(gap, 28.0)]), strata) for gap in gaps]
    return 100 * float(np.mean([not board.better.any() for board in boards]))


@pytest.mark.parametrize("sizes", [(8,), (20,), (100,), (5, 14, 30)], ids=str)
def test_two_equal_methods_are_tied_on_95_of_100_boards(sizes: tuple[int, ...]) -> None:
    strata = np.repeat(np.arange(len(sizes)), sizes).tolist()
    gaps = 0.25 * np.random.default_rng(sizes).laplace(size=(400, len(strata)))
    # 400 boards: 93 is two standard errors below 95.
    assert tied(gaps, strata) >= 93


def test_no_two_of_five_equal_methods_are_told_apart_on_95_of_100_boards() -> None:
    # Ten pairs at once: without Holm's correction some pair differs on about 30 of 100 boards.
    rng = np.random.default_rng(13)
    apart = [compare(28 + rng.normal(0, 0.25, (5, 12))).better.any() for _ in range(200)]
    assert np.mean(apart) <= 0.08


@pytest.mark.parametrize(("skewness", "missed"), [(0, 5), (1, 10), (-1, 10)])
def test_a_tenth_of_a_decibel_is_found_on_a_hundred_images(skewness: int, missed: float) -> None:
    rng = np.random.default_rng([14, skewness + 1])
    noise = skewness * (rng.gamma(4, size=(300, 100)) - 4) / 2 if skewness else rng.normal(size=(300, 100))
    assert tied(0.1 + 0.25 * noise) <= missed


def test_a_skewed_difference_without_a_mean_is_not_a_better_method() -> None:
    # A signed-rank test alone rejects here, for the distribution is not symmetric; the means are equal.
    gaps = 0.25 * (np.random.default_rng(15).exponential(size=(200, 100)) - 1)
    assert np.mean([wilcoxon(gap) <= 0.05 for gap in gaps]) > 0.15
    assert tied(gaps) >= 93


def test_the_mean_and_the_test_must_point_the_same_way() -> None:
    # Better by a little on many images of one dataset, worse by much on three small ones: no winner either way.
    gaps = np.concatenate([np.full(100, 0.3), *[np.full(6, -1.0)] * 3]) + np.random.default_rng(16).normal(0, 0.05, 118)
    strata = ["large"] * 100 + ["b"] * 6 + ["c"] * 6 + ["d"] * 6
    assert wilcoxon(gaps, strata) < 0.001
    assert paired_difference(gaps, np.zeros(118), strata).sign == -1
    assert not compare(np.stack([28 + gaps, np.full(118, 28.0)]), strata).better.any()


def test_five_images_are_too_few_to_tell_even_the_best_from_the_worst() -> None:
    board = np.stack([np.linspace(28, 32, 5), np.linspace(20, 24.1, 5)])
    got = compare(board)
    assert got.p[0, 1] == pytest.approx(2 / 2**5)
    assert got.ranks == (Rank(1, 2), Rank(1, 2))


def test_a_score_that_is_not_a_number_is_an_error_that_names_the_place() -> None:
    board = np.random.default_rng(17).normal(28, 1, (3, 12))
    board[2, 5] = math.nan
    with pytest.raises(StatsError, match="position 2, 5"):
        compare(board)


def test_one_method_is_first_and_none_is_no_ranking() -> None:
    assert compare([[28.0, 29.0]]).ranks == (Rank(1, 1),)
    assert compare(np.empty((0, 3))).ranks == ()
