"""The stores of what contradicts a store."""

from __future__ import annotations

from srbench.store.conflicts import conflict, conflicts
from srbench.store.records import Store


def test_they_are_numbered_from_one_and_found_while_they_are_there(store: Store) -> None:
    assert conflicts(store) == []
    for number in (1, 2):
        conflict(store, number).create()
    assert [one.root.relative_to(store.root).as_posix() for one in conflicts(store)] == ["conflicts/1", "conflicts/2"]
