"""One store brought into another: the set union of their records, and of what belongs to these.

What is taken is copied beside its place, held against its sha256, and renamed: a merge that is killed leaves only whole
things, and goes on when it is repeated. What contradicts a record goes into stores of its own, `STORE/conflicts/1` and
so on, as many as there are versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from srbench.store.conflicts import conflict, conflicts
from srbench.store.copies import PICTURES, Damaged, below, beside, copy_all, staged
from srbench.store.file_memory import FileMemory
from srbench.store.files import StoreError, bring_in, content_of, remove, sha256_of, write_atomically
from srbench.store.record import SCORES, Record, encoded
from srbench.store.records import BOARDS, LOG, RECORD, SHELVES, Shelf, Store
from srbench.store.references import REFERENCE_LIST, REFERENCES, References
from srbench.store.union import Difference, alone, differences, is_better, made_the_same, other_files, united, without
from srbench.store.verify import Fault, damage_of_scores, folders_of_records, has_its_key, is_sealed
from srbench.store.votes import VOTES

_ORDER: tuple[Shelf, ...] = ("extractors", "models", "cells")
"""What records name comes before them."""


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
    already. made_good: records of the target that were damaged and have another's place now: what was wrong, and what
    of them is gone. faults: what was not taken, because it is not what was written.
    """

    taken: int = 0
    completed: int = 0
    there: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    made_good: list[Fault] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


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
                    raise Damaged(record)
                if not has_its_key(record):
                    raise Damaged(f"damaged: what {RECORD} says its key is made of does not make its key")
                self._record(shelf, folder, record)
            except Damaged as damage:
                self._merged.faults.append(Fault(folder, label, str(damage)))
        self._references()
        self._sealed()

    def _version(self, number: int) -> Store:
        return conflict(self._target, number) if number else self._target

    def _record(self, shelf: Shelf, folder: Path, record: Record) -> None:
        """Bring one into the first version of the target that it does not contradict."""
        merged, contradicts = self._merged, list[Difference]()
        for place in map(self._version, count()):
            new, given, good, found = False, False, False, list[Difference]()
            kept = place.read(shelf, record.key)
            if kept is None or is_better(record, kept):
                self._adopt(shelf, folder, record, place)
                new = True
            elif damage := self._damage_made_good_by(record, place, shelf, kept):
                lost = self._adopt(shelf, folder, record, place, kept)
                merged.made_good.append(Fault(place.folder(shelf, kept.key), record.label, damage + lost))
                good = True
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
            merged.there += not (new or given or good)

    def _damage_made_good_by(self, record: Record, place: Store, shelf: Shelf, kept: Record) -> str:
        """What is damaged of the one that is kept, where both are ok and nothing sound of it contradicts the other."""
        if not kept.status == record.status == "ok":
            return ""
        names = {SCORES} & kept.files.keys() if shelf == "cells" else kept.files
        damage = place.damage(shelf, kept, names, self._hashed)
        disputed = [name for name in other_files(kept, record) if name in kept.files] if damage else []
        return "" if any(not place.damage(shelf, kept, [name], self._hashed) for name in disputed) else damage

    def _adopt(self, shelf: Shelf, folder: Path, record: Record, place: Store, kept: Record | None = None) -> str:
        """Take a record with all that belongs to it; of one that is not ok that is its log alone.

        kept: the damaged one whose place it takes; what is sound of that stays. Returns what does not, in words.
        """
        there = place.folder(shelf, record.key)
        if record.status != "ok":
            there.mkdir(parents=True, exist_ok=True)
            if (folder / LOG).is_file():
                write_atomically(there / LOG, content_of(folder / LOG))
            place.write(shelf, record)  # last, which says that all is there
            return ""
        if shelf == "cells" and (damage := damage_of_scores(self._source, record)):
            raise Damaged(damage)
        stays = kept if kept is not None and made_the_same(kept, record) else None
        parts = PICTURES if shelf == "cells" else ()
        with staged(there) as new:
            copy_all(folder, new, {name: record.files[name] for name in record.files if _part_of(name) not in parts})
            whole = record
            for part in parts:
                whole = self._taken(part, new, [folder] if stays is None else [folder, there], whole, stays)
            loose = beside(folder)
            copy_all(folder, new, loose)
            if stays is not None:
                copy_all(there, new, {name: "" for name in beside(there) if name not in loose})
            write_atomically(new / RECORD, encoded(whole))
            bring_in(new, there)
        return "" if kept is None else _gone(kept, whole)

    def _taken(self, part: str, new: Path, folders: Sequence[Path], record: Record, stays: Record | None) -> Record:
        """Copy a folder of pictures: what two records have of it together, or else one has; that one, or the first."""
        sources = [folder for folder in folders if (folder / part).is_dir()]
        both = record if stays is None else united(record, alone(stays, part))
        fault = ""
        for whole in (both, record) if sources else ():
            try:
                copy_all(sources[0], new, below(whole, part), *sources[1:])
                return whole
            except Damaged as damaged:
                fault = fault or str(damaged)
                remove(new / part)
        if fault:
            self._merged.faults.append(Fault(folders[0], record.label, fault))
        return record

    def _complete(self, folder: Path, record: Record, place: Store, kept: Record) -> bool:
        """Add what one record of a cell has beside another of the same SR; whether there was anything."""
        there, given = place.folder("cells", record.key), False
        for part in PICTURES:
            mine, wanted = below(kept, part), below(united(kept, record), part)
            lacking = {
                name: known
                for name, known in wanted.items()
                if name not in mine or place.damage("cells", kept, [name], self._hashed)
            }
            is_mended = wanted == mine and (there / part).is_dir()
            if lacking and self._give(folder, record, there, part, lacking, in_part=is_mended):
                given = True
            elif wanted != mine:
                record = without(record, part)
        whole = united(kept, record)
        if whole == kept:
            return given
        more = [key for key, result in whole.metrics.items() if result is not kept.metrics.get(key)]
        if any(whole.metrics[key].status == "ok" for key in more):
            if damage := self._source.damage("cells", record, [SCORES]) or damage_of_scores(self._source, record):
                raise Damaged(damage)
            place.write_with_scores(whole, _rows(there / SCORES, more, folder / SCORES))
        else:
            place.write("cells", whole)
        return True

    def _give(
        self, folder: Path, record: Record, there: Path, part: str, lacking: Mapping[str, str], *, in_part: bool
    ) -> bool:
        """Bring pictures that a folder of a cell lacks, of which nothing goes; whether there was anything.

        in_part: whether some are better than none.
        """
        theirs = {name: known for name, known in lacking.items() if record.files.get(name) == known}
        if not theirs or not (folder / part).is_dir() or (len(theirs) < len(lacking) and not in_part):
            return False
        sound, faults = list[str](), list[str]()
        with staged(there / part) as new:
            for name, known in theirs.items():
                try:
                    copy_all(folder, new, {name: known})
                    sound.append(name)
                except Damaged as damaged:
                    faults.append(str(damaged))
            if faults:
                self._merged.faults.append(Fault(folder, record.label, faults[0]))
            if not sound or (faults and not in_part):
                return False
            if (there / part).is_dir():
                for name in sound:
                    write_atomically(there / name, content_of(new / name))
            else:
                bring_in(new / part, there / part)
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
            with staged(there) as new:
                copy_all(folder, new, found.files())
                copy_all(folder, new, {REFERENCE_LIST: ""})
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


def _part_of(name: str) -> str:
    """The folder of a record's file; empty where it lies in none."""
    return name.partition("/")[0] if "/" in name else ""


def _gone(kept: Record, whole: Record) -> str:
    """What a damaged record has that the one in its place has not, in words, after a semicolon."""
    lost = [f"{one.what} {one.kept}" for one in differences(kept, whole)]
    lost += [result.name for key, result in kept.metrics.items() if result.status == "ok" and key not in whole.metrics]
    lost += [f"{kept.samples - whole.samples} samples of each SR"] if kept.samples > whole.samples else []
    lost += ["SR of the training split"] if kept.training_images and not whole.training_images else []
    lost += ["what was made of HR itself"] if kept.ceiling_images and not whole.ceiling_images else []
    return f"; gone with it: {', '.join(lost)}" if lost else ""


def _rows(kept: Path, keys: Sequence[str], other: Path) -> pa.Table:
    """The scores of a cell, with those of some metrics from another table in the place of its own."""
    theirs = pq.read_table(other)
    theirs = theirs.filter(pc.is_in(theirs["metric"], pa.array(keys, pa.string())))
    if not kept.exists():
        return theirs
    mine = pq.read_table(kept)
    mine = mine.filter(pc.invert(pc.is_in(mine["metric"], pa.array(keys, pa.string()))))
    return pa.concat_tables([mine, theirs.select(mine.column_names).cast(mine.schema)])
