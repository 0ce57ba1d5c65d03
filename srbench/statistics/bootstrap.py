"""The 95 % bounds of a mean over units, several datasets weighing the same: the mathematics below `stats`.

A mean of a few dozen skewed numbers is not normal, and the textbook intervals miss the truth too often, nearly always
on the same side. Three constructions live here, each for many rows (pairs of methods) at once; `bounds` is the one to
use. How often each holds the truth is measured by `benchmarks/coverage.py` and told in `docs/statistics.md`.

Sources: Student 1908; Welch 1947 and Satterthwaite 1946 for the degrees of freedom; Johnson, "Modified t tests and
confidence intervals for asymmetrical populations", JASA 1978, and Hall, "On the removal of skewness by
transformation", JRSS B 1992, for the correction of skewness; Efron 1981 and Hall, "Theoretical comparison of bootstrap
confidence intervals", Annals of Statistics 1988, for the studentised bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Bounds = tuple[Array, Array]

LEVEL = 0.95
RESAMPLES = 5000
BOOTSTRAP_FROM = 10
"""Units every stratum must have for the bootstrap; below that too few different resamples exist."""

_SEED = 20_260_101
_CHUNK = 500_000  # counts made at a time: 4 MB, of which the last 16 are kept
_ROWS = 50  # resampled at a time: 2 MB an array, which stays in the processor's cache


@dataclass(frozen=True)
class Moments:
    """What the bounds need to know of each row: the mean over datasets of each dataset's mean, and its error.

    estimate, error (its standard error), freedom (Welch-Satterthwaite degrees of freedom), skewness (of the estimate,
    0 for a normal one): each `(rows,)`.
    """

    estimate: Array
    error: Array
    freedom: Array
    skewness: Array


def moments(datasets: Sequence[Array], weights: Sequence[int] | None = None) -> Moments:
    """The moments of the mean over datasets. Each stratum is `(rows, units)`, with two units or more.

    weights: how many datasets each stratum stands for; None for one each.
    """
    weights = weights or (1,) * len(datasets)
    count = sum(weights)
    rows = len(datasets[0])
    estimate, variance, third, squares = (np.zeros(rows) for _ in range(4))
    for values, weight in zip(datasets, weights, strict=True):
        n = values.shape[1]
        mean = values.mean(axis=1)
        centred = values - mean[:, None]
        share = (centred**2).sum(axis=1) / (n - 1) / n * weight**2 / count**2
        estimate += mean * weight / count
        variance += share
        squares += share**2 / (n - 1)
        if n > 2:
            third += (centred**3).sum(axis=1) * n / ((n - 1) * (n - 2)) / n**2 * weight**3 / count**3
    spread = variance > 0
    safe = np.where(spread, variance, 1.0)
    freedom = np.where(spread, safe**2 / np.where(spread & (squares > 0), squares, safe**2), 1.0)
    return Moments(estimate, np.sqrt(variance), freedom, np.where(spread, third / safe**1.5, 0.0))


def student_quantile(freedom: npt.ArrayLike) -> Array:
    """The 97.5 % quantile of Student's t for any (also fractional) degrees of freedom."""
    from scipy.special import stdtrit  # slow to import, and what only reads scores needs none of it

    result: Array = stdtrit(freedom, (1 + LEVEL) / 2)
    return result


def student(m: Moments) -> Bounds:
    """Student's (for several datasets Welch's) interval: right for normal values, one-sided misses for skewed ones."""
    half = student_quantile(m.freedom) * m.error
    return m.estimate - half, m.estimate + half


def skew_corrected(m: Moments) -> Bounds:
    """Student's interval through Hall's cubic transformation, which takes the skewness out of t and can be inverted."""
    quantile = student_quantile(m.freedom)
    return m.estimate - m.error * _untransformed(quantile, m), m.estimate - m.error * _untransformed(-quantile, m)


def _untransformed(value: Array, m: Moments) -> Array:
    # The inverse of t + g t^2 / 3 + g^2 t^3 / 27 + g / 6, whose limit at no skewness is t itself.
    g = m.skewness
    flat = np.abs(g) < 1e-9
    safe = np.where(flat, 1.0, g)
    result: Array = np.where(flat, value, 3 / safe * (np.cbrt(1 + safe * (value - safe / 6)) - 1))
    return result


def studentised_bootstrap(datasets: Sequence[Array], m: Moments, weights: Sequence[int] | None = None) -> Bounds:
    """Bootstrap-t over units, stratified: units are drawn with replacement within their own stratum.

    Not finite where too many resamples have no spread. Depends on nothing but the values: the generator is seeded
    here, and units are put in order before they are drawn, strata of one size likewise. Every set of resamples is
    used with its mirror image, so that values of the opposite sign give exactly the opposite bounds.
    """
    ordered, weights = _in_order(datasets, weights or (1,) * len(datasets))
    starts = range(0, len(m.estimate), _ROWS)
    blocks = [_resampled([values[k : k + _ROWS] for values in ordered], weights) for k in starts]
    low, high = (np.concatenate(quantiles) for quantiles in zip(*blocks, strict=True))
    with np.errstate(invalid="ignore"):
        # 0 times infinity, where there is no spread at all, is no finite answer either.
        return m.estimate - high * m.error, m.estimate - low * m.error


def _resampled(datasets: Sequence[Array], weights: Sequence[int]) -> Bounds:
    """The 2.5 and 97.5 % quantiles of t over resamples of strata that are in order."""
    rows, count = len(datasets[0]), sum(weights)
    error = moments(datasets, weights).error[:, None]
    shift, variance = np.zeros((rows, RESAMPLES)), np.zeros((rows, RESAMPLES))
    met: dict[int, int] = {}
    for values, weight in zip(datasets, weights, strict=True):
        n = values.shape[1]
        met[n] = met.get(n, 0) + 1
        centred = values - values.mean(axis=1, keepdims=True)
        squared = centred**2
        step = min(RESAMPLES, 2 * max(1, _CHUNK // (2 * n)))
        for start in range(0, RESAMPLES, step):
            part = slice(start, min(start + step, RESAMPLES))
            counts = _draws(n, met[n], start, (part.stop - start) // 2)
            mean = centred @ counts.T / n
            shift[:, part] += mean * weight / count
            variance[:, part] += np.maximum(squared @ counts.T / n - mean**2, 0) / (n - 1) * weight**2 / count**2
    # A resample without spread (but for rounding): far out on its side if it moved, otherwise the centre.
    moved = np.abs(shift) > 1e-9 * error
    still = variance <= 1e-12 * error**2
    far = np.where(moved, np.copysign(np.inf, shift), 0.0)
    t = np.where(still, far, shift / np.sqrt(np.where(still, 1.0, variance)))
    tail = round((1 - LEVEL) / 2 * RESAMPLES)
    t.partition([tail - 1, RESAMPLES - tail], axis=1)
    return t[:, tail - 1], t[:, RESAMPLES - tail]


@lru_cache(maxsize=16)
def _draws(n: int, which: int, start: int, half: int) -> Array:
    """How often each of n ordered units is in each of `half` resamples, then in their mirror images.

    which: the first, second, ... stratum of this size, whose draws must be independent of the others'.
    """
    generator = np.random.default_rng([_SEED, n, which, start])
    chosen = generator.integers(n, size=(half, n)) + n * np.arange(half)[:, None]
    counts = np.bincount(chosen.ravel(), minlength=half * n).reshape(half, n).astype(np.float64)
    return np.concatenate([counts, counts[:, ::-1]])


def _in_order(datasets: Sequence[Array], weights: Sequence[int]) -> tuple[list[Array], list[int]]:
    """The strata by size and weight, equal ones by spread (row by row), their units by value; and their weights."""
    kinds = [(values.shape[1], weight) for values, weight in zip(datasets, weights, strict=True)]
    ordered: list[Array] = []
    for kind in sorted(set(kinds)):
        same: Array = np.sort(np.stack([one for one, its in zip(datasets, kinds, strict=True) if its == kind]), axis=2)
        by_spread = np.argsort(same.std(axis=2), axis=0, kind="stable")
        ordered += [same[chosen, np.arange(same.shape[1])] for chosen in by_spread]
    return ordered, [weight for _, weight in sorted(kinds)]


def bounds(datasets: Sequence[Array], weights: Sequence[int] | None = None) -> tuple[Array, Array, Array]:
    """The mean over datasets of each dataset's mean, and its 95 % bounds: estimate, low, high, each `(rows,)`.

    Each stratum is `(rows, units)`, finite, with two units or more; weights: how many datasets each stands for, None
    for one each. The studentised bootstrap where every stratum has `BOOTSTRAP_FROM` units, otherwise (and where the
    bootstrap has no finite answer) the skewness-corrected t; never narrower than Student's t on either side, since both
    trust an estimated skewness that may be too small.
    """
    m = moments(datasets, weights)
    low, high = skew_corrected(m)
    if min(values.shape[1] for values in datasets) >= BOOTSTRAP_FROM:
        drawn_low, drawn_high = studentised_bootstrap(datasets, m, weights)
        finite = np.isfinite(drawn_low) & np.isfinite(drawn_high)
        low, high = np.where(finite, drawn_low, low), np.where(finite, drawn_high, high)
    plain_low, plain_high = student(m)
    return m.estimate, np.minimum(low, plain_low), np.maximum(high, plain_high)
