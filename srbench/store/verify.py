"""Whether a store holds what its records say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from srbench.store.cell import digest
from srbench.store.files import StoreError, content_of
from srbench.store.frames import read_scores
from srbench.store.index import INDEX
from srbench.store.record import Record, is_key
from srbench.store.records import BOARDS, RECORD, SHELVES, Shelf, Store
from srbench.store.references import REFERENCES, References
from srbench.store.seal import SEAL, UNREADABLE, unsealed
from srbench.store.votes import VOTES

_NAMES = {*Record.__struct_fields__, SEAL}
"""What stands in a record's file."""


@dataclass(frozen=True)
class Fault:
    """A folder of a store in which something is not what was written, and what."""

    folder: Path
    label: str
    what: str


def faults(store: Store) -> Iterator[Fault]:
    """Everything in a store that is not what was written: each file that a record names is read, scores are added up.

    Logs, and the notes of images that are made, hold nothing that is not elsewhere, and are not looked at; nor are last
    checkpoints, on which nothing rests before a training goes on from one, and looks at it.
    """
    yield from _faults_of_records(store)
    for folder in sorted((store.root / REFERENCES).glob("??/*")):
        try:
            what = References(folder).damage()
        except StoreError as error:
            what = str(error)
        if what:
            yield Fault(folder, "", what)
    for path in sorted([*store.root.glob(f"{BOARDS}/*.json"), *store.root.glob(f"{VOTES}/*/*.json")]):
        if not is_sealed(path):
            yield Fault(path, "", f"damaged: {path.name} is not what was written")
    if not store.index.is_sound:
        yield Fault(store.root / INDEX, "", f"damaged: {INDEX} is no index of these records")


def is_sealed(path: Path) -> bool:
    """Whether a file of JSON is what was written."""
    try:
        content = unsealed(content_of(path))
        return content is not None and isinstance(msgspec.json.decode(content), dict)
    except (OSError, *UNREADABLE):
        return False


def _faults_of_records(store: Store) -> Iterator[Fault]:
    for shelf in SHELVES:
        for folder, record in folders_of_records(store, shelf):
            if not isinstance(record, Record):
                yield Fault(folder, "", record)
                continue
            if not _holds_no_more_than_a_record(folder / RECORD):
                yield Fault(folder, record.label, f"damaged: {RECORD} is not what was written")
            yield from (Fault(folder, record.label, what) for what in _faults_of(store, shelf, record))


def folders_of_records(store: Store, shelf: Shelf) -> Iterator[tuple[Path, Record | str]]:
    """Every folder with a record on a shelf, by key: the record, or in words why there is none that could be read.

    What a job has only begun is passed over.
    """
    for folder in sorted(store.root.glob(f"{shelf}/??/*")):
        if not is_key(folder.name):
            continue  # somebody else's
        if folder != store.folder(shelf, folder.name):
            yield folder, f"damaged: {RECORD} is in the place of another"
        elif found := store.read(shelf, folder.name) or store.lost_record(shelf, folder.name):
            yield folder, found


def _holds_no_more_than_a_record(path: Path) -> bool:
    try:
        return set(msgspec.json.decode(path.read_bytes())) <= _NAMES
    except UNREADABLE:
        return False


def _faults_of(store: Store, shelf: Shelf, record: Record) -> Iterator[str]:
    if not has_its_key(record):
        yield f"damaged: what {RECORD} says its key is made of does not make its key"
        return
    damages = [damage for name in store.kept(shelf, record) if (damage := _damage(store, shelf, record, name))]
    yield from damages
    if shelf == "cells" and not damages:
        yield from filter(None, [damage_of_scores(store, record)])


def _damage(store: Store, shelf: Shelf, record: Record, name: str) -> str:
    try:
        return store.damage(shelf, record, [name])
    except StoreError as error:
        return str(error)


def has_its_key(record: Record) -> bool:
    """Whether what a record says its key is made of makes that key."""
    return digest(record.ingredients) == record.key


def damage_of_scores(store: Store, record: Record) -> str:
    """That the scores of a cell cannot be read, or do not add up to its record, in words; empty where they do."""
    folder = store.folder("cells", record.key)
    try:
        read_scores(store, record)
    except StoreError as error:
        return f"damaged: {str(error).removeprefix(f'{folder}/')}"
    return ""
