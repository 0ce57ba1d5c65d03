"""One comparison of methods over the same images: order, ranks, values and differences, which cannot disagree.

Every mean, and every difference of two, is over the *common images*: those on which no method scores infinity, but for
methods that do so everywhere. Tests are over all images: there an infinitely good score (an image identical to HR) is
the best there is, and two of them are no difference.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from srbench.statistics.bootstrap import Array
from srbench.statistics.intervals import Groups, Interval, Strata, checked, differences, unit_intervals, units_of
from srbench.statistics.ranking import ALPHA, Rank, holm, ranks, signed_rank
from srbench.statistics.units import Units

Pair = tuple[int, int]


@dataclass(frozen=True)
class Comparison:
    """Methods compared pair by pair; they are numbered as the rows they came in.

    order: rows, best first: by rank, then by value. ranks: one a row. better: `(methods, methods)`, whether the method
    of the row is better than that of the column. p: `(methods, methods)`, two-sided, after Holm; 1 on the diagonal.
    values: each row's mean over the common images. images, units: how many of them are common; total_images,
    total_units: how many were compared. left_out: datasets that hold one unit while the others hold more, in no number
    of the comparison. pairs: the difference first - second of each pair (i, j), i < j. perfect: how many images of each
    row are infinitely good.
    """

    order: tuple[int, ...]
    ranks: tuple[Rank, ...]
    better: npt.NDArray[np.bool_]
    p: Array
    values: tuple[Interval, ...]
    images: int
    units: int
    total_images: int
    total_units: int
    left_out: tuple[Hashable, ...] = ()
    pairs: Mapping[Pair, Interval] = field(repr=False, kw_only=True)
    perfect: tuple[int, ...] = field(repr=False, kw_only=True)

    def difference(self, i: int, j: int) -> Interval:
        """The mean of row i less row j over the common images; what `values` differ by, to rounding."""
        return self.pairs[i, j] if i < j else -self.pairs[j, i]

    def identical(self, i: int) -> int:
        """How many images of row i are infinitely good: identical to HR."""
        return self.perfect[i]


def compare(
    scores: npt.ArrayLike, strata: Strata = None, groups: Groups = None, *, higher_is_better: bool = True
) -> Comparison:
    """Compare methods by scores `(methods, images)` over the same images.

    strata: the dataset of each image, None for one dataset. groups: the group of each image within its dataset, None
    for an image without one.

    One method is better than another where the signed-rank test over units says so after Holm's correction over all
    pairs, and the mean agrees: the 95 % interval of the difference excludes zero on the same side. Where the method is
    infinitely better on more units than it is infinitely worse, that tells in its favour already, and it is enough that
    the interval does not exclude zero on the other side. Raises StatsError for scores that are not numbers.
    """
    given = checked(scores, dimensions=2)
    everything = units_of(given.shape[1], strata, groups)
    compared = everything.pooled(np.ones(given.shape[1], dtype=np.bool_))
    left_out = () if strata is None else tuple(dict.fromkeys(strata[k] for k in np.flatnonzero(~compared).tolist()))
    units, values = everything.within(compared), given[:, compared]
    oriented = values if higher_is_better else -values
    common = _common(values, units)
    pairs = list(combinations(range(len(values)), 2))
    means, between = _means(values, units, common, pairs)
    better, p = _tests(oriented, units, pairs, [between[pair].sign * (1 if higher_is_better else -1) for pair in pairs])
    places = ranks(better)
    return Comparison(
        in_order(places, [_goodness(row, mean, higher_is_better) for row, mean in zip(oriented, means, strict=True)]),
        places,
        better,
        p,
        tuple(means),
        int(common.sum()),
        units.within(common).count,
        values.shape[1],
        units.count,
        left_out,
        pairs=between,
        perfect=tuple(int(np.isposinf(row).sum()) for row in oriented),
    )


def in_order(places: Sequence[Rank], goodness: Sequence[tuple[float, ...]]) -> tuple[int, ...]:
    """The rows, best first: by rank, then by what is larger the better they are."""
    return tuple(sorted(range(len(places)), key=lambda row: (places[row], *(-x for x in goodness[row]))))


def _goodness(row: Array, mean: Interval, higher_is_better: bool) -> tuple[float, ...]:
    """The mean, and where methods have none, how much more often they are infinitely good than infinitely bad."""
    excess = float(np.isposinf(row).sum() - np.isneginf(row).sum())
    if mean.estimate is None:
        return float(np.copysign(np.inf, excess)), excess
    return mean.estimate if higher_is_better else -mean.estimate, excess


def _common(values: Array, units: Units) -> npt.NDArray[np.bool_]:
    """Which images are finite for every row that is finite anywhere, and can be used in a mean over datasets."""
    finite = np.isfinite(values)
    partly = finite.any(axis=1)
    return units.pooled(np.all(finite[partly], axis=0) & partly.any())


def _means(
    values: Array, units: Units, common: npt.NDArray[np.bool_], pairs: Sequence[Pair]
) -> tuple[list[Interval], dict[Pair, Interval]]:
    """Each row's mean over the common images, and each pair's; without an estimate where a row is infinite on all."""
    part, left = units.within(common), int((~common).sum())
    rows = part.means(values[:, common])
    nothing = Interval(None, None, None, 0, 0, len(common))
    finite = [row for row in range(len(rows)) if np.isfinite(values[row]).any()]
    means = dict(zip(finite, unit_intervals(rows[finite], part, left), strict=True))
    both = [(i, j) for i, j in pairs if i in means and j in means]
    gaps = differences(rows[[i for i, _ in both]], rows[[j for _, j in both]])
    between = dict(zip(both, unit_intervals(gaps, part, left), strict=True))
    return [means.get(row, nothing) for row in range(len(rows))], {pair: between.get(pair, nothing) for pair in pairs}


def _tests(
    values: Array, units: Units, pairs: Sequence[Pair], signs: Sequence[int]
) -> tuple[npt.NDArray[np.bool_], Array]:
    """Which row is better than which, and p after Holm. Higher is better; signs: those of the pairs' intervals."""
    better, p = np.zeros((len(values),) * 2, dtype=np.bool_), np.ones((len(values),) * 2)
    if not pairs:
        return better, p
    stratum = np.empty(units.count, dtype=np.intp)
    for number, one in enumerate(units.strata):
        stratum[one.members] = number
    gaps = unit_differences(values[[i for i, _ in pairs]], values[[j for _, j in pairs]], units)
    tests = [signed_rank(gap, stratum) for gap in gaps]
    for (i, j), gap, test, sign, value in zip(pairs, gaps, tests, signs, holm([t.p for t in tests]), strict=True):
        p[i, j] = p[j, i] = value
        excess = int(np.isposinf(gap).sum() - np.isneginf(gap).sum()) * test.sign
        if value <= ALPHA and test.sign and sign * test.sign >= (0 if excess > 0 else 1):
            better[(i, j) if test.sign > 0 else (j, i)] = True
    return better, p


def unit_differences(a: Array, b: Array, units: Units) -> Array:
    """The mean differences a - b of each unit, from rows `(rows, images)`.

    Infinite where one is infinitely better on more images of the unit than the other; equal infinities are zero.
    """
    finite = np.isfinite(a) & np.isfinite(b)
    with np.errstate(invalid="ignore"):
        gap = a - b
    excess = units.means(np.isposinf(gap).astype(np.float64) - np.isneginf(gap))
    rest = differences(units.means(np.where(finite, a, 0.0)), units.means(np.where(finite, b, 0.0)))
    result: Array = np.where(excess == 0, rest, np.copysign(np.inf, excess))
    return result
