"""From items to what networks learn from: pictures of one size, classes as numbers, a part held out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError
from srbench.pictures import resize_to

if TYPE_CHECKING:
    import torch

    from srbench import Item

HELD_OUT = 0.2
"""The part of the training split that decides when to stop."""

UNKNOWN = -1
"""The number of a class that does not occur in the training split."""


class LabelError(SrbenchError):
    """Labels or masks that nothing can be learned from."""


def fitted(images: torch.Tensor, side: int) -> torch.Tensor:
    """Pictures `(..., C, H, W)` with white at 1 as a network takes them: `(..., 3, side, side)`, in [0, 1].

    Both sides are resized to `side`, bicubic with antialiasing; grey is repeated.
    """
    resized = resize_to(images, side, side).clamp(0, 1)
    return resized.expand(*resized.shape[:-3], 3, side, side)


def classes_of(labels: Sequence[str]) -> tuple[str, ...]:
    """The classes that occur, sorted. Raises `LabelError` when there are fewer than two."""
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        found = f"only {classes[0]!r}" if classes else "none"
        raise LabelError(f"the training split should have images of at least two classes; it has {found}")
    return classes


def numbers(labels: Sequence[str], classes: Sequence[str]) -> npt.NDArray[np.int64]:
    """The place of each label in `classes`, `UNKNOWN` where it is not there."""
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places.get(label, UNKNOWN) for label in labels], np.int64)


def units(strata: Sequence[Hashable], groups: Sequence[str | None], ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """A number for each example, equal for those that must not be divided between fitting and testing.

    That is what has one group (a patient), where a stratum (a class) has three groups or more; otherwise what has one
    id (an image and another version of it).
    """
    known: dict[Hashable, set[str | None]] = defaultdict(set)
    for stratum, group, name in zip(strata, groups, ids, strict=True):
        known[stratum].add(group or name)
    seen: dict[Hashable, int] = {}
    return np.array(
        [
            seen.setdefault((stratum, (group or name) if len(known[stratum]) >= 3 else name), len(seen))
            for stratum, group, name in zip(strata, groups, ids, strict=True)
        ],
        np.int64,
    )


def held_out(
    strata: Sequence[Hashable], units: npt.NDArray[np.int64], seed: int, share: float = HELD_OUT
) -> npt.NDArray[np.bool_]:
    """Which examples to hold out: whole units, about `share` of each stratum; none of a stratum of under 3 units."""
    chosen = np.zeros(len(strata), bool)
    random = np.random.default_rng(seed)
    for stratum in sorted(set(strata), key=str):
        members = np.array([own == stratum for own in strata])
        inside = np.unique(units[members])
        if len(inside) < 3:
            continue
        taken = 0
        for unit in random.permutation(inside)[:-1]:
            size = int((members & (units == unit)).sum())
            if taken and taken + size / 2 > share * members.sum():
                break
            chosen |= members & (units == unit)
            taken += size
    return chosen


def labels_of(items: Sequence[Item]) -> list[str]:
    """The labels of all items. Raises `LabelError` naming an item without one."""
    labels = []
    for item in items:
        if item.label is None:
            raise LabelError(f"image {item.id!r} has no label; every image of the split needs one")
        labels.append(item.label)
    return labels
