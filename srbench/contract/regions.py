"""Which regions of a picture items were cut from, and whether those of two splits overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from srbench.contract.dataset import Item

Rectangle = tuple[int, int, int, int]
"""Top, left, height, width, in pixels."""

Regions = frozenset[Rectangle] | None
"""The regions of a group that occur in a split; None where an item of it does not say which it is."""


def regions(items: Iterable[Item]) -> dict[str, Regions]:
    """The groups of a split, each with its regions."""
    found: dict[str, set[Rectangle]] = {}
    unknown: set[str] = set()
    for item in items:
        if item.group is not None:
            known = found.setdefault(item.group, set())
            if item.region is None:
                unknown.add(item.group)
            else:
                known.add(item.region)
    return {group: None if group in unknown else frozenset(known) for group, known in found.items()}


def overlapping(test: Mapping[str, Regions], train: Mapping[str, Regions]) -> list[str]:
    """The groups, sorted, of which a pixel may be in both splits: regions overlap, or are not known."""
    return sorted(group for group in test.keys() & train.keys() if _overlap(test[group], train[group]))


def _overlap(some: Regions, others: Regions) -> bool:
    if some is None or others is None:
        return True
    top, left, height, width = np.array(sorted(others), dtype=np.int64).T
    return any(
        bool(np.any((y < top + height) & (top < y + h) & (x < left + width) & (left < x + w))) for y, x, h, w in some
    )
