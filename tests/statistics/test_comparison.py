"""One comparison behind everything: against a naive one with SciPy, and by what must not change it."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from srbench.statistics.comparison import Comparison, compare
from srbench.statistics.intervals import Interval, mean_interval, paired_difference, wins
from srbench.statistics.ranking import holm

Board = tuple[np.ndarray, list[int], list[Any]]


@st.composite
def boards(draw: st.DrawFn, infinite: bool = False) -> Board:
    """Up to four methods on up to three datasets of images in groups, some of which stand alone."""
    groups = draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from([None, "p", "q", "r", "s", "t"])), min_size=12, max_size=36
        )
    )
    scores: st.SearchStrategy[float] = st.integers(0, 400).map(lambda i: i / 10)
    if infinite:
        scores = st.one_of(scores, st.sampled_from([math.inf, -math.inf]), scores)
    board = draw(arrays(np.float64, (draw(st.integers(2, 4)), len(groups)), elements=scores))
    return board, [dataset for dataset, _ in groups], [group for _, group in groups]


def unit_means(row: np.ndarray, strata: list[int], groups: list[Any]) -> dict[int, list[float]]:
    """The mean of every unit of a row of finite scores, by dataset, in plain loops."""
    images: dict[tuple[int, object], list[float]] = {}
    for image, (score, dataset, group) in enumerate(zip(row, strata, groups, strict=True)):
        images.setdefault((dataset, image if group is None else group), []).append(float(score))
    found: dict[int, list[float]] = {}
    for (dataset, _), scores in images.items():
        found.setdefault(dataset, []).append(math.fsum(scores) / len(scores))
    return found


def pooled(found: dict[int, list[float]]) -> tuple[list[list[float]], list[float]]:
    """Strata of units and their weights: datasets of one unit go together, or out where there is one of them."""
    strata = [units for units in found.values() if len(units) > 1]
    single = [units[0] for units in found.values() if len(units) == 1]
    weights = [1.0] * len(strata)
    if len(single) > 1 or not strata:
        strata.append(single)
        weights.append(float(len(single)))
    return strata, [weight / sum(weights) for weight in weights]


def naive_mean(row: np.ndarray, strata: list[int], groups: list[Any]) -> float:
    parts, weights = pooled(unit_means(row, strata, groups))
    return sum(weight * float(np.mean(units)) for units, weight in zip(parts, weights, strict=True))


def rounded(comparison: Comparison) -> tuple[Any, ...]:
    """All that a comparison says of its methods."""
    count = len(comparison.ranks)
    intervals = [*comparison.values, *(comparison.difference(i, j) for i, j in combinations(range(count), 2))]
    numbers = [None if x is None else round(x, 6) + 0.0 for one in intervals for x in (one.estimate, one.low, one.high)]
    return comparison.ranks, comparison.better.tolist(), np.round(comparison.p, 9).tolist(), numbers


@settings(max_examples=60, deadline=None)
@given(boards())
def test_means_and_differences_are_those_of_plain_loops(data: Board) -> None:
    board, strata, groups = data
    got = compare(board, strata, groups)
    for i, value in enumerate(got.values):
        assert value.estimate == pytest.approx(naive_mean(board[i], strata, groups))
    for i, j in combinations(range(len(board)), 2):
        estimate = got.difference(i, j).estimate
        assert estimate == pytest.approx(naive_mean(board[i] - board[j], strata, groups), abs=1e-9)
        assert estimate == pytest.approx(got.values[i].estimate - got.values[j].estimate, abs=1e-9)  # type: ignore[operator]
        assert got.difference(j, i).estimate == pytest.approx(-estimate, abs=1e-12)  # type: ignore[operator]
    sizes = [len(units) for units in unit_means(board[0], strata, groups).values()]
    alone = sizes.count(1) == 1 and len(sizes) > 1
    assert len(got.left_out) == alone
    assert got.units == got.total_units == sum(sizes) - alone
    assert all(value.units == got.units and value.n == got.images for value in got.values)


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (3, 8), elements=st.integers(0, 300)), st.integers(1, 3))
def test_on_one_dataset_the_test_is_scipys_on_the_means_of_groups(board: np.ndarray, slices: int) -> None:
    noise = np.resize([0.25, -0.25, 0.0], slices) - np.mean(np.resize([0.25, -0.25, 0.0], slices))
    images = (board[:, :, None] + noise).reshape(3, -1)
    got = compare(images, groups=[unit for unit in range(8) for _ in range(slices)])
    pairs = list(combinations(range(3), 2))
    raw = []
    for i, j in pairs:
        gap = board[i] - board[j]
        signs = np.array(np.meshgrid(*[[-1, 1]] * 8)).reshape(8, -1)
        pulls = np.where(gap == 0, 0, scipy.stats.rankdata(np.abs(gap)))
        raw.append(float(np.mean(np.abs(pulls @ signs) >= abs((np.sign(gap) * pulls).sum()) - 1e-9)))
    for (i, j), p in zip(pairs, holm(raw), strict=True):
        assert got.p[i, j] == got.p[j, i] == pytest.approx(p)


def test_without_skewness_the_interval_over_groups_is_students_on_their_means() -> None:
    units = np.array([1.0, 2, 3, 4, 5, 6, 7])
    images = np.concatenate([units - 0.3, units + 0.3])
    low, high = scipy.stats.t.interval(0.95, 6, loc=4, scale=scipy.stats.sem(units))
    for got in (
        mean_interval(images, [*"abcdefg"] * 2),
        paired_difference(images, np.zeros(14), groups=[*"abcdefg"] * 2),
        compare([images, np.zeros(14)], groups=[*"abcdefg"] * 2).difference(0, 1),
    ):
        assert (got.low, got.high) == pytest.approx((low, high), rel=1e-8)
        assert (got.n, got.units) == (14, 7)


@settings(max_examples=25, deadline=None)
@given(boards(), st.randoms(use_true_random=False))
def test_neither_the_order_of_images_nor_the_names_of_groups_matter(data: Board, random: Any) -> None:
    board, strata, groups = data
    order = list(range(len(groups)))
    random.shuffle(order)
    names = {"p": 7, "q": "p", "r": ("x", 1), "s": "q", "t": 0, None: None}
    shuffled = compare(board[:, order], [strata[k] for k in order], [names[groups[k]] for k in order])
    expected = rounded(compare(board, strata, groups))
    assert rounded(shuffled)[:3] == expected[:3]
    assert rounded(shuffled)[3] == pytest.approx(expected[3], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(boards())
def test_every_slice_twice_says_no_more_than_once(data: Board) -> None:
    board, strata, groups = data
    named = [image if group is None else group for image, group in enumerate(groups)]
    once = compare(board, strata, named)
    twice = compare(np.concatenate([board, board], axis=1), strata * 2, named * 2)
    assert twice.units == once.units
    assert rounded(twice)[:3] == rounded(once)[:3]
    assert rounded(twice)[3] == pytest.approx(rounded(once)[3], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(boards(infinite=True))
def test_groups_of_one_image_are_no_groups_to_the_last_bit(data: Board) -> None:
    board, strata, _ = data
    with_groups, without = compare(board, strata, [f"image {k}" for k in range(len(strata))]), compare(board, strata)
    assert (with_groups.values, with_groups.pairs) == (without.values, without.pairs)
    assert (with_groups.order, with_groups.ranks) == (without.order, without.ranks)
    np.testing.assert_array_equal(with_groups.p, without.p)


@settings(max_examples=40, deadline=None)
@given(boards(infinite=True))
def test_swapping_methods_or_the_direction_mirrors_everything(data: Board) -> None:
    board, strata, groups = data
    got, lower = compare(board, strata, groups), compare(-board, strata, groups, higher_is_better=False)
    swapped = compare(board[::-1], strata, groups)
    count = len(board)
    np.testing.assert_array_equal(got.better, lower.better)
    np.testing.assert_array_equal(got.better, swapped.better[::-1, ::-1])
    assert got.ranks == lower.ranks == swapped.ranks[::-1]
    assert got.order == lower.order
    assert [lower.identical(i) for i in range(count)] == [got.identical(i) for i in range(count)]
    for i, j in combinations(range(count), 2):
        mirrored = lower.difference(j, i)
        assert got.difference(i, j).estimate == pytest.approx(mirrored.estimate)
        assert got.difference(i, j).sign == mirrored.sign == -got.difference(j, i).sign


@settings(max_examples=60, deadline=None)
@given(boards(infinite=True))
def test_order_ranks_and_differences_never_contradict_each_other(data: Board) -> None:
    board, strata, groups = data
    got = compare(np.concatenate([board, board[:1]]), strata, groups)
    assert got.ranks[0] == got.ranks[len(board)]
    assert not (got.better & got.better.T).any()
    assert sorted(got.order) == list(range(len(got.ranks)))
    assert [got.ranks[i] for i in got.order] == sorted(got.ranks)
    for i, j in np.argwhere(got.better):
        assert got.order.index(i) < got.order.index(j)
        assert got.ranks[i] < got.ranks[j]
        assert got.difference(i, j).sign >= 0
        assert got.p[i, j] <= 0.05
        assert got.total_units >= 6
    if np.isfinite(board).all():
        assert all(got.difference(i, j).sign == 1 for i, j in np.argwhere(got.better))
        estimates = [got.values[i].estimate for i in got.order]
        for a, b in zip(got.order, got.order[1:], strict=False):
            if got.ranks[a] == got.ranks[b]:
                assert got.values[a].estimate >= got.values[b].estimate  # type: ignore[operator]
        assert None not in estimates


def test_a_method_that_keeps_blank_slices_exact_and_is_better_on_the_rest_comes_first() -> None:
    rng = np.random.default_rng(0)
    exact = rng.normal(33, 1, 15)
    exact[:6] = math.inf
    noisy = np.where(np.isinf(exact), 48.13, exact - rng.uniform(0.05, 0.15, 15))
    got = compare([noisy, exact])
    assert got.order == (1, 0)
    assert [str(rank) for rank in got.ranks] == ["2", "1"]
    assert got.better.tolist() == [[False, False], [True, False]]
    difference = got.difference(1, 0)
    assert difference.low is not None and difference.low > 0
    assert (difference.n, difference.infinite, got.images, got.total_images) == (9, 6, 9, 15)
    assert difference.estimate == pytest.approx(np.mean(exact[6:] - noisy[6:]))
    assert [got.identical(i) for i in (0, 1)] == [0, 6]
    assert [value.n for value in got.values] == [9, 9]


def test_what_is_identical_counts_for_a_method_whose_other_images_cannot_decide() -> None:
    # Ten of sixteen images exact, six as good as the other's: too little for the interval, enough for the test.
    other = np.full(16, 40.0)
    method = np.array([math.inf] * 10 + [40.1, 39.9] * 3)
    got = compare([method, other])
    assert got.difference(0, 1).sign == 0
    assert got.better[0, 1]
    # Where the interval says that it is worse on the rest, nobody is better.
    worse = compare([[math.inf] * 10 + [39.0, 39.1, 38.9] * 2, other])
    assert worse.p[0, 1] <= 0.05 and worse.difference(0, 1).sign == -1
    assert not worse.better.any()


def test_a_method_perfect_everywhere_is_first_and_takes_nobodys_mean_away() -> None:
    rng = np.random.default_rng(1)
    image = rng.normal(30, 2, 12)
    board = np.stack([image, np.full(12, math.inf), image + 1 + rng.normal(0, 0.01, 12), np.full(12, -math.inf)])
    got = compare(board)
    assert got.order == (1, 2, 0, 3)
    assert [str(rank) for rank in got.ranks] == ["3", "1", "2", "4"]
    alone = compare(board[[0, 2]])
    assert (got.values[0], got.values[2]) == alone.values
    assert got.values[1] == got.difference(1, 0) == Interval(None, None, None, 0, 0, infinite=12)
    assert (got.images, got.identical(1), got.identical(3)) == (12, 12, 0)


def test_a_dataset_that_one_method_keeps_exact_is_in_nobodys_mean_but_in_the_test() -> None:
    rng = np.random.default_rng(7)
    board = rng.normal(30, 1, (3, 20))
    board[2, 12:] = math.inf
    strata = ["a"] * 12 + ["b"] * 8
    got, on_a = compare(board, strata), compare(board[:, :12])
    assert [value.estimate for value in got.values] == pytest.approx([value.estimate for value in on_a.values])
    assert (got.images, got.total_images, got.left_out) == (12, 20, ())
    assert got.p[2, 0] < on_a.p[2, 0]


def test_a_dataset_of_which_infinite_scores_leave_one_unit_is_in_nobodys_mean_either() -> None:
    rng = np.random.default_rng(8)
    board = rng.normal(30, 1, (2, 15))
    board[0, 12:14] = math.inf
    got = compare(board, ["a"] * 12 + ["b"] * 3)
    assert (got.images, got.units, got.total_units, got.left_out) == (12, 12, 15, ())
    assert got.values[1].estimate == pytest.approx(board[1, :12].mean())


def test_methods_that_are_all_perfect_tie_without_a_mean() -> None:
    got = compare(np.full((3, 8), math.inf))
    assert [str(rank) for rank in got.ranks] == ["1-3"] * 3
    assert got.order == (0, 1, 2)
    assert [value.estimate for value in got.values] == [None] * 3
    assert (got.images, got.units, got.total_images) == (0, 0, 8)


def test_methods_without_a_common_image_are_compared_by_what_is_identical() -> None:
    board = [[math.inf] * 9 + [30.0], [30.0] * 9 + [math.inf]]
    got = compare(board)
    assert got.order == (0, 1) and compare(board[::-1]).order == (1, 0)
    assert got.values[0].estimate is None


def test_a_slice_that_is_identical_makes_its_patient_the_best() -> None:
    groups = [unit for unit in range(7) for _ in range(3)]
    method = np.array([math.inf, 30, 30] * 7)
    got = compare([method, np.full(21, 30.0)], groups=groups)
    assert got.p[0, 1] == pytest.approx(2 / 2**7)
    assert got.better[0, 1]
    assert (got.images, got.units) == (14, 7)
    # Equal infinities are no difference.
    assert not compare([method, method], groups=groups).better.any()


def test_fifty_datasets_of_one_image_tell_methods_apart_as_fifty_images_of_one_would() -> None:
    rng = np.random.default_rng(2)
    image = rng.normal(30, 3, 50)
    board = np.stack([image, image + 1.91 + rng.normal(0, 0.3, 50)])
    got = compare(board, [f"set {k}" for k in range(50)])
    assert got.better[1, 0] and got.left_out == () and got.units == 50
    assert wins(board[1], board[0]).wins == 50
    together = compare(board)
    assert got.p[0, 1] == together.p[0, 1]
    ours, theirs = got.difference(1, 0), together.difference(1, 0)
    assert (ours.estimate, ours.low, ours.high) == pytest.approx((theirs.estimate, theirs.low, theirs.high))


def test_a_dataset_of_one_patient_is_a_unit_like_a_dataset_of_one_image() -> None:
    rng = np.random.default_rng(3)
    gaps = rng.normal(1, 0.2, 40)
    board = [30 + gaps, np.full(40, 30.0)]
    strata = [f"set {k // 5}" for k in range(40)]
    got = compare(board, strata, ["patient"] * 40)
    assert (got.units, got.images) == (8, 40)
    expected = mean_interval(gaps.reshape(8, 5).mean(axis=1))
    found = got.difference(0, 1)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_datasets_of_one_image_weigh_as_much_as_larger_ones() -> None:
    board = [[1.0] * 10 + [4.0, 7.0], [0.0] * 12]
    assert compare(board, ["large"] * 10 + ["b", "c"]).difference(0, 1).estimate == pytest.approx((1 + 4 + 7) / 3)


def test_one_dataset_of_one_image_among_larger_ones_is_left_out_and_named() -> None:
    rng = np.random.default_rng(4)
    board = rng.normal(30, 1, (2, 15))
    board[1, -1] = math.inf
    strata = ["a"] * 8 + ["b"] * 6 + ["alone"]
    got, without = compare(board, strata), compare(board[:, :-1], strata[:-1])
    assert got.left_out == ("alone",) and without.left_out == ()
    assert (got.values, got.pairs, got.total_images) == (without.values, without.pairs, 14)
    np.testing.assert_array_equal(got.p, without.p)
    assert got.identical(1) == 0
    assert compare([[1.0], [2.0]], ["only"]).left_out == ()


def test_fewer_than_six_units_are_never_told_apart_however_many_their_images() -> None:
    rng = np.random.default_rng(5)
    groups = [unit for unit in range(5) for _ in range(40)]
    got = compare(np.stack([np.full(200, 30.0), 35 + rng.normal(0, 0.01, 200)]), groups=groups)
    assert not got.better.any()
    assert got.difference(1, 0).few and got.difference(1, 0).low is None
    assert got.difference(1, 0).estimate == pytest.approx(5, abs=0.1)


def test_two_equal_methods_on_slices_of_few_patients_are_rarely_told_apart() -> None:
    rng = np.random.default_rng(6)
    boards, patients, slices = 150, 10, 20
    gaps = rng.normal(size=(boards, patients, 1)) + rng.normal(size=(boards, patients, slices))
    groups = [patient for patient in range(patients) for _ in range(slices)]

    def told_apart(count: int, groups: list[int] | None) -> float:
        found = [
            compare([gap, np.zeros(patients * slices)], groups=groups).better.any()
            for gap in gaps.reshape(boards, -1)[:count]
        ]
        return float(np.mean(found))

    # 5 % and three standard errors; counting slices as cases, about 6 of 10 boards would name a winner.
    assert told_apart(boards, groups) <= 0.103
    assert told_apart(20, None) > 0.3
