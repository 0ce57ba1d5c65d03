"""Intervals: their coverage by simulation, their symmetries by hypothesis, their edges by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from srbench.statistics.bootstrap import bounds, moments, student, student_quantile
from srbench.statistics.intervals import (
    Count,
    Interval,
    StatsError,
    intervals,
    mean_interval,
    paired_difference,
    seed_spread,
    units_of,
    wins,
)

# Scores as a metric gives them: on a grid, so that shifting and scaling them makes no new ties by rounding.
SCORES = st.integers(-4000, 4000).map(lambda i: i / 100)


def scores(least: int = 6, most: int = 30) -> st.SearchStrategy[np.ndarray]:
    return st.integers(least, most).flatmap(lambda n: arrays(np.float64, n, elements=SCORES))


@st.composite
def paired(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[str]]:
    sizes = draw(st.lists(st.integers(2, 16), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) >= 6))
    strata = [f"set{k}" for k, n in enumerate(sizes) for _ in range(n)]
    columns = arrays(np.float64, len(strata), elements=SCORES)
    return draw(columns), draw(columns), strata


def ends(interval: Interval) -> tuple[float, float, float]:
    assert interval.estimate is not None and interval.low is not None and interval.high is not None
    return interval.estimate, interval.low, interval.high


def skewed(rng: np.random.Generator, skewness: float, size: tuple[int, int]) -> np.ndarray:
    """Shifted gamma: mean 0, variance 1."""
    if skewness == 0:
        return rng.normal(size=size)
    shape = 4 / skewness**2
    return (rng.gamma(shape, size=size) - shape) / math.sqrt(shape)


@pytest.mark.parametrize(
    ("sizes", "margin"),
    [((6,), 4), ((20,), 2), ((50,), 2), ((100,), 2), ((20, 20), 2), ((5, 14), 4), ((5, 14, 30, 100), 4)],
    ids=str,
)
@pytest.mark.parametrize("skewness", [0, 0.5, 1, 2])
def test_interval_of_the_paired_difference_holds_the_truth_as_often_as_it_says(
    skewness: float, sizes: tuple[int, ...], margin: float
) -> None:
    boards, truth = 2000, 0.1
    rng = np.random.default_rng([int(10 * skewness), *sizes])
    gaps = np.concatenate([truth + 0.25 * skewed(rng, skewness, (boards, n)) for n in sizes], axis=1)
    strata = np.repeat(np.arange(len(sizes)), sizes).tolist()
    found = [ends(interval) for interval in intervals(gaps, units_of(len(strata), strata, None))]
    held = 100 * np.mean([low <= truth <= high for _, low, high in found])
    assert 95 - margin <= held <= 95 + margin


def test_plain_students_t_would_fail_that_simulation() -> None:
    # The reason for all the rest: if this no longer holds, the simulation above has lost its teeth.
    low, high = student(moments([skewed(np.random.default_rng(0), 2, (2000, 20))]))
    assert np.mean((low <= 0) & (high >= 0)) < 0.93


def test_interval_is_no_wider_than_it_need_be() -> None:
    # Against Student's t where Student is exactly right; the price of the corrections.
    values = np.random.default_rng(1).normal(size=(500, 30))
    low, high = student(moments([values]))
    _, ours_low, ours_high = bounds([values])
    assert np.median((ours_high - ours_low) / (high - low)) < 1.1


@pytest.mark.parametrize("freedom", [1, 1.01, 1.5, 2, 3.7, 4, 9, 29.5, 99, 1e4, 1e6])
def test_students_quantile_holds_95_percent_for_fractional_degrees_of_freedom(freedom: float) -> None:
    # With t = sqrt(f) tan(a) the density is cos^(f-1), up to a factor.
    reached = math.atan(float(student_quantile(freedom)) / math.sqrt(freedom))
    inside, whole = (
        np.trapezoid(np.cos(angles) ** (freedom - 1), angles)
        for angles in (np.linspace(0, end, 200_000) for end in (reached, math.pi / 2))
    )
    assert inside / whole == pytest.approx(0.95, rel=1e-6 if freedom >= 1.5 else 1e-4)


def test_symmetric_values_get_students_interval_at_few_images() -> None:
    # No skewness, so the correction is nothing: scipy's t interval.
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    low, high = scipy.stats.t.interval(0.95, 5, loc=3.5, scale=scipy.stats.sem(values))
    assert ends(mean_interval(values)) == pytest.approx((3.5, low, high), rel=1e-8)


def test_two_datasets_get_welchs_interval_where_nothing_is_skewed() -> None:
    a, b = np.array([0.0, 1, 2]), np.array([10.0, 14, 18, 22])
    welch = scipy.stats.ttest_ind(a, -b, equal_var=False).confidence_interval(0.95)
    got = paired_difference(np.concatenate([a, b]), np.zeros(7), [*"xxx", *"yyyy"])
    assert ends(got) == pytest.approx(((1 + 16) / 2, welch.low / 2, welch.high / 2), rel=1e-8)


def test_every_dataset_weighs_the_same_however_many_images_it_has() -> None:
    gaps = np.array([1.0] * 2 + [0.0] * 98)
    assert paired_difference(gaps, np.zeros(100), ["small"] * 2 + ["large"] * 98).estimate == pytest.approx(0.5)
    assert paired_difference(gaps, np.zeros(100)).estimate == pytest.approx(0.02)


@settings(max_examples=60)
@given(scores(), st.integers(-50, 50), st.sampled_from([0.01, 0.5, 3.0, 1000.0]))
def test_interval_moves_and_stretches_with_the_scores(values: np.ndarray, shift: int, scale: float) -> None:
    base = np.array(ends(mean_interval(values)))
    moved = np.array(ends(mean_interval(values * scale + shift)))
    np.testing.assert_allclose(moved, base * scale + shift, rtol=1e-6, atol=1e-6 * scale)


@settings(max_examples=60)
@given(paired())
def test_difference_the_other_way_round_is_the_negative(data: tuple[np.ndarray, np.ndarray, list[str]]) -> None:
    a, b, strata = data
    forth, back = paired_difference(a, b, strata), paired_difference(b, a, strata)
    assert ends(-back) == pytest.approx(ends(forth), rel=1e-6, abs=1e-6)


@settings(max_examples=60)
@given(paired(), st.randoms(use_true_random=False))
def test_order_of_images_and_names_of_datasets_change_nothing(
    data: tuple[np.ndarray, np.ndarray, list[str]], random: object
) -> None:
    a, b, strata = data
    order = list(range(len(a)))
    random.shuffle(order)  # type: ignore[attr-defined]
    renamed = [f"{9 - int(label[3:])}" for label in strata]
    shuffled = paired_difference(a[order], b[order], [renamed[k] for k in order])
    assert ends(shuffled) == pytest.approx(ends(paired_difference(a, b, strata)), rel=1e-6, abs=1e-6)


@settings(max_examples=60)
@given(paired())
def test_interval_holds_its_estimate_and_is_finite(data: tuple[np.ndarray, np.ndarray, list[str]]) -> None:
    estimate, low, high = ends(paired_difference(*data))
    assert -math.inf < low <= estimate <= high < math.inf


def test_many_rows_at_once_get_what_each_gets_alone() -> None:
    rng = np.random.default_rng(3)
    rows, strata = rng.gamma(2, size=(20, 45)), [*"a" * 15, *"b" * 30]
    together = intervals(rows, units_of(45, strata, None))
    for row, interval in zip(rows, together, strict=True):
        alone = paired_difference(row, np.zeros(45), strata)
        assert ends(alone) == pytest.approx(ends(interval), rel=1e-9)


def test_large_datasets_are_resampled_in_pieces_with_a_sound_result() -> None:
    # 20,000 images: the interval must be the normal one to a few percent.
    values = np.random.default_rng(4).normal(size=20_000)
    _, low, high = ends(mean_interval(values))
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert (high - low) / 2 == pytest.approx(half, rel=0.08)


def test_identical_scores_have_an_interval_without_width() -> None:
    assert ends(mean_interval([28.4] * 12)) == pytest.approx((28.4,) * 3)
    assert ends(paired_difference([28.4, 30.1, 31.7] * 2, [28.4, 30.1, 31.7] * 2)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("different", [1, 2, 3])
def test_methods_equal_on_most_images_have_an_interval_of_sensible_width(different: int) -> None:
    # Most resamples hold no spread, or rounding for spread; dividing by it would give millions of decibels.
    gaps = np.array([0.31, 0.47, 0.11][:different] + [0.0] * (12 - different))
    _, low, high = ends(paired_difference(30.1 + gaps, np.full(12, 30.1)))
    plain_low, plain_high = scipy.stats.t.interval(0.95, 11, loc=gaps.mean(), scale=scipy.stats.sem(gaps))
    assert plain_high - plain_low <= (high - low) * 1.000001 <= 8 * (plain_high - plain_low)


def test_rounding_is_not_a_difference() -> None:
    a = np.array([0.1 + 0.2, 1e6 / 3, 30.1, 28.4, 31.7, 99.9])
    assert ends(paired_difference(a, np.nextafter(a, 1e9))) == (0.0, 0.0, 0.0)


def test_one_image_has_no_interval_and_says_so() -> None:
    assert mean_interval([28.4]) == Interval(28.4, None, None, n=1, units=1)
    assert mean_interval([28.4]).few


def test_no_image_has_no_mean() -> None:
    assert mean_interval([]) == Interval(None, None, None, n=0, units=0)


def test_a_dataset_of_one_image_among_larger_ones_is_not_in_the_difference() -> None:
    # Its spread is unknown, so the spread of a mean over datasets would be.
    strata = [*"aaaaaab"]
    got = paired_difference([1.0, 2, 3, 4, 5, 6, 900], [0.0] * 7, strata)
    assert got == paired_difference([1.0, 2, 3, 4, 5, 6], [0.0] * 6)
    assert (got.n, got.estimate) == (6, 3.5)


@pytest.mark.parametrize("n", [2, 5, 6, 7])
def test_fewer_than_six_units_have_no_interval(n: int) -> None:
    # Each unit twice as many images: it is the units that count.
    got = mean_interval(np.arange(2.0 * n), groups=[image // 2 for image in range(2 * n)])
    assert (got.n, got.units) == (2 * n, n)
    assert got.few is (got.low is None) is (got.high is None) is (n < 6)
    assert got.estimate == pytest.approx(n - 0.5)


def test_an_interval_beyond_every_value_seen_is_marked() -> None:
    # Nearly all of the mean is one image's doing: what such images weigh in others cannot be known.
    got = mean_interval([0.0, 0.01, 0.02, 0.0, 0.01, 5.4])
    _, low, high = ends(got)
    assert got.beyond and (high > 5.4 or low < 0)
    assert (-got).beyond
    assert not mean_interval(np.linspace(0, 1, 30)).beyond
    assert not mean_interval([28.4] * 12).beyond


def test_what_is_beyond_is_judged_by_the_mean_over_datasets() -> None:
    # The images of a are around 0, those of b around 10; a mean of 5 has never been seen in any image.
    got = paired_difference([*np.linspace(-1, 1, 20), *np.linspace(9, 11, 20)], np.zeros(40), [*"a" * 20, *"b" * 20])
    assert got.estimate == pytest.approx(5)
    assert not got.beyond
    wide = paired_difference([0, 0, 0, 0, 0, 8.0, *[10.0] * 6], np.zeros(12), [*"a" * 6, *"b" * 6])
    _, low, high = ends(wide)
    assert wide.beyond is (low < 5 - 1e-9 or high > 9 + 1e-9)
    assert wide.beyond


def test_zero_is_never_negative() -> None:
    for interval in (-mean_interval([0.0] * 8), mean_interval([-0.0] * 8), mean_interval([-0.0] * 3)):
        assert math.copysign(1, interval.estimate or 0.0) == 1


def test_infinite_scores_are_kept_out_and_counted() -> None:
    finite = mean_interval([30.0, 31, 32, 33, 35, 38])
    got = mean_interval([30.0, math.inf, 31, 32, 33, 35, math.inf, 38])
    assert (got.n, got.infinite) == (6, 2)
    assert ends(got) == ends(finite)


def test_an_image_infinite_under_either_method_is_out_of_the_pair() -> None:
    got = paired_difference([30, math.inf, 31, math.inf, 32], [29, 30, math.inf, math.inf, 30])
    assert (got.estimate, got.n, got.infinite) == (1.5, 2, 3)


def test_a_dataset_without_a_finite_score_is_kept_out_and_its_images_counted() -> None:
    got = paired_difference([1.0, 2, math.inf, math.inf], [0.0] * 4, [*"aabb"])
    assert got == Interval(1.5, None, None, n=2, units=2, infinite=2)
    assert mean_interval([math.inf] * 7) == Interval(None, None, None, n=0, units=0, infinite=7)


@pytest.mark.parametrize(
    "call",
    [
        lambda bad: mean_interval(bad),
        lambda bad: paired_difference(bad, [1.0, 2, 3]),
        lambda bad: paired_difference([1.0, 2, 3], bad),
        lambda bad: seed_spread([bad]),
        lambda bad: wins(bad, [1.0, 2, 3]),
    ],
)
def test_what_is_not_a_number_is_an_error_that_names_the_place(call: object) -> None:
    with pytest.raises(StatsError, match=r"1 score.* not a number, .* position (0, )?1"):
        call([1.0, math.nan, 3.0])  # type: ignore[operator]


def test_scores_of_other_images_are_an_error() -> None:
    with pytest.raises(StatsError, match="there are 2 and 3"):
        paired_difference([1.0, 2], [1.0, 2, 3])
    with pytest.raises(StatsError, match="1 dataset labels for 2 images"):
        paired_difference([1.0, 2], [1.0, 2], ["a"])
    with pytest.raises(StatsError, match="3 groups for 2 images"):
        mean_interval([1.0, 2], ["a", "b", None])
    with pytest.raises(StatsError, match="2 dimension"):
        seed_spread([1.0, 2])


def test_seed_spread_is_of_the_mean_over_images_and_not_of_the_images() -> None:
    # Images differ by 10 dB, seeds by 0.1 dB: only the latter is the spread over seeds.
    got = seed_spread([[20.0, 30, 40], [20.1, 30.1, 40.1], [20.2, 30.2, 40.2]])
    np.testing.assert_allclose(got.images, [20.1, 30.1, 40.1])
    assert got.std == pytest.approx(0.1)
    assert (got.seeds, got.few) == (3, False)


def test_fewer_than_three_seeds_are_flagged_and_one_has_no_spread() -> None:
    two = seed_spread([[1.0, 2], [3.0, 4]])
    assert two.std == pytest.approx(math.sqrt(2))
    assert two.few
    one = seed_spread([[1.0, 2]])
    assert one.std is None and one.few
    with pytest.raises(StatsError, match="no seeds"):
        seed_spread(np.empty((0, 4)))


def test_seed_spread_over_datasets_weighs_each_the_same() -> None:
    # Seed means over datasets: (1 + 0) / 2 and (3 + 0) / 2.
    got = seed_spread([[1.0, 1, 0, 0, 0], [3.0, 3, 0, 0, 0]], [*"aabbb"])
    assert got.std == pytest.approx(math.sqrt(0.5))


def test_seed_spread_is_of_the_mean_over_groups() -> None:
    # Group means 1 and 0, then 3 and 0: seed means 0.5 and 1.5. By image they would be 0.75 and 2.25.
    got = seed_spread([[1.0, 1, 1, 0], [3.0, 3, 3, 0]], groups=["p", "p", "p", "q"])
    assert got.std == pytest.approx(math.sqrt(0.5))
    assert got.images.tolist() == [2.0, 2.0, 2.0, 0.0]


def test_an_image_infinite_under_one_seed_is_out_of_the_spread() -> None:
    got = seed_spread([[1.0, math.inf], [3.0, 50]])
    assert got.images.tolist() == [2.0, math.inf]
    assert got.std == pytest.approx(math.sqrt(2))
    assert seed_spread([[math.inf], [50.0]]).std is None
    with pytest.raises(StatsError, match="minus infinity"):
        seed_spread([[math.inf], [-math.inf]])


def test_wins_are_counted_over_images() -> None:
    gap = np.concatenate([np.full(30, 0.5), np.full(10, -0.5), np.zeros(5)])
    assert wins(30 + gap, np.full(45, 30.0)) == Count(wins=30, ties=5, losses=10)
    assert wins(30 + gap, np.full(45, 30.0), higher_is_better=False) == Count(wins=10, ties=5, losses=30)


def test_scores_that_differ_by_rounding_alone_tie() -> None:
    assert wins([0.1 + 0.2, 28.0], [0.3, 28.0 + 1e-9]) == Count(0, 1, 1)


def test_an_infinite_score_wins_against_a_finite_one_and_ties_with_another() -> None:
    assert wins([math.inf, math.inf, 30.0], [30.0, math.inf, math.inf]) == Count(1, 1, 1)
