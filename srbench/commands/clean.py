"""What a store can do without, at which price, and its removal."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from srbench.leaderboard.board.kept import kept_boards
from srbench.runner.job.file import is_lasting, jobs_in
from srbench.runner.supervision.at_work import at_work_in
from srbench.store.cell import digest, earlier_models
from srbench.store.conflicts import CONFLICTS, conflicts
from srbench.store.files import StoreError, remove, temporary_in
from srbench.store.lease import Leases
from srbench.store.record import Record, is_key
from srbench.store.records import (
    CEILING_IMAGES,
    CHECKPOINT,
    IMAGES,
    LAST_CHECKPOINT,
    LOG,
    NEAREST_IMAGES,
    RECORD,
    SAMPLE_IMAGES,
    SAMPLES,
    TRAINING_IMAGES,
    Store,
)
from srbench.store.references import REFERENCE_LIST, REFERENCES, References
from srbench.store.union import without

Kind = Literal["leftovers", "checkpoints", "unnamed", "training-pictures", "samples", "pictures", "conflicts"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PRICES: Mapping[Kind, str] = {
    "leftovers": "nothing; the next run removes them, too",
    "checkpoints": "those of finished trainings; a training that goes on from one of them has it trained once more",
    "unnamed": "models and references that no record names; a cell that is still to be run makes them anew",
    "training-pictures": "a metric that needs SR of the training split and is added later has it made again",
    "samples": "a metric that needs samples of SR and is added later has them drawn again",
    "pictures": "pages have none of these cells; a metric that is added later has them upscaled and scored again",
    "conflicts": "the other sides of merges",
}
"""What is lost with each kind."""


@dataclass(frozen=True)
class Removable:
    """A file or folder that a store can do without. record: of the cell that it is of, where it is of one."""

    kind: Kind
    path: Path
    bytes: int
    record: Record | None = None


def removable(store: Store) -> Iterator[Removable]:
    """All that a store can do without.

    Pictures are those of complete cells: all metrics that anybody asked for have a result that stays. A folder that
    holds anything which srbench did not write there is passed over.
    """
    for path in (*store.spent(alone=True), *(job.parent for job in jobs_in(store) if not is_lasting(job))):
        yield Removable("leftovers", path, _size(path))
    unnamed = list(_unnamed(store))
    yield from _checkpoints(store, {one.path for one in unnamed})
    yield from unnamed
    yield from _pictures(store)
    if (folder := store.root / CONFLICTS).is_dir():
        yield Removable("conflicts", folder, _size(folder))


def clean(store: Store, kinds: Collection[Kind]) -> list[Removable]:
    """Remove these kinds, with which leftovers always go; what was removed.

    Raises `StoreError` where a run holds the store, and what cannot be removed.
    """
    left = [one for one in removable(store) if one.kind == "leftovers"]
    with at_work_in(store, "srbench clean", alone=True):
        store.settle(alone=True)
        found = [one for one in removable(store) if one.kind in kinds]
        for one in found:
            try:
                _remove(store, one)
            except OSError as error:
                raise StoreError(f"{one.path}: cannot be removed: {error.strerror or error}") from error
    return [*left, *found]


def check_free(store: Store) -> None:
    """Raise `StoreError` where a run holds the store: what it is about to need looks like what nobody needs."""
    if at_work := Leases(store.root).at_work():
        raise StoreError(f"the store {store.root} is in use ({at_work[0]}); clean it when that is done")


def _remove(store: Store, one: Removable) -> None:
    """Remove a thing so that it is gone as a whole, even if this is killed."""
    gone = temporary_in(one.path.parent)
    one.path.rename(gone)
    if one.record is not None and one.kind in ("training-pictures", "samples"):  # as if they had never been made
        store.write("cells", without(one.record, one.path.name))
    remove(gone)


def _checkpoints(store: Store, but: Collection[Path]) -> Iterator[Removable]:
    """The last checkpoints of trainings that went well, but of those whose folders can go as a whole."""
    for record in store.records("models"):
        last = store.last_checkpoint(record.key)
        if record.status == "ok" and last.is_file() and not last.is_symlink() and last.parent not in but:
            yield Removable("checkpoints", last, _size(last), record)


def _unnamed(store: Store) -> Iterator[Removable]:
    """Models and references; none while a cell has no record that could be read, since nobody knows what it needs."""
    models, references = set[str | None](), set[Path]()
    for folder in (folder for one in (store, *conflicts(store)) for folder in one.root.glob("cells/??/*")):
        record = Store(folder.parents[2]).read("cells", folder.name) if is_key(folder.name) else None
        if record is None:
            return
        learned = record.ingredients.get("model")
        models |= {record.model, learned and digest(learned), *earlier_models(learned or {})}
        references.add(References.of(store.root, record.ingredients).folder)
    for record in store.records("models"):
        folder = store.folder("models", record.key)
        if record.status == "ok" and record.key not in models:
            own = {*record.files, RECORD, LOG, LAST_CHECKPOINT}
            yield from _whole("unnamed", folder, own, (SAMPLES, CHECKPOINT), record)
    for folder in sorted((store.root / REFERENCES).glob("??/*")):
        if folder not in references:
            yield from _whole("unnamed", folder, {*References(folder).files(), REFERENCE_LIST})


def _pictures(store: Store) -> Iterator[Removable]:
    asked: dict[str, set[str]] = {}
    for board in kept_boards(store):
        for cell in board.cells:
            asked.setdefault(cell.key, set()).update(cell.metrics.values())
    for record in store.records("cells"):
        if not _is_complete(record, asked.get(record.key, set())):
            continue
        folder = store.folder("cells", record.key)
        nearest = folder / NEAREST_IMAGES
        named: dict[str, set[str]] = {NEAREST_IMAGES: {*References(nearest).files(), REFERENCE_LIST}}
        for name in record.files:
            part, _, file = name.partition("/")
            named.setdefault(part, set()).add(file)
        kinds: dict[str, Kind] = {TRAINING_IMAGES: "training-pictures", SAMPLE_IMAGES: "samples"}
        for part in (TRAINING_IMAGES, SAMPLE_IMAGES, IMAGES, CEILING_IMAGES, NEAREST_IMAGES):
            yield from _whole(kinds.get(part, "pictures"), folder / part, named.get(part, set()), record=record)


def _is_complete(record: Record, asked: Collection[str]) -> bool:
    results = record.metrics
    settled = all(result.status != "failed" and not result.again for result in results.values())
    return record.status == "ok" and bool(results) and settled and results.keys() >= set(asked)


def _whole(
    kind: Kind, folder: Path, own: Collection[str], below: tuple[str, ...] = (), record: Record | None = None
) -> Iterator[Removable]:
    """A folder, if it is there and all files in it are its own, by their names in it or by the folder they are in."""
    if folder.is_dir() and not folder.is_symlink():
        names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
        if all(name.as_posix() in own or name.parts[0] in below for name in names):
            yield Removable(kind, folder, _size(folder), record)


def _size(path: Path) -> int:
    """The bytes of the files in it."""
    files = [Path(folder) / name for folder, _, names in os.walk(path) for name in names] if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files)
