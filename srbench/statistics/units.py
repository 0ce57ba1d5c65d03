"""The units of inference: which images stand for one case, and which dataset each case belongs to.

Slices of one patient or tiles of one photograph are alike, so that twenty of them say little more than one. What
intervals and tests count is therefore the *unit*: a group of images, whose value is the mean over them, or an image
without a group. Everything above works on arrays `(rows, units)`.

Datasets weigh the same. One that holds a single unit has no spread of its own; several such datasets are pooled into
one stratum, in which each dataset is a unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import numpy as np
import numpy.typing as npt

from srbench.statistics.bootstrap import Array

Codes = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


def unit_means(scores: Mapping[str, float], groups: Mapping[str, str]) -> list[float]:
    """The mean of each unit of a dataset: of each group, or of an image without one.

    scores: finite, by image id. groups: by image id, of the images that have one.
    """
    units: dict[tuple[str, str], list[float]] = {}
    for image, score in scores.items():
        group = groups.get(image)
        units.setdefault(("image", image) if group is None else ("group", group), []).append(score)
    return [fmean(unit) for unit in units.values()]


@dataclass(frozen=True)
class Stratum:
    """Units among which spread is measured. members: their numbers. datasets: how many datasets it stands for."""

    members: Codes
    datasets: int


@dataclass(frozen=True)
class Units:
    """Which images belong together. unit: the number of each image's unit. dataset: that of each unit's dataset."""

    unit: Codes
    dataset: Codes

    @property
    def count(self) -> int:
        """How many units there are."""
        return len(self.dataset)

    @cached_property
    def alone(self) -> int | None:
        """The dataset that holds a single unit while every other holds more: its spread can be learnt nowhere."""
        datasets, sizes = np.unique(self.dataset, return_counts=True)
        single = datasets[sizes == 1]
        return int(single[0]) if len(single) == 1 and len(datasets) > 1 else None

    def within(self, kept: Mask) -> Units:
        """The units of some of the images, `kept` being `(images,)`; units without any of them are gone."""
        members, unit = np.unique(self.unit[kept], return_inverse=True)
        return Units(unit, self.dataset[members])

    def pooled(self, kept: Mask) -> Mask:
        """The images among `kept` that a mean over datasets can use: all but those of a dataset that is alone."""
        part = self.within(kept)
        usable = kept.copy()
        if part.alone is not None:
            usable[kept] = part.dataset[part.unit] != part.alone
        return usable

    @cached_property
    def strata(self) -> tuple[Stratum, ...]:
        """Every dataset of several units; then all datasets of one unit together."""
        datasets, sizes = np.unique(self.dataset, return_counts=True)
        large = [Stratum(np.flatnonzero(self.dataset == dataset), 1) for dataset in datasets[sizes > 1]]
        single = np.flatnonzero(np.isin(self.dataset, datasets[sizes == 1]))
        return (*large, Stratum(single, len(single))) if len(single) else tuple(large)

    def means(self, rows: Array) -> Array:
        """Each unit's mean over its images: `(rows, images)` becomes `(rows, units)`."""
        if np.array_equal(self.unit, np.arange(self.count)):
            return rows
        order = np.argsort(self.unit, kind="stable")
        sizes = np.bincount(self.unit)
        result: Array = np.add.reduceat(rows[:, order], np.cumsum(sizes) - sizes, axis=1) / sizes
        return result

    def over_datasets(self, parts: Sequence[Array]) -> Array:
        """The mean over datasets of something that every stratum has, `(rows,)` each, in the order of `strata`."""
        weighted = [stratum.datasets * part for stratum, part in zip(self.strata, parts, strict=True)]
        result: Array = np.sum(weighted, axis=0) / sum(stratum.datasets for stratum in self.strata)
        return result

    def mean(self, rows: Array) -> Array:
        """The mean over datasets of each dataset's mean over units: `(rows, units)` becomes `(rows,)`."""
        return self.over_datasets([rows[:, stratum.members].mean(axis=1) for stratum in self.strata])
