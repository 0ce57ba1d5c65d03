"""Which of several is preferred, and by how much, from choices between two: the model of Bradley and Terry.

A method of strength a is preferred to one of strength b with the odds exp(a - b). The fit is choix's (iterative Luce
spectral ranking, which converges to the maximum likelihood). "Cannot tell" counts as half a choice of either. Every
pair that was ever shown has a little more than was said, the same for both of its sides, as Firth's correction of bias
has it for a balanced design: without that, a method that is preferred every time would be infinitely strong.

Answers of one rater are alike, so raters are the units: the spread is that of the fits without one rater each (the
jackknife over clusters), and the interval Student's with raters - 1 degrees of freedom. It is about other raters, and
the same pictures.

Sources: Bradley and Terry, "Rank analysis of incomplete block designs", Biometrika 1952; Maystre and Grossglauser,
"Fast and accurate inference of Plackett-Luce models", NeurIPS 2015; Firth, "Bias reduction of maximum likelihood
estimates", Biometrika 1993; MacKinnon, Nielsen and Webb, "Fast and reliable jackknife and bootstrap methods for
cluster-robust inference", Journal of Applied Econometrics 2023.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from srbench.statistics.bootstrap import Array, student_quantile
from srbench.statistics.intervals import FEW_UNITS, Interval, StatsError
from srbench.statistics.ranking import ALPHA, Rank, holm, ranks


@dataclass(frozen=True)
class Preferences:
    """Strengths of methods, in the order in which these were given.

    strengths: each relative to the mean of all, in log-odds; n: the choices that the method was in, units: the raters.
    order: the methods, strongest first. ranks, better: as of a `Comparison`; below `FEW_UNITS` raters there are no
    ends, and none is better than another for certain. shares: how often each was chosen of the times it was shown.
    raters, answers: how many. unbounded: the methods that were chosen
    every time or never, whose distance from the rest is a lower bound.
    """

    strengths: tuple[Interval, ...]
    order: tuple[int, ...]
    ranks: tuple[Rank, ...]
    better: npt.NDArray[np.bool_]
    shares: tuple[float, ...]
    raters: int
    answers: int
    unbounded: tuple[int, ...]
    _estimates: Array
    _without: Array

    def difference(self, a: int, b: int) -> Interval:
        """How much stronger the first is than the second, in log-odds."""
        low, high, _ = _student(self._estimates[a] - self._estimates[b], self._without[:, a] - self._without[:, b])
        n = self.strengths[a].n
        return Interval(float(self._estimates[a] - self._estimates[b]), low, high, n, self.raters)


def preferences(choices: npt.ArrayLike) -> Preferences:
    """The strengths behind choices: for each rater how often the row was chosen over the column, half for a tie.

    choices: `(raters, methods, methods)`, not negative. Raises `StatsError` where there is no rater with a choice, or
    where the methods fall into groups that were never held against each other.
    """
    wins = np.asarray(choices, dtype=np.float64)
    if wins.ndim != 3 or wins.shape[1] != wins.shape[2] or not np.isfinite(wins).all() or (wins < 0).any():
        raise StatsError("Choices must be counts (raters, methods, methods).")
    wins = wins[wins.sum(axis=(1, 2)) > 0]
    total = wins.sum(axis=0)
    met = total + total.T
    if not len(wins) or not _connected(met > 0):
        raise StatsError("The methods were not all held against each other, directly or by way of others.")
    raters, count = len(wins), len(total)
    added = _added(met > 0)
    estimates = _fit(total + added)
    without = np.stack([_fit(total - one + added) for one in wins])
    strengths = []
    for method in range(count):
        low, high, _ = _student(estimates[method], without[:, method])
        strengths.append(Interval(float(estimates[method]), low, high, round(met[method].sum()), raters))
    better = np.zeros((count, count), dtype=np.bool_)
    pairs = list(combinations(range(count), 2))
    tests = [_student(estimates[i] - estimates[j], without[:, i] - without[:, j])[2] for i, j in pairs]
    for (i, j), p in zip(pairs, holm(tests), strict=True):
        if p <= ALPHA:
            better[(i, j) if estimates[i] > estimates[j] else (j, i)] = True
    return Preferences(
        tuple(strengths),
        tuple(int(place) for place in np.argsort(-estimates, kind="stable")),
        ranks(better),
        better,
        tuple(float(share) for share in total.sum(axis=1) / met.sum(axis=1)),
        raters,
        round(total.sum()),
        tuple(method for method in range(count) if not total[method].any() or not total[:, method].any()),
        estimates,
        without,
    )


def _fit(wins: Array) -> Array:
    from choix import ilsr_pairwise_dense  # brings SciPy, which is slow to import

    strengths: Array = ilsr_pairwise_dense(wins, max_iter=10_000)
    strengths -= strengths.mean()
    return strengths


def _added(met: npt.NDArray[np.bool_]) -> Array:
    """What every pair that was shown has besides: of half a choice a parameter, its share."""
    pairs = int(met.sum()) // 2
    return np.where(met, (len(met) - 1) / pairs / 2, 0.0)


def _connected(met: npt.NDArray[np.bool_]) -> bool:
    reached = np.zeros(len(met), dtype=np.bool_)
    reached[:1] = True
    for _ in range(len(met)):
        reached |= met[reached].any(axis=0)
    return bool(reached.all())


def _student(estimate: float, without: Array) -> tuple[float | None, float | None, float]:
    """The ends of the interval and the p of a strength, or of a difference, being zero."""
    from scipy.special import stdtr

    raters = len(without)
    if raters < FEW_UNITS:
        return None, None, 1.0
    error = math.sqrt((raters - 1) / raters * float(((without - without.mean()) ** 2).sum()))
    half = float(student_quantile(raters - 1)) * error
    p = float(2 * stdtr(raters - 1, -abs(estimate) / error)) if error else 1.0 if estimate == 0 else 0.0
    return float(estimate - half), float(estimate + half), p
