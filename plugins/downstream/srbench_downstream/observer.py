"""The Hotelling observer: the best linear one, and how well it tells signal from none in cases it did not learn from.

Barrett, Yao, Rolland and Myers, "Model observers for assessment of image quality", PNAS 1993; with channels: Myers and
Barrett 1987, Gallas and Barrett 2003.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit
from srbench_cas.auc import Auc, auc

from .task_metric import Array

FEW_UNITS = 6
"""Fewer units have no interval, as for all means of srbench."""


@dataclass(frozen=True)
class Detectability:
    """How well signals are told from none.

    d: the detectability index d', the distance of the means of the observer's answers in units of their standard
    deviation. interval: its 95 % interval; None for fewer than 6 units. area: under the observer's ROC curve.
    """

    d: float
    interval: tuple[float, float] | None
    area: Auc


def detectability(
    present: Array, absent: Array, units_present: Sequence[Hashable], units_absent: Sequence[Hashable]
) -> Detectability | None:
    """The detectability of signals, each case judged by an observer that learned from all other units.

    present, absent: what is seen of patches with and without a signal, `(n, channels)`. units: the group of each. What
    is found is what the observer does with new cases, below what it would do had it learned from endlessly many. The
    interval is the jackknife's: one unit after the other is left out. None where there is nothing to learn or to tell:
    fewer than 2 units with a signal or without, or answers that never differ.
    """
    names = {unit: place for place, unit in enumerate(dict.fromkeys([*units_present, *units_absent]))}
    ones, others = (np.array([names[unit] for unit in units], np.intp) for units in (units_present, units_absent))
    if min(len(set(ones.tolist())), len(set(others.tolist()))) < 2:
        return None
    # What all have in common would drown the differences in rounding.
    common = (present.mean(0) + absent.mean(0)) / 2
    present, absent = present - common, absent - common
    kinds = [_Sums.of(seen, units, len(names)) for seen, units in ((present, ones), (absent, others))]
    answers_present, answers_absent = np.empty(len(present)), np.empty(len(absent))
    for unit in range(len(names)):
        means, scatters, counts = zip(*(kind.without(unit) for kind in kinds), strict=True)
        template = np.linalg.pinv((scatters[0] + scatters[1]) / max(sum(counts) - 2, 1), rcond=1e-12, hermitian=True)
        template = template @ (means[0] - means[1])
        scale = np.sqrt(max(float(template @ (means[0] - means[1])), np.finfo(float).tiny))
        middle = (means[0] + means[1]) / 2
        answers_present[ones == unit] = (present[ones == unit] - middle) @ template / scale
        answers_absent[others == unit] = (absent[others == unit] - middle) @ template / scale
    told = ((answers_present, ones), (answers_absent, others))
    answers = [_Sums.of(kind[:, None], units, len(names)) for kind, units in told]
    whole = _index(answers, None)
    if whole is None:
        return None
    area = auc(answers_present, answers_absent, ones.tolist(), others.tolist())
    return Detectability(whole, _jackknife(answers, whole, len(names)), area)


def _jackknife(answers: list[_Sums], whole: float, units: int) -> tuple[float, float] | None:
    parts = [part for unit in range(units) if (part := _index(answers, unit)) is not None]
    if units < FEW_UNITS or len(parts) < units:
        return None
    error = np.sqrt((units - 1) * np.var(parts))
    half = float(stdtrit(units - 1, 0.975) * error)
    return whole - half, whole + half


def _index(answers: Sequence[_Sums], unit: int | None) -> float | None:
    """The distance of the means in units of the root of the mean of both variances, one unit left out."""
    means, scatters, counts = zip(*(kind.without(unit) for kind in answers), strict=True)
    if min(counts) < 2:
        return None
    variance = sum(float(scatter[0, 0]) / (count - 1) for scatter, count in zip(scatters, counts, strict=True)) / 2
    return float((means[0] - means[1])[0]) / variance**0.5 if variance > 0 else None


@dataclass(frozen=True)
class _Sums:
    """Sums over the cases of one kind, by unit: of how many, of what is seen, of its products."""

    counts: npt.NDArray[np.int64]
    sums: Array
    products: Array

    @classmethod
    def of(cls, seen: Array, units: npt.NDArray[np.intp], count: int) -> _Sums:
        parts = [seen[units == unit] for unit in range(count)]
        sums, products = np.stack([part.sum(0) for part in parts]), np.stack([part.T @ part for part in parts])
        return cls(np.bincount(units, minlength=count), sums, products)

    def without(self, unit: int | None) -> tuple[Array, Array, int]:
        """Mean, scatter about it, and number of the cases of all other units."""
        kept = np.ones(len(self.counts), bool)
        if unit is not None:
            kept[unit] = False
        count = int(self.counts[kept].sum())
        mean = self.sums[kept].sum(0) / max(count, 1)
        scatter = self.products[kept].sum(0) - count * np.outer(mean, mean)
        return mean, scatter, count
