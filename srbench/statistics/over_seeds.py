"""Which generators differ: values that a whole set gets, one a training, compared over seeds.

A set of generated images has one value, not one an image, so the trainings are the sample: a generator's value is its
mean over seeds with Student's interval, and two generators, whose seeds have nothing to do with each other, are told
apart by Welch's test. It stands on few numbers; below `FEW_SEEDS` of them nothing is tested, and ranks are the order
of the values alone.

Sources: Student, 1908; Welch, "The generalization of Student's problem when several different population variances are
involved", Biometrika 1947; Satterthwaite 1946 for the degrees of freedom.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from srbench.statistics.bootstrap import LEVEL, Array, student_quantile
from srbench.statistics.comparison import Comparison, in_order
from srbench.statistics.intervals import FEW_SEEDS, Interval, StatsError, checked
from srbench.statistics.ranking import ALPHA, Rank, holm, ranks


def mean_over_seeds(values: npt.ArrayLike) -> Interval:
    """The mean of values `(seeds,)` with Student's 95 % interval; without one for fewer than `FEW_SEEDS` seeds.

    Raises StatsError for values that are not finite.
    """
    seeds = _finite(values)
    mean = float(seeds.mean())
    if len(seeds) < FEW_SEEDS:
        return Interval(mean, None, None, len(seeds), len(seeds))
    half = float(student_quantile(len(seeds) - 1)) * float(seeds.std(ddof=1)) / len(seeds) ** 0.5
    return Interval(mean, mean - half, mean + half, len(seeds), len(seeds))


@dataclass(frozen=True)
class Welch:
    """The difference of two means over seeds. interval: of the difference, 95 %. p: two-sided, that there is none."""

    interval: Interval
    p: float


def welch(a: npt.ArrayLike, b: npt.ArrayLike) -> Welch:
    """Compare two generators by values `(seeds,)` each, their spreads and numbers of seeds being what they are.

    Without interval, and with p = 1, where one has fewer than `FEW_SEEDS` seeds. Where neither has any spread, means
    that differ are different for certain. Raises StatsError for values that are not finite.
    """
    from scipy.stats import ttest_ind  # slow to import

    first, second = _finite(a), _finite(b)
    gap, seeds = float(first.mean() - second.mean()), len(first) + len(second)
    if min(len(first), len(second)) < FEW_SEEDS:
        return Welch(Interval(gap, None, None, seeds, seeds), 1.0)
    if first.var() == second.var() == 0:
        return Welch(Interval(gap, gap, gap, seeds, seeds), 0.0 if gap else 1.0)
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # that the values of one hardly differ
        test = ttest_ind(first, second, equal_var=False)
        low, high = test.confidence_interval(LEVEL)
    return Welch(Interval(gap, float(low), float(high), seeds, seeds), float(test.pvalue))


def rank_by_seeds(values: Sequence[npt.ArrayLike], *, higher_is_better: bool) -> Comparison:
    """Compare generators by the values of each, `(seeds,)`; images and units are the seeds that each has at least.

    One is better than another where Welch's test says so after Holm's correction over all pairs, and the 95 % interval
    of the difference excludes zero. Where any has fewer than `FEW_SEEDS` seeds, none is better than another for
    certain, and a rank is the place of the mean alone (equal means share one). Raises StatsError for values that are
    not finite.
    """
    count = len(values)
    pairs = list(combinations(range(count), 2))
    tests = [welch(values[i], values[j]) for i, j in pairs]
    better, p = np.zeros((count, count), dtype=np.bool_), np.ones((count, count))
    for (i, j), test, value in zip(pairs, tests, holm([test.p for test in tests]), strict=True):
        p[i, j] = p[j, i] = value
        if value <= ALPHA and test.interval.sign:
            better[(i, j) if (test.interval.sign > 0) == higher_is_better else (j, i)] = True
    means = tuple(mean_over_seeds(one) for one in values)
    seeds = min((mean.n for mean in means), default=0)
    goodness = [float(_finite(one).mean()) * (1 if higher_is_better else -1) for one in values]
    places = ranks(better) if seeds >= FEW_SEEDS else _places(goodness)
    return Comparison(
        in_order(places, [(value,) for value in goodness]),
        places,
        better,
        p,
        means,
        seeds,
        seeds,
        seeds,
        seeds,
        pairs={pair: test.interval for pair, test in zip(pairs, tests, strict=True)},
        perfect=(0,) * count,
    )


def _places(goodness: Sequence[float]) -> tuple[Rank, ...]:
    above = [sum(other > own for other in goodness) for own in goodness]
    return tuple(Rank(1 + first, first + goodness.count(own)) for first, own in zip(above, goodness, strict=True))


def _finite(values: npt.ArrayLike) -> Array:
    seeds = checked(values, dimensions=1)
    if not len(seeds) or not np.isfinite(seeds).all():
        raise StatsError(f"The value of every seed must be finite, and there must be one; these are {seeds.tolist()}.")
    return seeds
