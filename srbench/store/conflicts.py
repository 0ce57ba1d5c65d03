"""Records that contradict those of a store: merges keep them in stores of their own, `STORE/conflicts/1` and so on."""

from __future__ import annotations

from itertools import count, takewhile

from srbench.store.records import Store

CONFLICTS = "conflicts"


def conflict(store: Store, number: int) -> Store:
    """The store of what contradicts a store, and those of lower numbers. number: from 1."""
    return Store(store.root / CONFLICTS / str(number))


def conflicts(store: Store) -> list[Store]:
    """Those of these stores that are there."""
    return list(takewhile(lambda one: one.root.is_dir(), (conflict(store, number) for number in count(1))))
