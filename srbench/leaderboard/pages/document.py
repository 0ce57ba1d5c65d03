"""All that the pages of a board are made from, and its file: `records.jsonl`.

One JSON object a line: the record of every cell that has one, in the order of the matrix, with its scores by metric and
image (a set metric's one value under the empty name; infinite ones as the strings `inf` and `-inf`), and with what is
wrong with its files, if anything is, as `damage`; then `{"board": ...}`, and a `{"gallery": ...}` or
`{"training": ...}` for each of what is shown. Pages are made from these lines only, so that whoever has them, and the
pictures beside them, can make the pages anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec

from srbench.contract.entry import imported
from srbench.leaderboard.board.contents import Board
from srbench.leaderboard.pages.folder import PublishError, shown_path
from srbench.leaderboard.pages.views import TaskPages
from srbench.leaderboard.results.results import Damaged, Left, Result, Results, left_in, results_of
from srbench.leaderboard.trainings.pages import Group, write_trainings
from srbench.leaderboard.words.privacy import Privacy
from srbench.registry.registry import task_named
from srbench.store.file_memory import FileMemory
from srbench.store.files import StoreError
from srbench.store.record import Record
from srbench.store.records import IMAGES, PUBLISHED, Store
from srbench.store.references import References

RECORDS = PUBLISHED


@dataclass(frozen=True)
class Document:
    """The results of a board, the pictures that are shown, and its trainings.

    troubles: what of them cannot be shown, a line each, as whoever makes the pages is told.
    """

    results: Results
    galleries: tuple[Any, ...] = ()
    trainings: tuple[Group, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def files(self) -> list[str]:
        """The pictures, by their places in the board's folder."""
        return list(dict.fromkeys(place for part in (*self.galleries, *self.trainings) for place in part.files))

    @property
    def date(self) -> str:
        """When the last of its cells was started, as records have it; empty where none was."""
        return max((result.record.started for result in self.results.all if result.record), default="")

    def lines(self) -> list[bytes]:
        """The file, line by line."""
        board = self.results.board
        path = Path(board.path)
        cells = [msgspec.structs.replace(result.cell, damage=result.damage) for result in self.results.all]
        told = msgspec.structs.replace(board, path=path.name if board.coded else shown_path(path), cells=cells)
        objects: list[Any] = [_record(result) for result in self.results.all if result.record is not None]
        objects.append({"board": msgspec.to_builtins(told)})
        objects += [{"gallery": msgspec.to_builtins(gallery)} for gallery in self.galleries]
        objects += [{"training": msgspec.to_builtins(group)} for group in self.trainings]
        privacy = Privacy(Path(board.path))
        return [msgspec.json.encode(privacy.of(one)) for one in objects]


def results_in(board: Board, store_root: Path) -> Document:
    """The document of a board whose cells are in a store, without pictures and trainings."""
    return Document(results_of(board, partial(left_in, Store(store_root))))


def from_store(results: Results, store_root: Path, new: Path) -> Document:
    """The document of results that a store holds. Writes its pictures into the folder `new`."""
    write = _pages(results.board).write
    while True:
        try:
            galleries = write(results, store_root, new)
            break
        except Damaged as damaged:  # a cell of which a picture turns out to be damaged is none of those that are well
            results = results.without(damaged)
            shutil.rmtree(new / "pictures", ignore_errors=True)
    trainings = tuple(write_trainings(results, store_root, new))
    document = decoded(Document(results, tuple(galleries), trainings).lines())
    troubles = (*_troubles(results, trainings), *_gone_from(results, Store(store_root)))
    return replace(document, troubles=troubles)


def from_records(path: Path, new: Path) -> Document:
    """The document of a board that was published. Copies its pictures into the folder `new`.

    Without pictures beside it there are none. Raises `PublishError` for a file that holds no board.
    """
    document = read_records(path)
    there = path.resolve().parent
    for place in document.files:
        picture = there / place
        if not picture.is_file() or not picture.resolve().is_relative_to(there):
            bare = tuple(msgspec.structs.replace(group, strips=()) for group in document.trainings)
            return Document(document.results, (), bare, (f"pictures: {place} is not beside {path}",))
        (new / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, new / place)
    return replace(document, troubles=_troubles(document.results, document.trainings))


def _gone_from(results: Results, store: Store) -> Iterator[str]:
    """What pages would show, and what is not in the store any more, or is not what was written."""
    seen: set[Path] = set()
    hashes = FileMemory("hashes")
    for record in (result.record for result in results.all if result.ok and result.record is not None):
        images = store.folder("cells", record.key) / IMAGES
        gone = [name for name in record.images.values() if not (images / name).is_file()]
        if gone and images.is_dir():
            yield f"{record.label}: SR is gone, {gone[0]} for one; run the matrix again"
        kept = References.of(store.root, record.ingredients)
        try:
            if kept.folder not in seen and (damage := kept.damage(hashes.sha256)):
                yield f"{record.label}: {damage.removeprefix('damaged: ')}; run the matrix again"
        except StoreError as error:
            yield f"{record.label}: {error}"
        seen.add(kept.folder)


def _troubles(results: Results, trainings: Iterable[Group]) -> tuple[str, ...]:
    damaged = [f"{result.cell.label} is damaged: {result.damage}" for result in results.all if result.damage]
    return (*damaged, *dict.fromkeys(text for group in trainings for run in group.runs for text in run.damage))


def read_records(path: Path) -> Document:
    """The document in a file of records. Raises `PublishError` where there is none."""
    try:
        return decoded(path.read_bytes().splitlines())
    except OSError as error:
        raise PublishError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, LookupError, TypeError, StopIteration) as error:  # msgspec's errors are ValueErrors
        raise PublishError(f"{path} holds no board that this srbench can read: {error}") from error


def decoded(lines: Iterable[bytes]) -> Document:
    """The document of the lines of its file."""
    left: dict[str, Left] = {}
    objects: dict[str, list[Any]] = {"board": [], "gallery": [], "training": []}
    for line in lines:
        one: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
        if len(one) == 1 and (kind := next(iter(one))) in objects:
            objects[kind].append(one[kind])
        else:
            scores = {metric: _numbers(images) for metric, images in one.pop("scores", {}).items()}
            damage = str(one.pop("damage", ""))
            record = msgspec.convert(one, Record)
            left[record.key] = Left(record, scores, damage)
    board = msgspec.convert(objects["board"][0], Board)
    results = results_of(board, lambda cell: left.get(cell.key, Left(damage=cell.damage)))
    kind_of_gallery = _pages(board).gallery
    return Document(
        results,
        tuple(msgspec.convert(one, kind_of_gallery) for one in objects["gallery"]),
        tuple(msgspec.convert(one, Group) for one in objects["training"]),
    )


def _pages(board: Board) -> type[TaskPages]:
    return cast(type[TaskPages], imported(task_named(board.task).pages))


def _record(result: Result) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(result.record)
    del record["job"]  # which names a machine
    record["scores"] = {
        metric: {image or "": value if abs(value) < float("inf") else str(value) for image, value in images.items()}
        for metric, images in result.scores.items()
    }
    return record | ({"damage": result.damage} if result.damage else {})


def _numbers(images: Mapping[str, Any]) -> dict[str | None, float]:
    return {image or None: float(value) for image, value in images.items()}
