"""The area under the ROC curve, and how sure it is where cases belong together (two images of a patient)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata

Scores = npt.NDArray[np.floating[Any]]


class Auc(NamedTuple):
    """The area, and its 95 % interval; None where cases of one kind, or all of them, come from a single unit.

    There is none for an area of 0 or 1 either: no pair of cases tells how easily it might have been another.
    """

    value: float
    interval: tuple[float, float] | None


def auc(with_it: Scores, without: Scores, units_with: Sequence[Hashable], units_without: Sequence[Hashable]) -> Auc:
    """The share of pairs in which the case `with_it` has the higher score, ties counted half.

    Scores are `(cases,)`, or `(seeds, cases)` for the mean over seeds. Units are the groups that cases belong to. The
    variance is that of Obuchowski, "Nonparametric analysis of clustered ROC curve data", Biometrics 53 (1997), for
    units of one case each DeLong's (1988); the interval is that of the area's logit.
    """
    with_it, without = np.atleast_2d(with_it), np.atleast_2d(without)
    m, n = with_it.shape[1], without.shape[1]
    ranks = rankdata(np.concatenate([with_it, without], axis=1), axis=1)
    # Of each case, the share of the other kind that it is on the right side of.
    above = ((ranks[:, :m] - rankdata(with_it, axis=1)) / n).mean(0)
    below = 1 - ((ranks[:, m:] - rankdata(without, axis=1)) / m).mean(0)
    area = float(above.mean())
    numbers = {unit: place for place, unit in enumerate(dict.fromkeys([*units_with, *units_without]))}
    ones, others = (np.array([numbers[unit] for unit in units]) for units in (units_with, units_without))
    sums = [np.bincount(own, share - area, len(numbers)) for own, share in ((ones, above), (others, below))]
    i10, i01 = len(set(ones.tolist())), len(set(others.tolist()))
    if min(i10, i01) < 2 or not 0 < area < 1:
        return Auc(area, None)
    variance = i10 / (i10 - 1) * float(sums[0] @ sums[0]) / m**2 + i01 / (i01 - 1) * float(sums[1] @ sums[1]) / n**2
    variance += 2 * len(numbers) / (len(numbers) - 1) * float(sums[0] @ sums[1]) / (m * n)
    half = float(norm.ppf(0.975)) * math.sqrt(max(variance, 0.0)) / (area * (1 - area))
    middle = math.log(area / (1 - area))
    return Auc(area, (1 / (1 + math.exp(half - middle)), 1 / (1 + math.exp(-half - middle))))
