"""How sure a number is: intervals over images, paired differences, the spread over seeds, wins and losses.

The unit is the score of one image. Images are a sample of the images that a method may meet, so every interval here is
about images; the spread over training seeds is another thing and is kept apart (`seed_spread`). Over several datasets
the value is the mean of the datasets' means: each dataset weighs the same, however many images it has.

Infinite scores (the PSNR of identical images) are kept out and counted; a score that is not a number is an error.
Which tests say that a difference is real is in `srbench.ranking`, the reasons for all of it in `docs/statistics.md`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from srbench.bounds import Array, bounds
from srbench.errors import SrbenchError

FEW_IMAGES = 5
FEW_SEEDS = 3
_SAME = 1e-12  # relative; two scores this close differ by rounding alone


class StatsError(SrbenchError):
    """Scores that cannot be compared: not numbers, or not of the same images."""


@dataclass(frozen=True)
class Interval:
    """A mean over images and where it may lie.

    estimate: None where a dataset has no finite score. low, high: the 95 % interval, in the unit of the scores; None
    where a dataset has a single image, from which nothing can be learnt about spread. n: images in it. infinite:
    images kept out because a score is infinite. few: a dataset has fewer than five images, too few for the interval to
    be trusted if the scores are skewed.
    """

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    infinite: int = 0
    few: bool = False

    @property
    def sign(self) -> int:
        """1 where the whole interval is above zero, -1 where it is below, 0 where neither can be said."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)

    def __neg__(self) -> Interval:
        """The interval of the difference the other way round."""
        estimate, low, high = (None if x is None else -x for x in (self.estimate, self.high, self.low))
        return Interval(estimate, low, high, self.n, self.infinite, self.few)


class Count(NamedTuple):
    """How often the first of two methods was better, equal, or worse."""

    wins: int
    ties: int
    losses: int


@dataclass(frozen=True)
class SeedSpread:
    """What training again with another seed changes, apart from what other images would change.

    images: `(images,)`, each image's mean over seeds: what intervals and tests are to be fed with. std: the standard
    deviation over seeds of the mean over images, None for a single seed. seeds: how many. few: fewer than three.
    """

    images: Array
    std: float | None
    seeds: int
    few: bool


def mean_interval(values: npt.ArrayLike) -> Interval:
    """The mean over images of one method on one dataset, with its 95 % interval. `values` is `(images,)`.

    Raises StatsError for scores that are not numbers.
    """
    scores = checked(values, dimensions=1)
    return intervals(scores[None], np.zeros(len(scores), dtype=np.intp))[0]


def paired_difference(a: npt.ArrayLike, b: npt.ArrayLike, strata: Sequence[Hashable] | None = None) -> Interval:
    """The mean difference a - b over the same images, `(images,)` each, with its 95 % interval.

    strata: the dataset of each image, None for one dataset. Raises StatsError for scores that are not numbers or not
    of the same images.
    """
    first, second = _pair(a, b)
    return intervals(differences(first, second)[None], codes(strata, len(first)))[0]


def seed_spread(scores: npt.ArrayLike, strata: Sequence[Hashable] | None = None) -> SeedSpread:
    """The spread over seeds of one method's mean. `scores` is `(seeds, images)`.

    An image with an infinite score under any seed has an infinite mean, and is out of the spread. Raises StatsError
    for scores that are not numbers.
    """
    values = checked(scores, dimensions=2)
    count = len(values)
    if count == 0:
        raise StatsError("There are no seeds to average over; give an array (seeds, images).")
    if (np.isposinf(values).any(axis=0) & np.isneginf(values).any(axis=0)).any():
        raise StatsError("An image scores plus infinity under one seed and minus infinity under another.")
    images: Array = values.mean(axis=0)
    finite = np.isfinite(values).all(axis=0)
    code = codes(strata, values.shape[1])
    parts = [values[:, finite & (code == stratum)] for stratum in np.unique(code)]
    std = None
    if count > 1 and parts and all(part.size for part in parts):
        std = float(np.std(np.mean([part.mean(axis=1) for part in parts], axis=0), ddof=1))
    return SeedSpread(images, std, count, few=count < FEW_SEEDS)


def wins(a: npt.ArrayLike, b: npt.ArrayLike, *, higher_is_better: bool = True) -> Count:
    """On how many images a is better than b, equal (to twelve digits), or worse; `(images,)` each, the same images.

    An infinite score is an ordinary one here. Raises StatsError for scores that are not numbers or not of the same
    images.
    """
    gap = differences(*_pair(a, b)) * (1 if higher_is_better else -1)
    # The difference of two equal infinities is not a number, and neither above nor below zero: a tie.
    won, lost = int((gap > 0).sum()), int((gap < 0).sum())
    return Count(won, len(gap) - won - lost, lost)


def intervals(rows: Array, code: npt.NDArray[np.intp]) -> list[Interval]:
    """The interval of every row of `(rows, images)`; `code` numbers the dataset of each image.

    What is not finite (an infinite score, or the difference of two) is kept out of its row.
    """
    finite = np.isfinite(rows)
    result: list[Interval | None] = [None] * len(rows)
    # Rows with the same images go through the mathematics together; nearly always that is all of them.
    patterns: dict[bytes, list[int]] = {}
    for row, mask in enumerate(finite):
        patterns.setdefault(mask.tobytes(), []).append(row)
    strata = np.unique(code)
    for members in patterns.values():
        kept = finite[members[0]]
        datasets = [rows[members][:, kept & (code == stratum)] for stratum in strata]
        smallest = min((part.shape[1] for part in datasets), default=0)
        n, infinite = int(kept.sum()), int((~kept).sum())
        few = smallest < FEW_IMAGES
        if smallest >= 2:
            for row, estimate, low, high in zip(members, *(x.tolist() for x in bounds(datasets)), strict=True):
                result[row] = Interval(estimate, low, high, n, infinite, few)
        else:
            for position, row in enumerate(members):
                mean = float(np.mean([part[position].mean() for part in datasets])) if smallest else None
                result[row] = Interval(mean, None, None, n, infinite, few)
    return [interval for interval in result if interval is not None]


def differences(a: Array, b: Array) -> Array:
    """a - b, exactly zero where they differ by rounding alone; not finite where either is infinite."""
    with np.errstate(invalid="ignore"):
        gap = a - b
        rounding = np.isfinite(gap) & (np.abs(gap) <= _SAME * np.maximum(np.abs(a), np.abs(b)))
    result: Array = np.where(rounding, 0.0, gap)
    return result


def checked(scores: npt.ArrayLike, dimensions: int) -> Array:
    """Scores as float64 of so many dimensions. Raises StatsError where one is not a number."""
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != dimensions:
        raise StatsError(f"Scores must have {dimensions} dimension(s), these have the shape {values.shape}.")
    bad = np.argwhere(np.isnan(values))
    if len(bad):
        where = ", ".join(str(int(i)) for i in bad[0])
        raise StatsError(
            f"{len(bad)} score(s) are not a number, the first at position {where}. "
            "Leave a cell that failed out of the comparison; do not fill it."
        )
    return values


def codes(strata: Sequence[Hashable] | None, images: int) -> npt.NDArray[np.intp]:
    """Number the datasets in the order of first appearance: one number an image, all zero for None."""
    if strata is None:
        return np.zeros(images, dtype=np.intp)
    if len(strata) != images:
        raise StatsError(f"There are {len(strata)} dataset labels for {images} images; give one for each.")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in strata], dtype=np.intp)


def _pair(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Array, Array]:
    first, second = checked(a, dimensions=1), checked(b, dimensions=1)
    if len(first) != len(second):
        raise StatsError(f"Paired scores must be of the same images, but there are {len(first)} and {len(second)}.")
    return first, second
