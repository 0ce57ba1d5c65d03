"""Whether a store holds what its records say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from srbench.store.cell import digest
from srbench.store.records import RECORD, SHELVES, Record, Shelf, Store


@dataclass(frozen=True)
class Fault:
    """A folder of a store in which something is not what was written, and what."""

    folder: Path
    label: str
    what: str


def faults(store: Store) -> Iterator[Fault]:
    """Everything in a store that its records do not bear out: each file they name is read."""
    for shelf in SHELVES:
        for folder in sorted(store.root.glob(f"{shelf}/??/*")):
            if not (folder / RECORD).exists():
                continue  # of a job that goes on, or that left nothing
            record = store.read(shelf, folder.name)
            if record is None:
                yield Fault(folder, "", f"damaged: {RECORD} cannot be read, or is of another folder")
                continue
            yield from (Fault(folder, record.label, what) for what in _faults_of(store, shelf, record, folder))


def _faults_of(store: Store, shelf: Shelf, record: Record, folder: Path) -> Iterator[str]:
    if digest(record.ingredients) != record.key:
        yield f"damaged: what {RECORD} says its key is made of does not make its key"
        return
    for name in record.files:
        damage = store.damage(shelf, record, [name])
        if damage:
            yield damage
