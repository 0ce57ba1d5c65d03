"""One store brought into another: the set union of their records, and of what belongs to these.

What is taken is copied beside its place, held against its sha256, and renamed: a merge that is killed leaves only whole
things, and goes on when it is repeated. What contradicts a record goes into stores of its own, `STORE/conflicts/1` and
so on, as many as there are versions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from srbench.store.conflicts import conflict, conflicts
from srbench.store.file_memory import FileMemory
from srbench.store.files import (
    StoreError,
    bring_in,
    content_of,
    remove,
    sha256_of,
    stamp,
    temporary_in,
    write_atomically,
)
from srbench.store.record import SCORES, Record, encoded
from srbench.store.records import (
    BOARDS,
    CEILING_IMAGES,
    IMAGES,
    LAST_CHECKPOINT,
    LOG,
    NEAREST_IMAGES,
    RECORD,
    SAMPLE_IMAGES,
    SAMPLES,
    SHELVES,
    TRAINING_IMAGES,
    Shelf,
    Store,
)
from srbench.store.references import REFERENCE_LIST, REFERENCES, References
from srbench.store.union import Difference, differences, is_better, made_the_same, united
from srbench.store.verify import Fault, damage_of_scores, folders_of_records, has_its_key, is_sealed
from srbench.store.votes import VOTES

_PICTURES = (IMAGES, TRAINING_IMAGES, CEILING_IMAGES, SAMPLE_IMAGES)
"""Folders without which a cell's record stands."""
_ORDER: tuple[Shelf, ...] = ("extractors", "models", "cells")
"""What records name comes before them."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Conflict:
    """A record that contradicts the one of the same key which the target holds. kept, other: the folders of both."""

    label: str
    kept: Path
    other: Path
    differences: tuple[Difference, ...]


@dataclass
class Merged:
    """What came of a source.

    taken, completed, there: how many records were new to the target, gave something to one that it has, and were there
    already. faults: what was not taken, because it is not what was written.
    """

    taken: int = 0
    completed: int = 0
    there: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class _Damaged(Exception):
    """A file of a source that is not what was written, in words."""


def merge(source: Store, target: Store) -> Merged:
    """Bring what a store holds, conflicts included, into another one, which nobody else writes meanwhile.

    The source is only read. Raises `StoreError` where it holds no records, and where the target cannot be written.
    """
    if not any((source.root / shelf).is_dir() for shelf in SHELVES):
        raise StoreError(f"{source.root} is no store: it has none of the folders {', '.join(SHELVES)}")
    if source.root.resolve() == target.root.resolve():
        raise StoreError(f"{source.root} cannot be merged into itself")
    merged = Merged()
    try:
        for version in conflicts(target):
            version.settle(alone=True)
        for one in (source, *conflicts(source)):
            _Merge(one, target, merged).all()
    except OSError as error:
        where = error.filename or target.root
        raise StoreError(f"{where}: cannot be written: {error.strerror or error}; merge again") from error
    return merged


class _Merge:
    """One folder of records, brought into a target."""

    def __init__(self, source: Store, target: Store, merged: Merged) -> None:
        self._source, self._target, self._merged = source, target, merged
        self._hashed = FileMemory("hashes").sha256

    def all(self) -> None:
        found = ((shelf, *one) for shelf in _ORDER for one in folders_of_records(self._source, shelf))
        for shelf, folder, record in found:
            label = record.label if isinstance(record, Record) else ""
            try:
                if not isinstance(record, Record):
                    raise _Damaged(record)
                if not has_its_key(record):
                    raise _Damaged(f"damaged: what {RECORD} says its key is made of does not make its key")
                self._record(shelf, folder, record)
            except _Damaged as damage:
                self._merged.faults.append(Fault(folder, label, str(damage)))
        self._references()
        self._sealed()

    def _version(self, number: int) -> Store:
        return conflict(self._target, number) if number else self._target

    def _record(self, shelf: Shelf, folder: Path, record: Record) -> None:
        """Bring one into the first version of the target that it does not contradict."""
        merged, contradicts = self._merged, list[Difference]()
        for place in map(self._version, count()):
            new, given, found = False, False, list[Difference]()
            kept = place.read(shelf, record.key)
            if kept is None or is_better(record, kept) or self._is_made_good_by(record, place, shelf, kept):
                self._adopt(shelf, folder, record, place)
                new = True
            elif kept.status == record.status == "ok":
                found = differences(kept, record)
                given = shelf == "cells" and made_the_same(kept, record) and self._complete(folder, record, place, kept)
            contradicts = contradicts or found
            if not found:
                break
        if contradicts:
            here, other = (one.folder(shelf, record.key) for one in (self._target, place))
            merged.conflicts.append(Conflict(record.label, here, other, tuple(contradicts)))
        else:
            merged.taken, merged.completed = merged.taken + new, merged.completed + given
            merged.there += not (new or given)

    def _is_made_good_by(self, record: Record, place: Store, shelf: Shelf, kept: Record) -> bool:
        """Whether both are ok, and the one that is kept is damaged."""
        if not kept.status == record.status == "ok":
            return False
        names = {SCORES} & kept.files.keys() if shelf == "cells" else kept.files
        return bool(place.damage(shelf, kept, names, self._hashed))

    def _adopt(self, shelf: Shelf, folder: Path, record: Record, place: Store) -> None:
        """Take a record with all that belongs to it; of one that is not ok that is its log alone."""
        there = place.folder(shelf, record.key)
        if record.status != "ok":
            there.mkdir(parents=True, exist_ok=True)
            if (folder / LOG).is_file():
                write_atomically(there / LOG, content_of(folder / LOG))
            place.write(shelf, record)  # last, which says that all is there
            return
        if shelf == "cells" and (damage := damage_of_scores(self._source, record)):
            raise _Damaged(damage)
        parts: dict[str, dict[str, str]] = {}
        for name in self._source.kept(shelf, record):
            part = name.partition("/")[0]
            parts.setdefault(part if shelf == "cells" and part in _PICTURES else "", {})[name] = record.files[name]
        with _staged(there) as new:
            _copy_all(folder, new, parts.pop("", {}))
            for part, files in parts.items():
                try:
                    _copy_all(folder, new, files)
                except _Damaged as damaged:
                    self._merged.faults.append(Fault(folder, record.label, str(damaged)))
                    remove(new / part)
            _copy_all(folder, new, _beside(folder))
            write_atomically(new / RECORD, encoded(record))
            bring_in(new, there)

    def _complete(self, folder: Path, record: Record, place: Store, kept: Record) -> bool:
        """Add what one record of a cell has beside another of the same SR; whether there was anything."""
        whole, there = united(kept, record), place.folder("cells", record.key)
        given = False
        for part in _PICTURES:
            files = {name: known for name, known in record.files.items() if name.startswith(f"{part}/")}
            lacking = files and (
                not files.items() <= kept.files.items() or place.damage("cells", kept, files, self._hashed)
            )
            if not lacking or not files.items() <= whole.files.items() or not (folder / part).is_dir():
                continue
            try:
                with _staged(there / part) as new:
                    _copy_all(folder, new, files)
                    bring_in(new / part, there / part)
                given = True
            except _Damaged as damaged:
                self._merged.faults.append(Fault(folder, record.label, str(damaged)))
        if whole == kept:
            return given
        more = [key for key, result in whole.metrics.items() if result is not kept.metrics.get(key)]
        if any(whole.metrics[key].status == "ok" for key in more):
            if damage := self._source.damage("cells", record, [SCORES]) or damage_of_scores(self._source, record):
                raise _Damaged(damage)
            place.write_with_scores(whole, _rows(there / SCORES, more, folder / SCORES))
        else:
            place.write("cells", whole)
        return True

    def _references(self) -> None:
        for folder in sorted((self._source.root / REFERENCES).glob("??/*")):
            there = self._target.root / REFERENCES / folder.parent.name / folder.name
            kept, found = References(there), References(folder)
            if there.is_dir() and not kept.damage(self._hashed):
                continue
            if damage := found.damage(sha256_of):
                self._merged.faults.append(Fault(folder, "", damage))
                continue
            with _staged(there) as new:
                _copy_all(folder, new, found.files())
                _copy_all(folder, new, {REFERENCE_LIST: ""})
                bring_in(new, there)

    def _sealed(self) -> None:
        """Boards, and what people said."""
        root = self._source.root
        for path in sorted([*root.glob(f"{BOARDS}/*.json"), *root.glob(f"{VOTES}/*/*.json")]):
            there = self._target.root / path.relative_to(root)
            if there.exists() and is_sealed(there):
                continue
            if is_sealed(path):
                there.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(there, content_of(path))
            else:
                self._merged.faults.append(Fault(path, "", f"damaged: {path.name} is not what was written"))


@contextmanager
def _staged(place: Path) -> Iterator[Path]:
    """A new folder beside a place, for what is to come there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    new = temporary_in(place.parent)
    new.mkdir()
    try:
        yield new
    finally:
        if new.exists():
            remove(new)


def _beside(folder: Path) -> dict[str, str]:
    """What belongs to a record that is ok without being named by it: nothing rests on these files."""
    journals = (f"{images}.jsonl" for images in (IMAGES, TRAINING_IMAGES, SAMPLE_IMAGES))
    found = [folder / name for name in (LOG, LAST_CHECKPOINT, *journals)]
    for name in (NEAREST_IMAGES, SAMPLES):
        found += (folder / name).rglob("*")
    return {path.relative_to(folder).as_posix(): "" for path in found if path.is_file() and not path.is_symlink()}


def _copy_all(folder: Path, new: Path, files: Mapping[str, str]) -> None:
    """Copy files into a folder. files: the sha256 of each, empty where it may be any. Raises `_Damaged`."""
    for name, known in files.items():
        place = new / name
        place.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with place.open("wb") as copy:
            for chunk in _chunks(folder, name):
                digest.update(chunk)
                copy.write(chunk)
        if known not in ("", digest.hexdigest()):
            raise _Damaged(f"damaged: {name} is not the file that was written")


def _chunks(folder: Path, name: str) -> Iterator[bytes]:
    try:
        stamp(folder / name)  # which refuses what is no file
        with (folder / name).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except FileNotFoundError:
        raise _Damaged(f"damaged: {name} is gone") from None
    except OSError as error:
        raise _Damaged(f"{name} cannot be read: {error.strerror or error}") from error


def _rows(kept: Path, keys: Sequence[str], other: Path) -> pa.Table:
    """The scores of a cell, with those of some metrics from another table in the place of its own."""
    theirs = pq.read_table(other)
    theirs = theirs.filter(pc.is_in(theirs["metric"], pa.array(keys, pa.string())))
    if not kept.exists():
        return theirs
    mine = pq.read_table(kept)
    mine = mine.filter(pc.invert(pc.is_in(mine["metric"], pa.array(keys, pa.string()))))
    return pa.concat_tables([mine, theirs.select(mine.column_names).cast(mine.schema)])
