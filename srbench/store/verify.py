"""Whether a store holds what its records say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from srbench.store.cell import digest
from srbench.store.files import StoreError
from srbench.store.frames import read_scores
from srbench.store.records import CHECKPOINT, LOG, RECORD, SCORES, SHELVES, Record, Shelf, Store

_MEANWHILE = (LOG, "samples")
"""What trainings leave in their folder before they have ended."""


@dataclass(frozen=True)
class Fault:
    """A folder of a store in which something is not what was written, and what."""

    folder: Path
    label: str
    what: str


def faults(store: Store) -> Iterator[Fault]:
    """Everything in a store that its records do not bear out: each file they name is read, scores are added up."""
    for shelf in SHELVES:
        for folder in sorted(store.root.glob(f"{shelf}/??/*")):
            if not (folder / RECORD).exists():
                if _is_finished(shelf, folder):
                    yield Fault(folder, "", f"damaged: {RECORD} is gone")
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
    damages = [damage for name in record.files if (damage := store.damage(shelf, record, [name]))]
    yield from damages
    if shelf == "cells" and not damages:
        try:
            read_scores(store, record)
        except StoreError as error:
            yield f"damaged: {str(error).removeprefix(f'{folder}/')}"


def _is_finished(shelf: Shelf, folder: Path) -> bool:
    """Whether a folder without a record had one: there is what jobs write beside that, or at their end."""
    names = {path.name for path in folder.iterdir()}
    if shelf == "cells":
        return SCORES in names
    return CHECKPOINT not in names and bool(names - {*_MEANWHILE})
