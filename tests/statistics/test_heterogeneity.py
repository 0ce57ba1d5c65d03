"""Whether differences depend on subgroups: against scipy and a closed form, and by how often it is wrong."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from srbench.statistics.heterogeneity import heterogeneity
from srbench.statistics.intervals import StatsError

RNG = np.random.default_rng(18)


def named(sizes: tuple[int, ...]) -> list[str]:
    return [f"site {place}" for place, size in enumerate(sizes) for _ in range(size)]


def rejected(gaps: npt.NDArray[np.float64], sizes: tuple[int, ...], alpha: float = 0.05) -> float:
    """How often the test says that differences `(boards, units)` depend on the subgroup."""
    return float(np.mean([heterogeneity(row, named(sizes)) <= alpha for row in gaps]))


def test_it_is_the_larger_p_of_kruskal_wallis_and_welch() -> None:
    for sizes in ((6, 9), (7, 8, 12), (6, 6, 6, 40)):
        parts = [RNG.normal(shift, 1 + shift, size) for shift, size in enumerate(sizes)]
        by_rank, by_mean = stats.kruskal(*parts).pvalue, stats.f_oneway(*parts, equal_var=False).pvalue
        assert heterogeneity(np.concatenate(parts), named(sizes)) == pytest.approx(max(by_rank, by_mean), rel=1e-6)


def test_of_two_subgroups_it_is_by_hand() -> None:
    # Ranks 1 2 3 and 4 5 6: H = 12 / (6 * 7) * (36 + 225) / 3 - 3 * 7 = 27 / 7, chi-squared of one degree of freedom;
    # Welch's t = 3 / sqrt(2 / 3) of four degrees of freedom.
    by_rank = math.erfc(math.sqrt(27 / 7 / 2))
    by_mean = 2 * stats.t.sf(3 / math.sqrt(2 / 3), 4)
    assert heterogeneity([1, 2, 3, 4, 5, 6], list("aaabbb")) == pytest.approx(max(by_rank, by_mean))


def test_neither_order_nor_sign_nor_unit_matters() -> None:
    sizes = (6, 10, 8)
    gaps, names = RNG.normal(size=24) + np.repeat([0.0, 0.5, 1.5], sizes), np.array(named(sizes))
    p, mixed = heterogeneity(gaps, names.tolist()), RNG.permutation(24)
    assert heterogeneity(gaps[mixed], names[mixed].tolist()) == pytest.approx(p)
    assert heterogeneity(-7.0 * gaps + 3.0, names.tolist()) == pytest.approx(p)


@pytest.mark.parametrize("sizes", [(6, 6), (6, 20), (6, 8, 10), (12, 12, 12, 12)])
@pytest.mark.parametrize(
    "draw",
    [
        lambda size: RNG.normal(size=size),
        lambda size: RNG.gamma(1.0, size=size),
        lambda size: RNG.normal(size=size) * RNG.integers(2, size=size),
    ],
    ids=["normal", "skewed", "half zero"],
)
def test_equal_subgroups_are_told_apart_in_at_most_five_of_a_hundred(sizes: tuple[int, ...], draw: object) -> None:
    assert callable(draw)
    # 600 boards: a rate of 5 % has a standard error of 0.9 %.
    assert rejected(draw((600, sum(sizes))), sizes) <= 0.05 + 3 * 0.009


def test_another_spread_is_not_taken_for_another_mean() -> None:
    spread = np.repeat([3.0, 1.0], (6, 30))
    assert rejected(RNG.normal(size=(600, 36)) * spread, (6, 30)) <= 0.05 + 3 * 0.009


def test_a_difference_between_subgroups_is_found() -> None:
    sizes = (20, 20, 20)
    shift = np.repeat([0.0, 0.0, 1.0], sizes)
    found = rejected(RNG.normal(size=(300, 60)) + shift, sizes)
    # The F test of equal spreads, which nothing beats for normal differences, has the power of the noncentral F.
    noncentrality = 20 * (2 * (1 / 3) ** 2 + (2 / 3) ** 2)
    best = stats.ncf.sf(stats.f.isf(0.05, 2, 57), 2, 57, noncentrality)
    assert best - 0.12 <= found <= best + 0.06


def test_equal_and_infinite_differences() -> None:
    assert heterogeneity([0.0] * 12, named((6, 6))) == 1.0
    assert heterogeneity([0.1 + 1e-14 * place for place in range(12)], named((6, 6))) == 1.0  # by rounding alone
    assert heterogeneity([0.0] * 6 + [1.0] * 6, named((6, 6))) < 0.01
    assert heterogeneity([0.0] * 6 + [1.0 + place / 9 for place in range(6)], named((6, 6))) < 0.01
    # Identical images on one site alone: infinitely better there, and no mean says otherwise.
    gaps = [math.inf] * 6 + [0.1 * place for place in range(6)]
    assert heterogeneity(gaps, named((6, 6))) == pytest.approx(stats.kruskal([9] * 6, range(6)).pvalue)


def test_what_cannot_be_tested_is_an_error() -> None:
    for names in (["a"] * 4, ["a", "a", "a", "b"]):
        with pytest.raises(StatsError, match="two subgroups or more"):
            heterogeneity([1.0, 2.0, 3.0, 4.0], names)
