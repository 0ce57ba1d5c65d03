"""One class against all others: sensitivity, specificity and the area under the ROC curve, by patients."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from .auc import Auc, auc
from .classifiers import Predicted

Shares = npt.NDArray[np.floating[Any]]
Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Share:
    """A share of images, and its 95 % interval; None where all of them belong to one unit."""

    value: float
    interval: Interval


def share(right: Shares, units: Sequence[Hashable]) -> Share:
    """How many of the images are right, `(images,)` from 0 to 1 each.

    The interval is Wilson's (1927), for as many independent images as would give the share the variance that it has
    over units; for as many images as there are units, where all are right or all wrong.
    """
    numbers = {unit: place for place, unit in enumerate(dict.fromkeys(units))}
    places, count = np.array([numbers[unit] for unit in units]), len(numbers)
    value = float(right.mean())
    if count < 2:
        return Share(value, None)
    sums = np.bincount(places, right - value, count)
    variance = count / (count - 1) * float(sums @ sums) / len(right) ** 2
    n = min(value * (1 - value) / variance, len(right)) if variance > 0 else count
    z = float(norm.ppf(0.975))
    middle, half = value + z * z / (2 * n), z * math.sqrt(value * (1 - value) / n + z * z / (4 * n * n))
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    # Of none and of all one end is exact, but for rounding.
    return Share(value, (low if value > 0 else 0.0, high if value < 1 else 1.0))


@dataclass(frozen=True)
class AgainstRest:
    """How well one class is told from all others; means over trainings.

    sensitivity: the share of its images that are taken for it. specificity: of the others that are not. area: under the
    ROC curve of its scores.
    """

    sensitivity: Share
    specificity: Share
    area: Auc

    @classmethod
    def of(
        cls, predicted: Sequence[Predicted], true: npt.NDArray[np.bool_], place: int, units: Sequence[Hashable]
    ) -> AgainstRest:
        """Judge predictions of the test images.

        true: which of them are of the class, `(images,)`, some and not all. place: the class's. units: what each image
        belongs to.
        """
        taken = np.mean([one.places == place for one in predicted], 0)
        scores = np.stack([one.scores[:, place] for one in predicted])
        own = [[unit for unit, is_one in zip(units, true, strict=True) if is_one == kind] for kind in (True, False)]
        return cls(
            share(taken[true], own[0]), share(1 - taken[~true], own[1]), auc(scores[:, true], scores[:, ~true], *own)
        )

    def numbers(self, of: str = "") -> dict[str, float]:
        """All of it by names for people, each with the ends of its interval."""
        parts: dict[str, Share | Auc] = {
            "sensitivity": self.sensitivity,
            "specificity": self.specificity,
            "AUC": self.area,
        }
        named: dict[str, float] = {}
        for name, part in parts.items():
            named[f"{of}{name}"] = part.value
            if part.interval is not None:
                named |= {f"{of}{name} low": part.interval[0], f"{of}{name} high": part.interval[1]}
        return named
