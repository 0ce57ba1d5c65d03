"""Records on disk. Immutable files, one folder a cell, are the truth; SQLite is a cache of them.

STORE/cells/<2 hex>/<key>/record.json      written last: a cell is done when this file exists
                         /scores.parquet   one row an image and metric
                         /images/ID.png    SR as scored
                         /images.jsonl     notes of these, by which an attempt that was cut off goes on
                         /log.txt
                         /images_train/    SR of the training split, where a metric needed it
                         /images_samples/  several samples of each SR, where a metric needed them
                         /nearest.parquet  of a generator's images, and of the test split's, the nearest training images
                         /images_nearest/  the training images that stand there, as `references.py` keeps them
                         /images_ceiling/  what the method made of HR itself, where it has a ceiling
STORE/models/<2 hex>/<key>/                record.json, the method's files, history.csv, checkpoint/ while it is trained
                          /checkpoint.pt   the last one of its training, which another goes on from
STORE/extractors/<2 hex>/<key>/            record.json, the files of an extractor that srbench trained, checkpoint/
STORE/references/                          HR and LR of test splits (`references.py`)
STORE/votes/                               what people said of pictures (`votes.py`)
STORE/boards/                              what pages tell of a matrix besides its results
STORE/conflicts/N/                         what merges kept of records that contradict the store's: a store each
STORE/jobs/<key>/                          while a run goes on: job.json, and what its keeper tells
STORE/runs/NAME.lease                      while a process is at work here (`lease.py`)
STORE/runs/NAME.json                       how far a run is; gone when another begins
STORE/runs/latest                          whose lease was taken last, and whether that process ended in order
STORE/index.sqlite                         a cache of the records
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from srbench.errors import nearest
from srbench.store.files import (
    Stamp,
    StoreError,
    bytes_of,
    folders_in,
    hash_of,
    is_leftover,
    remove,
    sha256,
    sha256_of,
    stamp,
    write_atomically,
    write_table,
)
from srbench.store.index import Index
from srbench.store.record import SCORES, Record, decoded, encoded, is_key

if TYPE_CHECKING:
    import pyarrow as pa

Shelf = Literal["cells", "models", "extractors"]
SHELVES: tuple[Shelf, ...] = get_args(Shelf)
RECORD = "record.json"
LOG = "log.txt"
CHECKPOINT = "checkpoint"
LAST_CHECKPOINT = "checkpoint.pt"
"""In that folder the latest of a training, and beside the record of a model the last one of its training."""
IMAGES = "images"
TRAINING_IMAGES = "images_train"
CEILING_IMAGES = "images_ceiling"
NEAREST_IMAGES = "images_nearest"
SAMPLE_IMAGES = "images_samples"
MATRIX = "matrix"
BOARDS = "boards"
RUNS = "runs"
_LEVELS = {"": 3, "references": 3}
"""Folders in which writers leave something when they are killed, or their disk fails, and how many levels deep."""
_SCORES_BEFORE = "scores.before.parquet"
"""The scores of a record that is being replaced together with them."""
SAMPLES = "samples"
_MEANWHILE = (LOG, SAMPLES)
"""What trainings leave in their folder before they have ended."""
JOBS = "jobs"
PUBLISHED = "records.jsonl"
"""In a folder of pages: the data that they were made of."""
LASTING = "lasting"
"""Beside the file of a job that may outlive its run."""


def is_store(folder: Path) -> bool:
    """Whether a folder holds what a run leaves first. Published pages have a folder `cells`, too."""
    published = (folder / PUBLISHED).is_file()
    return not published and any((folder / shelf).is_dir() for shelf in (*SHELVES, RUNS))


class Store:
    """A folder of records. Reading never writes, except into the index."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def index(self) -> Index[Record]:
        """The index of its records."""
        return Index(self.root, RECORD, decoded)

    def folder(self, shelf: Shelf, key: str) -> Path:
        """Where a cell, model or extractor lives."""
        return Path(self.place(shelf, key))

    def place(self, shelf: Shelf, key: str) -> str:
        """The folder of a key as text, which is made much faster."""
        if not is_key(key):
            raise StoreError(f"{key!r} is no key of the store {self.root}")
        return f"{self.root}/{shelf}/{key[:2]}/{key}"

    def create(self) -> None:
        """Make the folder; `StoreError` when it cannot be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise StoreError(f"the store {self.root} cannot be written: {error.strerror or error}") from None

    def settle(self, *, alone: bool) -> None:
        """Undo what a merge that was killed had begun, and remove what is spent.

        alone: nobody else is at work here; otherwise what is not whole may be another's, which is writing it.
        """
        strewn = self._strewn()
        for before in strewn:
            of = self._place_of(before) if before.name == _SCORES_BEFORE else None
            if of is None or of[0] != "cells":
                continue
            with suppress(FileNotFoundError):  # another run does the same
                record = self.read(*of)
                if record is not None and record.files.get(SCORES) == sha256_of(before):
                    before.replace(before.with_name(SCORES))
                else:
                    before.unlink()
        for path in self._spent(strewn, alone):
            with suppress(OSError):  # it costs space, and nothing else
                if path.name == CHECKPOINT:
                    put_away(path)
                else:
                    remove(path)

    def spent(self, *, alone: bool) -> list[Path]:
        """What a writer would have removed that was killed, or whose disk failed.

        Files and folders that are not whole, where nobody else is at work and no job outlives its run, and folders of
        checkpoints of trainings that went well.
        """
        return self._spent(self._strewn(), alone)

    def _spent(self, strewn: Iterable[Path], alone: bool) -> list[Path]:
        alone = alone and not any(self.root.glob(f"{JOBS}/*/{LASTING}"))
        return [path for path in strewn if (is_leftover(path.name) and alone) or self._is_over(path)]

    def _is_over(self, path: Path) -> bool:
        """Whether it is the checkpoint of a training that went well."""
        of = self._place_of(path) if path.name == CHECKPOINT else None
        record = None if of is None else self.read(*of)
        return record is not None and record.status == "ok"

    def _place_of(self, path: Path) -> tuple[Shelf, str] | None:
        """The shelf and key in whose folder something lies."""
        for shelf in SHELVES:
            if is_key(path.parent.name) and path.parent == self.folder(shelf, path.parent.name):
                return shelf, path.parent.name
        return None

    def _strewn(self) -> list[Path]:
        """What lies in the folders under names of what is there for a while only: all are gone through once."""
        found = {
            Path(folder, name): None
            for below, levels in _LEVELS.items()
            for folder, names in folders_in(self.root / below, levels)
            for name in names
            if name in (CHECKPOINT, _SCORES_BEFORE) or is_leftover(name)
        }
        return list(found)

    def remember_matrix(self, path: Path) -> None:
        """Note which matrix file the store serves, for questions asked about a cell alone."""
        write_atomically(self.root / MATRIX, f"{path.resolve()}\n".encode())

    def last_matrix(self) -> Path | None:
        """The matrix file of the latest run, if it is still there."""
        note = self.root / MATRIX
        path = Path(note.read_text().strip()) if note.exists() else None
        return path if path is not None and path.exists() else None

    def read(self, shelf: Shelf, key: str) -> Record | None:
        """The record of a key, or None; a damaged record counts as none, and so does that of another key."""
        content = bytes_of(self.folder(shelf, key) / RECORD)
        return None if content is None else decoded(content, key)

    def stamp(self, shelf: Shelf, key: str) -> Stamp | None:
        """What tells the record of a key from any other that ever stood there; None where there is none."""
        try:
            return stamp(self.folder(shelf, key) / RECORD)
        except OSError:
            return None

    def keys(self, shelf: Shelf) -> frozenset[str]:
        """The keys of which there is anything on a shelf, a record or not. Raises `StoreError`."""
        found: set[str] = set()
        try:
            for folder in os.scandir(self.root / shelf):
                with suppress(NotADirectoryError):
                    found.update(filter(is_key, os.listdir(folder)))  # noqa: PTH208 (half a second for 100,000)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreError(f"{self.root / shelf}: cannot be read: {error.strerror or error}") from error
        return frozenset(found)

    def last_checkpoint(self, key: str) -> Path:
        """Where the last checkpoint of a model's training is, as long as it is kept."""
        return self.folder("models", key) / LAST_CHECKPOINT

    def lost_record(self, shelf: Shelf, key: str) -> str:
        """What became of a record that was there once, in words; empty where it stands, or never was."""
        folder = self.folder(shelf, key)
        if (folder / RECORD).exists():
            return "" if self.read(shelf, key) else f"damaged: {RECORD} cannot be read, or is of another folder"
        return f"damaged: {RECORD} is gone" if _is_finished(shelf, folder) else ""

    def write(self, shelf: Shelf, record: Record) -> None:
        """Leave a record; from here on the cell is done."""
        write_atomically(self._made(shelf, record.key) / RECORD, encoded(record))

    def write_with_scores(self, record: Record, table: pa.Table) -> None:
        """Leave a record of a cell and its scores, in the place of earlier ones: after a crash both are, or neither."""
        scores = self._made("cells", record.key) / SCORES
        before = scores.with_name(_SCORES_BEFORE)
        if (content := bytes_of(scores)) is not None:
            write_atomically(before, content)
        write_table(scores, table)
        self.write("cells", msgspec.structs.replace(record, files=record.files | {SCORES: sha256_of(scores)}))
        before.unlink(missing_ok=True)

    def _made(self, shelf: Shelf, key: str) -> Path:
        folder = self.folder(shelf, key)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made: {error.strerror or error}") from error
        return folder

    def hashes(self, shelf: Shelf, key: str, names: Iterable[str]) -> dict[str, str]:
        """The sha256 of files, by their names below the folder of a key: what its record says of them."""
        folder = self.folder(shelf, key)
        return {name: sha256(folder / name) for name in names}

    def kept(self, shelf: Shelf, record: Record) -> list[str]:
        """The files of a record; of a cell without those of folders that are gone altogether, to save space perhaps."""
        if shelf != "cells":
            return [*record.files]
        place, of = self.place(shelf, record.key), {name: name.rpartition("/")[0] for name in record.files}
        there = {folder for folder in {*of.values()} if os.path.isdir(f"{place}/{folder}")}  # noqa: PTH112 (fast)
        return [name for name, folder in of.items() if folder in there]

    def damage(
        self,
        shelf: Shelf,
        record: Record,
        names: Iterable[str] | None = None,
        hashed: Callable[[Path], str] = sha256,
    ) -> str:
        """Which file of a record is not what was written, in words; empty when all are.

        names: of the files to look at; all that the record names unless told. hashed: how their sha256 is found. Raises
        `StoreError` where one cannot be read now: it may be sound.
        """
        place = self.place(shelf, record.key)
        for name in record.files if names is None else names:
            known = hash_of(Path(f"{place}/{name}"), hashed)
            if known is None:
                return f"damaged: {name} is gone"
            if known != record.files.get(name):
                return f"damaged: {name} is not the file that was written"
        return ""

    def records(self, shelf: Shelf) -> Iterator[Record]:
        """Every record on a shelf."""
        yield from self.index.entries(shelf)

    def find(self, shelf: Shelf, prefix: str) -> Record:
        """The record whose key begins with `prefix` or whose label is `prefix`; the latest, of several."""
        found = [record for record in self.records(shelf) if prefix in (record.key[: len(prefix)], record.label)]
        if not found:
            labels = [record.label for record in self.records(shelf)]
            lost = sum(bool(self.lost_record(shelf, key)) for key in self.keys(shelf))
            more = f" {lost} of its records are damaged: `srbench verify {self.root}`." if lost else ""
            raise StoreError(f"no cell {prefix!r} in the store {self.root}.{nearest(prefix, labels)}{more}")
        return max(found, key=lambda record: record.started)


def put_away(checkpoints: Path) -> None:
    """Remove the folder of checkpoints of a training that went well; of a model the last one is kept.

    Raises `OSError`.
    """
    last, folder = checkpoints / LAST_CHECKPOINT, checkpoints.parent
    if folder.parts[-3] == "models" and last.is_file():
        last.replace(folder / LAST_CHECKPOINT)
    if checkpoints.exists():
        remove(checkpoints)


def _is_finished(shelf: Shelf, folder: Path) -> bool:
    """Whether there is what jobs write beside a record, or at their end."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if shelf == "cells":
        return SCORES in names
    return CHECKPOINT not in names and bool(names - {*_MEANWHILE})
