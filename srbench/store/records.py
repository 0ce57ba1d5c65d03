"""Records on disk. Immutable files, one folder a cell, are the truth; SQLite is a cache of them.

STORE/cells/<2 hex>/<key>/record.json      written last: a cell is done when this file exists
                         /scores.parquet   one row an image and metric
                         /images/ID.png    SR as scored
                         /images.jsonl     notes of these, by which an attempt that was cut off goes on
                         /log.txt
                         /images_train/    SR of the training split, where a metric needed it
                         /nearest.parquet  of a generator's images, and of the test split's, the nearest training images
                         /images_nearest/  the training images that stand there, as `references.py` keeps them
                         /images_ceiling/  what the method made of HR itself, where it has a ceiling
STORE/models/<2 hex>/<key>/                record.json, the method's files, history.csv, checkpoint/
STORE/extractors/<2 hex>/<key>/            record.json, the files of an extractor that srbench trained, checkpoint/
STORE/references/                          HR and LR of test splits (`references.py`)
STORE/boards/                              what pages tell of a matrix besides its results
STORE/conflicts/N/                         what merges kept of records that contradict the store's: a store each
STORE/jobs/<key>/                          while a run goes on: job.json, and what its keeper tells
STORE/runs/ID.json                         how far a run is; gone when another begins
STORE/index.sqlite                         a cache of the records
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from srbench.errors import nearest
from srbench.store.details import Details
from srbench.store.files import (
    StoreError,
    bytes_of,
    hash_of,
    leftovers,
    remove,
    sha256,
    sha256_of,
    write_atomically,
    write_table,
)
from srbench.store.index import Index
from srbench.store.lock import held
from srbench.store.seal import UNREADABLE, sealed, unsealed
from srbench.store.texts import brief, each, tail, visible

if TYPE_CHECKING:
    import pyarrow as pa

Status = Literal["ok", "skipped", "failed", "timeout", "out_of_memory", "killed"]
Shelf = Literal["cells", "models", "extractors"]
SHELVES: tuple[Shelf, ...] = get_args(Shelf)
RECORD = "record.json"
SCORES = "scores.parquet"
LOG = "log.txt"
CHECKPOINT = "checkpoint"
IMAGES = "images"
TRAINING_IMAGES = "images_train"
CEILING_IMAGES = "images_ceiling"
NEAREST_IMAGES = "images_nearest"
MATRIX = "matrix"
BOARDS = "boards"
RUNS = "runs"
_LEFTOVERS = ("", "*/", "*/*/", "*/*/*/", "references/*/*/*/")
"""Where writers leave something when they are killed, or their disk fails."""
_SCORES_BEFORE = "scores.before.parquet"
"""The scores of a record that is being replaced together with them."""
SAMPLES = "samples"
_MEANWHILE = (LOG, SAMPLES)
"""What trainings leave in their folder before they have ended."""
JOBS = "jobs"
LASTING = "lasting"
"""Beside the file of a job that may outlive its run."""
_KEY = re.compile(r"[0-9A-Za-z_-]+")


def is_key(text: str) -> bool:
    """Whether a text may be the key of a record, and so a folder's name."""
    return _KEY.fullmatch(text) is not None


class MetricResult(msgspec.Struct, kw_only=True):
    """One metric of one cell.

    key: of the metric's plugin, parameters, and whatever it runs on. name: what the matrix that asked for it called it.
    again: it says nothing about the metric, and the next run tries again without being asked. value: the mean over
    units, where a unit is a group, with the mean over its images, or an image without a group (for a set metric, its
    value); None unless ok. n: images in it. groups: units in it where any of these images has a group, otherwise 0.
    infinite: images left out of the mean because their score is infinite (identical images). lowest, highest: the ends
    of its range, None where there is none. details: what stands beside a set metric's value. notes: what to know of the
    value: how good the extractor is that it was measured with. packages: the versions of packages that are part of
    its key.
    """

    key: str
    name: str = ""
    status: Literal["ok", "skipped", "failed"] = "ok"
    reason: str = ""
    again: bool = False
    value: float | None = None
    n: int = 0
    groups: int = 0
    infinite: int = 0
    unit: str = ""
    higher_is_better: bool = True
    lowest: float | None = None
    highest: float | None = None
    per_image: bool = True
    details: Details = Details()
    notes: list[str] = []
    packages: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Texts as they may be kept and shown."""
        self.reason, self.notes = brief(self.reason), [brief(note) for note in self.notes]


class Record(msgspec.Struct, kw_only=True):
    """What a cell (or the training of a model or an extractor) left behind.

    reason: why it is not ok, in words. A cell is ok when it has SR; its metrics have a status each. point: the cell's
    coordinates. ingredients: what its key is made of. metrics: its results; in the store by the metric's key, so that
    matrices that call different metrics alike share a cell, and as a plan or a person reads them by name. cost: numbers
    by name: `train_seconds`, `train_steps`, `upscale_seconds`, `ms_per_megapixel` (of SR), `latency_ms`,
    `peak_memory_gb`, `parameters`, `macs` and others, all in docs/cost.md. lr: whether the LR was `made`, `shipped`, or
    `mixed`. images: the SR files' names, by image id; training_images: those of the training split, training_split:
    which split that was (a fingerprint). groups: the group of each image that has one. seen_groups: groups of the test
    split of which the model learned from other regions. warnings: what is probably wrong with the data or the SR, a
    sentence each. labels: the class of each image that has one, of a generated one the class that was asked for.
    ceiling: the metrics of what the method made of HR itself, ceiling_images: the files' names of that; both are empty
    where it has no ceiling. model: the key of the model it used. facts: what a model or an extractor said of itself
    when trained. job: what the executor called the job that made it. files: the sha256 of each file that belongs to it,
    by its name below the record's folder: SR and scores, or what was saved. notes: what its method wants readers to
    know, a sentence each. environment: where it ran.

    Texts are short and hold nothing that a terminal obeys. A name that would lead out of the record's folder is a
    `ValueError`, so that a record which somebody wrote by hand leads nowhere else.
    """

    key: str
    schema: int
    status: Status
    reason: str = ""
    point: dict[str, str | int | None] = {}
    ingredients: dict[str, Any] = {}
    metrics: dict[str, MetricResult] = {}
    cost: dict[str, float | None] = {}
    lr: str | None = None
    images: dict[str, str] = {}
    groups: dict[str, str] = {}
    seen_groups: list[str] = []
    warnings: list[str] = []
    labels: dict[str, str] = {}
    training_images: dict[str, str] = {}
    training_split: str = ""
    ceiling: dict[str, MetricResult] = {}
    ceiling_images: dict[str, str] = {}
    model: str | None = None
    facts: dict[str, float] = {}
    files: dict[str, str] = {}
    notes: list[str] = []
    environment: dict[str, Any] = {}
    job: str | None = None
    started: str = ""
    seconds: float = 0.0
    log_tail: str = ""

    def __post_init__(self) -> None:
        """Texts made fit to be kept; names checked."""
        self.reason, self.log_tail = brief(self.reason), tail(self.log_tail)
        self.job = None if self.job is None else brief(self.job)
        self.notes, self.warnings = ([brief(text) for text in texts] for texts in (self.notes, self.warnings))
        for key in (self.key, *([] if self.model is None else [self.model])):
            if not is_key(key):
                raise ValueError(f"{key!r} is no key")
        for name in (*self.images.values(), *self.training_images.values(), *self.ceiling_images.values()):
            if PurePosixPath(name).name != name or name in ("", "..") or "\0" in name:
                raise ValueError(f"{name!r} is no file name")
        for name in self.files:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\0" in name:
                raise ValueError(f"{name!r} leads out of the folder")

    @property
    def label(self) -> str:
        """The name for people and the command line: `set5/x4-y/srcnn/t91/0`."""
        return "/".join(str(part) for part in self.point.values() if part is not None)

    @property
    def went_well(self) -> bool:
        """Whether it has everything it was asked for, or a reason why it was skipped."""
        return self.status in ("ok", "skipped") and not self.metric_failures

    @property
    def metric_failures(self) -> str:
        """Which metrics failed, and why; empty when none did."""
        failed = [f"{result.name}: {result.reason}" for result in self.metrics.values() if result.status == "failed"]
        return "; ".join(failed)

    @property
    def outcome(self) -> str:
        """How it ended, in words: the reason, the metrics that failed, or else the status."""
        return self.reason or self.metric_failures or self.status

    @property
    def sr_files(self) -> list[str]:
        """The files of a cell but for the scores, which are made from them."""
        return [name for name in self.files if name != SCORES]

    def as_asked(self, keys: Mapping[str, str]) -> Record:
        """This record of a store as a matrix asks for it: results by name, only those with these keys.

        keys: of the metrics, by the names that the matrix gives them.
        """

        def chosen(results: Mapping[str, MetricResult]) -> dict[str, MetricResult]:
            there = {name: results[key] for name, key in keys.items() if key in results}
            return {name: msgspec.structs.replace(result, name=name) for name, result in there.items()}

        return msgspec.structs.replace(self, metrics=chosen(self.metrics), ceiling=chosen(self.ceiling))

    def by_name(self) -> Record:
        """This record of a store with all results by name; where several share one, it is followed by their keys."""
        counts = Counter(result.name for result in self.metrics.values())
        return self.as_asked(
            {
                result.name if counts[result.name] == 1 else f"{result.name}@{key[:8]}": key
                for key, result in self.metrics.items()
            }
        )


class Store:
    """A folder of records. Reading never writes, except into the index."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def index(self) -> Index[Record]:
        """The index of its records."""
        return Index(self.root, RECORD, _decoded)

    def folder(self, shelf: Shelf, key: str) -> Path:
        """Where a cell, model or extractor lives."""
        if not is_key(key):
            raise StoreError(f"{key!r} is no key of the store {self.root}")
        return Path(f"{self.root}/{shelf}/{key[:2]}/{key}")  # three slashes of `Path` take as long as reading a file

    def create(self) -> None:
        """Make the folder; `StoreError` when it cannot be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise StoreError(f"the store {self.root} cannot be written: {error.strerror or error}") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the store for one run; `StoreError` when another run holds it. A dead run holds nothing."""
        self.create()
        with held(self.root):
            self.settle()
            yield

    def settle(self) -> None:
        """Undo what a writer that was killed had begun, and remove what is spent."""
        for before in self.root.glob(f"cells/??/*/{_SCORES_BEFORE}"):
            record = self.read("cells", before.parent.name)
            if record is not None and record.files.get(SCORES) == sha256_of(before):
                before.replace(before.with_name(SCORES))
            else:
                before.unlink()
        for path in list(self.spent()):
            with suppress(OSError):  # it costs space, and nothing else
                remove(path)

    def spent(self) -> Iterator[Path]:
        """What a writer would have removed that was killed, or whose disk failed.

        Files and folders that are not whole, but for while jobs that outlive their run may be writing them, and
        checkpoints of trainings that went well.
        """
        at_work = any(self.root.glob(f"{JOBS}/*/{LASTING}"))
        for folder in () if at_work else _LEFTOVERS:
            yield from leftovers(self.root, folder)
        for checkpoint in self.root.glob(f"*/??/*/{CHECKPOINT}"):
            shelf, key = checkpoint.parts[-4], checkpoint.parts[-2]
            if shelf in SHELVES and is_key(key) and (record := self.read(shelf, key)) and record.status == "ok":
                yield checkpoint

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
        return None if content is None else _decoded(content, key)

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
        folder = self.folder(shelf, record.key)
        return [name for name in record.files if shelf != "cells" or (folder / name).parent.is_dir()]

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
        folder = self.folder(shelf, record.key)
        for name in record.files if names is None else names:
            known = hash_of(folder / name, hashed)
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


def encoded(record: Record) -> bytes:
    """The file of a record."""
    record = msgspec.structs.replace(record)  # made anew, so that what was added to it since is looked at, too
    try:
        data = msgspec.json.encode(record)
    except UnicodeEncodeError:  # half a character somewhere, in the name of a class, say
        data = msgspec.json.encode(each(msgspec.to_builtins(record), visible))
    return sealed(data)


def _is_finished(shelf: Shelf, folder: Path) -> bool:
    """Whether there is what jobs write beside a record, or at their end."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if shelf == "cells":
        return SCORES in names
    return CHECKPOINT not in names and bool(names - {*_MEANWHILE})


def _decoded(data: bytes, key: str) -> Record | None:
    try:
        content = unsealed(data)
        record = None if content is None else msgspec.json.decode(content, type=Record)
    except (*UNREADABLE, TypeError, AttributeError):  # of other types than text, in an index that was damaged
        return None
    return record if record is not None and record.key == key else None
