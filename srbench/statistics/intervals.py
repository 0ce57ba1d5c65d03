"""How sure a number is: intervals, paired differences, the spread over seeds, wins and losses.

What is counted is the *unit* (`srbench.statistics.units`): a group of images, with the mean over them, or an image
without a group. Units are a sample of the cases that a method may meet, so every interval here is about cases; the
spread over training seeds is another thing and is kept apart (`seed_spread`). Over several datasets the value is the
mean of the datasets' means: each dataset weighs the same, however many units it has.

Infinite scores (the PSNR of identical images) are kept out and counted; a score that is not a number is an error. Which
differences are real is in `srbench.statistics.comparison`, the reasons for all of it in `docs/statistics.md`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError
from srbench.statistics.bootstrap import Array, bounds
from srbench.statistics.units import Units

Strata = Sequence[Hashable] | None
"""The dataset of each image; None for one dataset."""
Groups = Sequence[Hashable | None] | None
"""What each image belongs to inside its dataset; None for an image, or for all images, without a group."""

FEW_UNITS = 6
"""Fewer units have no interval: one case that was not drawn could change everything, and no test can reject."""
FEW_SEEDS = 3
_SAME = 1e-12  # relative; two scores this close differ by rounding alone


class StatsError(SrbenchError):
    """Scores that cannot be compared: not numbers, or not of the same images."""


@dataclass(frozen=True)
class Interval:
    """A mean over units and where it may lie.

    estimate: None where no score is finite. low, high: the 95 % interval, in the unit of the scores; None where there
    are fewer than `FEW_UNITS` units over all datasets, from which too little can be learnt about spread. n: images in
    it. units: the units of these: groups, images without a group. infinite: images kept out because a score is
    infinite. beyond: an end lies outside of all that was seen (the lowest and the highest unit, averaged over datasets
    as the estimate is), which no data support.
    """

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    units: int
    infinite: int = 0
    beyond: bool = False

    @property
    def few(self) -> bool:
        """Whether there are too few units for an interval."""
        return self.units < FEW_UNITS

    @property
    def sign(self) -> int:
        """1 where the whole interval is above zero, -1 where it is below, 0 where neither can be said."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)

    def __neg__(self) -> Interval:
        """The interval of the difference the other way round."""
        estimate, low, high = (None if x is None else 0.0 - x for x in (self.estimate, self.high, self.low))
        return replace(self, estimate=estimate, low=low, high=high)


class Count(NamedTuple):
    """How often the first of two methods was better, equal, or worse."""

    wins: int
    ties: int
    losses: int


@dataclass(frozen=True)
class SeedSpread:
    """What training again with another seed changes, apart from what other images would change.

    images: `(images,)`, each image's mean over seeds: what intervals and tests are to be fed with. std: the standard
    deviation over seeds of the mean over datasets and units, None for a single seed. seeds: how many. few: fewer than
    three.
    """

    images: Array
    std: float | None
    seeds: int
    few: bool


def mean_interval(values: npt.ArrayLike, groups: Groups = None) -> Interval:
    """The mean over units of one method on one dataset, with its 95 % interval. `values` is `(images,)`.

    groups: the group of each image, None for an image without one. Raises StatsError for scores that are not numbers.
    """
    scores = checked(values, dimensions=1)
    return intervals(scores[None], units_of(len(scores), None, groups))[0]


def paired_difference(a: npt.ArrayLike, b: npt.ArrayLike, strata: Strata = None, groups: Groups = None) -> Interval:
    """The mean difference a - b over the same images, `(images,)` each, with its 95 % interval.

    strata: the dataset of each image, None for one dataset. groups: the group of each image inside its dataset, None
    for an image without one. A dataset of one unit among larger ones is not in it. Raises StatsError for scores that
    are not numbers or not of the same images.
    """
    first, second = _pair(a, b)
    return intervals(differences(first, second)[None], units_of(len(first), strata, groups))[0]


def seed_spread(scores: npt.ArrayLike, strata: Strata = None, groups: Groups = None) -> SeedSpread:
    """The spread over seeds of one method's mean, over units and datasets. `scores` is `(seeds, images)`.

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
    units = units_of(values.shape[1], strata, groups)
    kept = units.pooled(np.all(np.isfinite(values), axis=0))
    std = None
    if count > 1 and kept.any():
        part = units.within(kept)
        std = float(np.std(part.mean(part.means(values[:, kept])), ddof=1))
    return SeedSpread(images, std, count, few=count < FEW_SEEDS)


def wins(a: npt.ArrayLike, b: npt.ArrayLike, *, higher_is_better: bool = True) -> Count:
    """The numbers of images on which a is better than b, equal (to twelve digits), or worse; `(images,)` each.

    An infinite score is an ordinary one here. Raises StatsError for scores that are not numbers or not of the same
    images.
    """
    gap = differences(*_pair(a, b)) * (1 if higher_is_better else -1)
    # The difference of two equal infinities is not a number, and neither above nor below zero: a tie.
    won, lost = int((gap > 0).sum()), int((gap < 0).sum())
    return Count(won, len(gap) - won - lost, lost)


def intervals(rows: Array, units: Units) -> list[Interval]:
    """The interval of every row of `(rows, images)`.

    What is not finite (an infinite score, or the difference of two) is kept out of its row.
    """
    finite = np.isfinite(rows)
    result: dict[int, Interval] = {}
    # Rows with the same images go through the mathematics together; nearly always that is all of them.
    patterns: dict[bytes, list[int]] = {}
    for row, mask in enumerate(finite):
        patterns.setdefault(mask.tobytes(), []).append(row)
    for members in patterns.values():
        kept = units.pooled(finite[members[0]])
        part = units.within(kept)
        found = unit_intervals(part.means(rows[members][:, kept]), part, int((~finite[members[0]]).sum()))
        result.update(zip(members, found, strict=True))
    return [result[row] for row in range(len(rows))]


def unit_intervals(rows: Array, units: Units, infinite: int) -> list[Interval]:
    """The interval of every row of `(rows, units)`, all finite; infinite: images that were kept out for not being so.

    The units must be such that a mean over datasets can use them all (`Units.pooled`).
    """
    images = len(units.unit)
    if not units.count or not len(rows):
        return [Interval(None, None, None, images, 0, infinite)] * len(rows)
    if units.count < FEW_UNITS:
        means = (units.mean(rows) + 0.0).tolist()
        return [Interval(mean, None, None, images, units.count, infinite) for mean in means]
    parts = [rows[:, stratum.members] for stratum in units.strata]
    estimate, low, high = bounds(parts, [stratum.datasets for stratum in units.strata])
    least, most = (units.over_datasets([extreme(part, axis=1) for part in parts]) for extreme in (np.min, np.max))
    slack = _SAME * np.maximum(np.abs(least), np.abs(most))
    beyond = (low < least - slack) | (high > most + slack)
    # Adding zero makes -0 a 0.
    found = zip(*((x + 0.0).tolist() for x in (estimate, low, high)), beyond.tolist(), strict=True)
    return [Interval(mean, start, end, images, units.count, infinite, out) for mean, start, end, out in found]


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


def units_of(images: int, strata: Strata, groups: Groups) -> Units:
    """The units of so many images, from the dataset of each (None: one dataset) and the group of each within it."""
    dataset = codes(strata, images)
    if groups is None:
        return Units(np.arange(images), dataset)
    if len(groups) != images:
        raise StatsError(f"There are {len(groups)} groups for {images} images; give one for each, or None.")
    labels = [image if group is None else (dataset[image], group) for image, group in enumerate(groups)]
    unit = codes(labels, images)
    return Units(unit, dataset[np.unique(unit, return_index=True)[1]])


def codes(strata: Strata, images: int) -> npt.NDArray[np.intp]:
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
