"""Labelled images, prepared for a classifier and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from srbench_fid.trained.pictures import units
from srbench_fid.trained.rows import Array, Rows

import srbench
from srbench import digest

Version = Literal["bicubic", "real", "synthetic"]
"""Which of the pictures of one id: bicubic SR, HR, the method's. A generator's have ids of their own."""


@dataclass(frozen=True)
class _Example:
    """sha256: of the prepared image."""

    id: str
    label: str
    group: str | None
    version: Version
    sha256: str


class Labelled:
    """A set of prepared images with their classes, in an order that does not depend on how they came."""

    def __init__(self, rows: Rows, examples: Sequence[_Example], versions: Sequence[Version]) -> None:
        chosen = [place for place, example in enumerate(examples) if example.version in versions]
        chosen.sort(key=lambda place: (examples[place].id, examples[place].version))
        self._rows, self._places = rows, np.array(chosen, np.intp)
        self._examples = [examples[place] for place in chosen]

    def __len__(self) -> int:
        return len(self._examples)

    def take(self, indices: npt.NDArray[np.intp]) -> Array:
        """Some of the prepared images, `(len(indices), ...)`."""
        return self._rows.take(self._places[indices])

    @cached_property
    def ids(self) -> list[str]:
        """The id of each image, the same for all its versions."""
        return [example.id for example in self._examples]

    @cached_property
    def labels(self) -> list[str]:
        """The class of each image."""
        return [example.label for example in self._examples]

    @cached_property
    def groups(self) -> list[Hashable]:
        """What each image belongs to: its group (a patient), or itself alone."""
        return [(example.group is None, example.group or example.id) for example in self._examples]

    @cached_property
    def units(self) -> npt.NDArray[np.int64]:
        """A number for each image, equal for images that must not be divided between fitting and testing."""
        return units(self.labels, [example.group for example in self._examples], self.ids)

    @cached_property
    def sha256(self) -> str:
        """A hash of all that can be learned from it: pixels, classes, groups."""
        return digest([[example.id, example.label, example.group, example.sha256] for example in self._examples])


class Gathering:
    """Takes in prepared images one by one, in several versions."""

    def __init__(self) -> None:
        self._rows: Rows | None = None
        self._examples: list[_Example] = []

    def add(self, row: Array, item: srbench.Item, version: Version) -> None:
        """Keep one. Raises `ValueError` when its item has no label."""
        if item.label is None:
            raise ValueError(f"image {item.id!r} has no label")
        if self._rows is None:
            self._rows = Rows(row.shape, row.dtype)
        self._rows.append(row)
        pixels = hashlib.sha256(row.tobytes()).hexdigest()
        self._examples.append(_Example(item.id, item.label, item.group, version, pixels))

    def of(self, *versions: Version) -> Labelled | None:
        """The images in these versions; None when there are none."""
        labelled = None if self._rows is None else Labelled(self._rows, self._examples, versions)
        return labelled or None
