"""Which differences are real: signed-rank tests, Holm's correction, and ranks that are intervals.

Sources: Wilcoxon, "Individual comparisons by ranking methods", 1945; Pratt, "Remarks on zeros and ties in the Wilcoxon
signed rank procedures", JASA 1959; van Elteren, "On the combination of independent two-sample tests of Wilcoxon",
1960, for the weights of strata; Holm, "A simple sequentially rejective multiple test procedure", 1979.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from srbench.bounds import Array
from srbench.stats import Interval, StatsError, checked, codes, differences, intervals

ALPHA = 0.05
_EXACT = 200_000  # values of the statistic up to which its distribution is counted out
_DIGITS = 10  # relative; absolute differences that agree so far share a rank

Ranks = tuple[int, ...]


@dataclass(frozen=True, order=True)
class Rank:
    """Where a method may stand: 1 is best. `str` gives "1", or "2-3" where it cannot be told apart from others."""

    low: int
    high: int

    def __str__(self) -> str:
        """As the page prints it."""
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True)
class Ranking:
    """Methods compared pair by pair over the same images; methods are numbered as the rows they came in.

    ranks: one a method. better: `(methods, methods)`, True where the method of the row is better than that of the
    column. p: `(methods, methods)`, two-sided, after Holm; 1 on the diagonal. pairs: the difference first - second of
    each pair (i, j), i < j, in the unit of the scores, whichever direction is better.
    """

    ranks: tuple[Rank, ...]
    better: npt.NDArray[np.bool_]
    p: Array
    pairs: dict[tuple[int, int], Interval]


def rank_groups(
    scores: npt.ArrayLike, strata: Sequence[Hashable] | None = None, *, higher_is_better: bool = True
) -> Ranking:
    """Rank methods by scores `(methods, images)` over the same images.

    One method is better than another where the signed-rank test says so after Holm's correction over all pairs, and
    the 95 % interval of the mean difference excludes zero on the same side. A rank runs from 1 + the methods that are
    better to the number of methods - those that are worse. Raises StatsError for scores that are not numbers.
    """
    values = checked(scores, dimensions=2)
    count, images = values.shape
    code = codes(strata, images)
    pairs = list(combinations(range(count), 2))
    better, p = np.zeros((count, count), dtype=np.bool_), np.ones((count, count))
    if not pairs:
        return Ranking((Rank(1, 1),) * count, better, p, {})
    gaps = np.stack([differences(values[i], values[j]) for i, j in pairs])
    means = intervals(gaps, code)
    tests = [_signed_rank(gap, code) for gap in gaps]
    adjusted = holm([test.p for test in tests])
    for (i, j), mean, test, value in zip(pairs, means, tests, adjusted, strict=True):
        p[i, j] = p[j, i] = value
        if value <= ALPHA and mean.sign == test.sign != 0:
            first_is_better = (mean.sign > 0) == higher_is_better
            better[(i, j) if first_is_better else (j, i)] = True
    ranks = tuple(Rank(1 + int(better[:, k].sum()), count - int(better[k].sum())) for k in range(count))
    return Ranking(ranks, better, p, dict(zip(pairs, means, strict=True)))


def images_needed(methods: int) -> int:
    """The images, over all datasets, below which no pair of so many methods can be told apart, whatever the scores.

    With n images the smallest p is 2^(1-n) (all differences of one sign), and Holm multiplies it by the pairs.
    """
    pairs = max(1, methods * (methods - 1) // 2)
    return 1 + math.ceil(math.log2(pairs / ALPHA))


def holm(pvalues: Sequence[float] | Array) -> list[float]:
    """Holm's adjusted p-values, in the order given: below `ALPHA` is significant among all of them."""
    values = np.asarray(pvalues, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise StatsError("p-values lie between 0 and 1.")
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return [float(p) for p in adjusted]


def wilcoxon(gaps: npt.ArrayLike, strata: Sequence[Hashable] | None = None) -> float:
    """The two-sided p of the signed-rank test that differences `(images,)` are symmetric around zero.

    Zeros are ranked and then left out (Pratt). Within each dataset absolute differences are ranked, and the datasets'
    signed-rank sums are added, each divided by its images + 1 (van Elteren), so that an image counts the same in a
    small dataset as in a large one. The distribution over all signs is counted out, ties and zeros included, where it
    has up to 200,000 values (one dataset of up to about 600 images without ties); beyond that it is the normal
    approximation, with corrections for ties and continuity. Infinite differences are left out. 1 where all are zero.
    """
    values = checked(gaps, dimensions=1)
    return _signed_rank(values, codes(strata, len(values))).p


@dataclass(frozen=True)
class _Test:
    sign: int
    p: float


def _signed_rank(gaps: Array, code: npt.NDArray[np.intp]) -> _Test:
    kept = np.isfinite(gaps)
    total = 0.0
    ranks: list[Ranks] = []  # twice the midranks, which are whole numbers, of the differences that are not zero
    sizes: list[int] = []
    for stratum in np.unique(code[kept]):
        values = gaps[kept & (code == stratum)]
        if not values.any():
            continue
        doubled = _doubled_midranks(np.abs(values))
        total += float((np.sign(values) * doubled).sum()) / (len(values) + 1)
        ranks.append(tuple(np.sort(doubled[values != 0]).tolist()))
        sizes.append(len(values))
    if not ranks:
        return _Test(0, 1.0)
    support = math.prod(sum(r) // math.gcd(*r) + 1 for r in ranks)
    p = _exact(tuple(ranks), tuple(sizes), abs(total)) if support <= _EXACT else _normal(ranks, sizes, abs(total))
    return _Test(0 if abs(total) < 1e-9 else int(math.copysign(1, total)), p)


def _doubled_midranks(magnitudes: Array) -> npt.NDArray[np.int64]:
    rounded = np.round(magnitudes / magnitudes.max(), _DIGITS)
    rounded[magnitudes == 0] = -1.0  # never tied with a difference that is merely small
    _, inverse, counts = np.unique(rounded, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    result: npt.NDArray[np.int64] = (2 * last - counts + 1)[inverse]
    return result


def _exact(ranks: tuple[Ranks, ...], sizes: tuple[int, ...], total: float) -> float:
    magnitudes, tail = _null(ranks, sizes)
    return float(tail[np.searchsorted(magnitudes, total - 1e-9)])


@lru_cache(maxsize=64)
def _null(ranks: tuple[Ranks, ...], sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """The distribution of the sum's magnitude when every sign is a fair coin: values, and P(at least the value)."""
    values, chances = np.zeros(1), np.ones(1)
    for doubled, size in zip(ranks, sizes, strict=True):
        unit = math.gcd(*doubled)
        chance = np.zeros(sum(doubled) // unit + 1)
        chance[0] = 1.0
        for rank in doubled:
            step = rank // unit
            chance *= 0.5
            chance[step:] += chance[:-step].copy()
        signed = (2 * unit * np.arange(len(chance)) - sum(doubled)) / (size + 1)
        values = np.add.outer(values, signed).ravel()
        chances = np.multiply.outer(chances, chance).ravel()
    order = np.argsort(np.abs(values), kind="stable")
    tail = np.minimum(np.cumsum(chances[order][::-1])[::-1], 1.0)
    return np.abs(values)[order], tail


def _normal(ranks: list[Ranks], sizes: list[int], total: float) -> float:
    weights = [1 / (size + 1) for size in sizes]
    variance = sum(w**2 * sum(rank**2 for rank in doubled) for w, doubled in zip(weights, ranks, strict=True))
    # Flipping one sign moves the sum by at least twice a doubled rank of 1; the correction is half of that step.
    z = max(0.0, total - 2 * min(weights)) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))
