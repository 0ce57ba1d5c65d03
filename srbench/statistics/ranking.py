"""The tests and ranks behind a comparison: signed ranks, Holm's correction, and ranks that are intervals.

Sources: Wilcoxon, "Individual comparisons by ranking methods", 1945; Pratt, "Remarks on zeros and ties in the Wilcoxon
signed rank procedures", JASA 1959; van Elteren, "On the combination of independent two-sample tests of Wilcoxon",
1960, for the weights of strata; Holm, "A simple sequentially rejective multiple test procedure", 1979.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from srbench.statistics.bootstrap import Array
from srbench.statistics.intervals import StatsError, checked, codes

ALPHA = 0.05
_EXACT = 200_000  # values of the statistic up to which its distribution is counted out
# The test is not SciPy's, whose exact distribution is for neither ties nor zeros, and which has no strata.
_DIGITS = 10  # relative; absolute differences that agree so far share a rank

Ranks = tuple[int, ...]


@dataclass(frozen=True, order=True)
class Rank:
    """Where a method may stand: 1 is best. `str` gives "1", or "2-3" where it cannot be told apart from others."""

    low: int
    high: int

    def __str__(self) -> str:
        """The place as the page prints it."""
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


def ranks(better: npt.NDArray[np.bool_]) -> tuple[Rank, ...]:
    """The ranks that follow from which method (row) is better than which (column), both `(methods,)`.

    A rank runs from 1 + the methods that are better to the number of methods - those that are worse. One that is better
    than a better one counts as better, so that of two methods told apart the better one never ranks lower.
    """
    above = better.copy()
    for middle in range(len(better)):
        above |= np.outer(above[:, middle], above[middle])
    above &= ~above.T
    return tuple(Rank(1 + int(above[:, k].sum()), len(above) - int(above[k].sum())) for k in range(len(above)))


def units_needed(methods: int) -> int:
    """The units, over all datasets, below which no pair of so many methods can be told apart, whatever the scores.

    With n units the smallest p is 2^(1-n) (all differences of one sign), and Holm multiplies it by the pairs.
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
    """The two-sided p of the signed-rank test that differences `(units,)` are symmetric around zero.

    Zeros are ranked and then left out (Pratt). Within each dataset absolute differences are ranked, and the datasets'
    signed-rank sums are added, each divided by its units + 1 (van Elteren), so that a unit counts the same in a
    small dataset as in a large one. The distribution over all signs is counted out, ties and zeros included, where it
    has up to 200,000 values (one dataset of up to about 600 units without ties); beyond that it is the normal
    approximation, with corrections for ties and continuity. Infinite differences are the largest there are. 1 where all
    are zero.
    """
    values = checked(gaps, dimensions=1)
    return signed_rank(values, codes(strata, len(values))).p


@dataclass(frozen=True)
class SignedRank:
    """Towards which side the signed ranks fall (1, -1, or 0 for neither), and the two-sided p."""

    sign: int
    p: float


def signed_rank(gaps: Array, code: npt.NDArray[np.intp]) -> SignedRank:
    """The test of `wilcoxon`, with its side; `code` numbers the stratum of each unit."""
    total = 0.0
    found: list[Ranks] = []  # twice the midranks, which are whole numbers, of the differences that are not zero
    sizes: list[int] = []
    for stratum in np.unique(code):
        values = gaps[code == stratum]
        if not values.any():
            continue
        doubled = _doubled_midranks(np.abs(values))
        total += float((np.sign(values) * doubled).sum()) / (len(values) + 1)
        found.append(tuple(np.sort(doubled[values != 0]).tolist()))
        sizes.append(len(values))
    if not found:
        return SignedRank(0, 1.0)
    support = math.prod(sum(r) // math.gcd(*r) + 1 for r in found)
    p = _exact(tuple(found), tuple(sizes), abs(total)) if support <= _EXACT else _normal(found, sizes, abs(total))
    return SignedRank(0 if abs(total) < 1e-9 else int(math.copysign(1, total)), p)


def _doubled_midranks(magnitudes: Array) -> npt.NDArray[np.int64]:
    from scipy.stats import rankdata  # slow to import

    largest = np.max(magnitudes, initial=0.0, where=np.isfinite(magnitudes)) or 1.0
    rounded = np.round(magnitudes / largest, _DIGITS)
    rounded[magnitudes == 0] = -1.0  # never tied with a difference that is merely small
    result: npt.NDArray[np.int64] = (2 * rankdata(rounded)).astype(np.int64)
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
