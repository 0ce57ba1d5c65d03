"""All that the pages of a board are made from, and its file: `records.jsonl`.

One JSON object a line: the record of every cell that has one, in the order of the matrix, with its scores by metric and
image (a set metric's one value under the empty name; infinite ones as the strings `inf` and `-inf`), and with what is
wrong with its files, if anything is, as `damage`; then `{"board": ...}`, and a `{"gallery": ...}`, `{"training": ...}`,
`{"extractor": ...}`, `{"votes": ...}` or `{"changes": ...}` for each of what is shown. Pages are made from these lines
only, so that whoever has them, and the pictures beside them, can make the pages anew.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import msgspec

from srbench.contract.entry import imported
from srbench.leaderboard.board.contents import Board, BoardCell
from srbench.leaderboard.gallery import values
from srbench.leaderboard.gallery.pictures import Gallery
from srbench.leaderboard.pages.views import TaskPages
from srbench.leaderboard.paper.fingerprint import fingerprint
from srbench.leaderboard.publishing.changes import Change
from srbench.leaderboard.publishing.limits import Pictures
from srbench.leaderboard.results.results import Damaged, Left, Result, Results, left_in, results_of
from srbench.leaderboard.site.folder import BoardFolder, PublishError, shown_path
from srbench.leaderboard.trainings.extractors import Instrument, write_instruments
from srbench.leaderboard.trainings.pages import Group, write_trainings
from srbench.leaderboard.words.privacy import Privacy
from srbench.registry.registry import task_named
from srbench.store.file_memory import FileMemory
from srbench.store.files import StoreError
from srbench.store.record import Record
from srbench.store.records import IMAGES, PUBLISHED, Store
from srbench.store.references import References
from srbench.store.shared import Shared
from srbench.store.votes import Session, about, numbered, sessions_in

RECORDS = PUBLISHED
_SHOWN = ("gallery", "training", "extractor", "votes", "changes")
_IN_COMMON = ("environment", "ingredients")


@dataclass(frozen=True)
class Document:
    """The results of a board, the pictures that are shown, its trainings, and what people said of the pictures.

    trainings: of models; extractors: those of extractors. changes: against what was published before, the latest first.

    troubles: what of them cannot be shown, a line each, as whoever makes the pages is told.
    """

    results: Results
    galleries: tuple[Any, ...] = ()
    trainings: tuple[Group, ...] = ()
    extractors: tuple[Instrument, ...] = ()
    troubles: tuple[str, ...] = ()
    votes: tuple[Session, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def files(self) -> list[str]:
        """The pictures, by their places in the board's folder."""
        return list(dict.fromkeys(place for part in self._with_pictures for place in part.files))

    @property
    def _with_pictures(self) -> tuple[Any, ...]:
        return (*self.galleries, *self.trainings, *self.extractors)

    def with_pictures(self, pictures: Pictures) -> Document:
        """This document with all of its pictures, with few of them, or with none."""
        if pictures == "all":
            return self
        if pictures == "few":
            return replace(self, galleries=tuple(one.few() for one in self.galleries))
        galleries = tuple(one.without_pictures() for one in self.galleries)
        bare = tuple(msgspec.structs.replace(group, strips=()) for group in self.trainings)
        extractors = tuple(one.without_pictures() for one in self.extractors)
        return replace(self, galleries=galleries, trainings=bare, extractors=extractors)

    def with_results(self, results: Results) -> Document:
        """This document with cells of others beside its own, which may call its entrants otherwise.

        results: of both. What of its own cells is damaged stays so.
        """
        own = {one.cell.key: one.entrant.name for one in self.results.all}
        names = {own[one.cell.key]: one.entrant.name for one in results.all if one.cell.key in own}
        galleries = tuple(one.renamed(names) for one in self.galleries)
        return replace(self, results=results.damaged_as(self.results), galleries=galleries)

    @property
    def date(self) -> str:
        """When the last of its cells was started, as records have it; empty where none was."""
        return max((result.record.started for result in self.results.all if result.record), default="")

    def lines(self) -> Iterator[bytes]:
        """The file, line by line."""
        yield from (line for _, line in self._record_lines())
        yield from self.other_lines

    def _record_lines(self) -> Iterator[tuple[Result, bytes]]:
        for result in self.results.all:
            if result.record is not None:
                yield result, msgspec.json.encode(told_of(result))

    @property
    def fingerprint(self) -> str:
        """Which board it is (`paper/fingerprint.py`)."""
        return self._hashes[0]

    @property
    def record_hashes(self) -> Mapping[str, str]:
        """The sha256 of the line of each record, by the name of the cell's page."""
        return self._hashes[1]

    @cached_property
    def _hashes(self) -> tuple[str, dict[str, str]]:
        """Both: ten thousand records are not put in words twice for it."""
        own: dict[str, str] = {}

        def lines() -> Iterator[bytes]:
            for result, line in self._record_lines():
                own[result.slug] = hashlib.sha256(line).hexdigest()
                yield line

        return fingerprint(lines(), self.results.board.text), own

    @cached_property
    def other_lines(self) -> list[bytes]:
        """The lines that are no records."""
        board = self.results.board
        path, privacy = Path(board.path), Privacy(Path(board.path))
        cells = [msgspec.structs.replace(result.cell, damage=result.damage) for result in self.results.all]
        told = msgspec.structs.replace(board, path=path.name if board.coded else shown_path(path), cells=cells)
        others = {
            "board": [told],
            "gallery": self.galleries,
            "training": self.trainings,
            "extractor": self.extractors,
            "votes": self.votes,
            "changes": self.changes,
        }
        told_of_each = ({name: msgspec.to_builtins(part)} for name, parts in others.items() for part in parts)
        return [msgspec.json.encode(privacy.of(one)) for one in told_of_each]

    def published(self) -> Document:
        """This document as its file has it: pages show nothing else."""
        left = {one.cell.key: Left(one.record, one.scores, one.damage) for one in self.results.all if one.record}
        document = replace(_document(left, map(_object, self.other_lines)), troubles=self.troubles)
        vars(document)["other_lines"] = self.other_lines  # what is public stays as it is, and a large board takes time
        return document


def results_in(board: Board, store_root: Path) -> Document:
    """The document of a board whose cells are in a store, without pictures and trainings.

    Records are as they are published: a large board has no room for them twice.
    """
    store, privacy = Store(store_root), Privacy(Path(board.path))
    shared = Shared(privacy.of)

    def left(cell: BoardCell) -> Left:
        found = left_in(store, cell)
        if found.record is None:
            return found
        told = told_of(found)
        own = msgspec.to_builtins({name: part for name, part in told.items() if name not in _IN_COMMON})
        public = privacy.of(own)
        if public != own:
            return replace(_left(told | public, shared), references=found.references)
        _share(found.record, shared)
        return found

    return Document(results_of(board, left), votes=_votes(board, store_root))


def _votes(board: Board, store_root: Path) -> tuple[Session, ...]:
    keys = {cell.key for cell in board.cells}
    return tuple(numbered(about(keys, sessions_in(Store(store_root)))))


def from_store(results: Results, store_root: Path, new: Path, there: BoardFolder | None = None) -> Document:
    """The document of results that a store holds. Writes its pictures into the folder `new`.

    there: a board of whose pictures those are not written that would come out the same.
    """
    write, earlier = _pages(results.board).write, _Earlier(there, results.board)
    while True:
        try:
            galleries = write(results, store_root, new, earlier.find)
            break
        except Damaged as damaged:  # a cell of which a picture turns out to be damaged is none of those that are well
            results = results.without(damaged)
            shutil.rmtree(new / "pictures", ignore_errors=True)
    trainings = tuple(write_trainings(results, store_root, new))
    extractors = tuple(write_instruments(results, store_root, new))
    made = Document(results, tuple(galleries), trainings, extractors, votes=_votes(results.board, store_root))
    troubles = (*_troubles(made), *_gone_from(results, Store(store_root)))
    return replace(made, troubles=troubles).published()


class _Earlier:
    """The galleries of a board that is there, by what they were made from."""

    def __init__(self, there: BoardFolder | None, board: Board) -> None:
        self._there, self._found = there, dict[str, Any]()
        self._listing = None if there is None else there.listing()
        if there is None or self._listing is None or not there.are_as_listed([RECORDS], self._listing):
            return
        with (there.path / RECORDS).open("rb") as lines:
            told = (_object(line)["gallery"] for line in lines if line.startswith(b'{"gallery":'))
            made = (one for one in told if one.get("made_from"))
            self._found = {one["made_from"]: msgspec.convert(one, _pages(board).gallery) for one in made}

    def find(self, made_from: str) -> Any:
        """A gallery; None where there is none, or one of its pictures is gone or another by now."""
        found = self._found.get(made_from)
        if found is None or self._there is None or self._listing is None:
            return None
        return found if self._there.are_as_listed(found.files, self._listing) else None


def from_records(path: Path, new: Path) -> Document:
    """The document of a board that was published. Copies its pictures into the folder `new`.

    Without pictures beside it there are none. Raises `PublishError` for a file that holds no board.
    """
    document = read_records(path)
    there = path.resolve().parent
    for place in document.files:
        if trouble := _brought(there, new, place):
            told = f"pictures: {place} beside {path} {trouble}"
            return replace(document.with_pictures("none"), troubles=(told,))
    galleries = tuple(one.with_values(new) if isinstance(one, Gallery) else one for one in document.galleries)
    return replace(document, galleries=galleries, troubles=_troubles(document))


def _brought(there: Path, new: Path, place: str) -> str:
    """Bring a picture of a board, or the values of some, into a new one; returns why that cannot be, if so."""
    picture = there / place
    if not picture.is_file() or not picture.resolve().is_relative_to(there):
        return "is not there"
    (new / place).parent.mkdir(parents=True, exist_ok=True)
    if picture.name != values.FILE:
        shutil.copyfile(picture, new / place)
        return ""
    try:
        layers = values.read_script(picture.read_bytes())
    except ValueError as error:
        return f"is not what srbench writes: {error}"
    (new / place).write_bytes(values.script(place, layers))
    return ""


def with_votes(document: Document, votes: Sequence[Session]) -> Document:
    """The document with these votes in the place of its own, of raters without names."""
    return replace(document, votes=tuple(numbered(votes)))


def _gone_from(results: Results, store: Store) -> Iterator[str]:
    """What pages would show, and what is not in the store any more, or is not what was written."""
    seen: set[Path] = set()
    hashes = FileMemory("hashes")
    for result in results.all:
        record = result.record
        if record is None or not result.ok:
            continue
        images = store.folder("cells", record.key) / IMAGES
        gone = [name for name in record.images.values() if not (images / name).is_file()]
        if gone and images.is_dir():
            yield f"{record.label}: SR is gone, {gone[0]} for one; run the matrix again"
        kept = References.at(store.root, result.references)
        try:
            if kept.folder not in seen and (damage := kept.damage(hashes.sha256)):
                yield f"{record.label}: {damage.removeprefix('damaged: ')}; run the matrix again"
        except StoreError as error:
            yield f"{record.label}: {error}"
        seen.add(kept.folder)


def _troubles(document: Document) -> tuple[str, ...]:
    damaged = [f"{result.cell.label} is damaged: {result.damage}" for result in document.results.all if result.damage]
    told = [text for group in document.trainings for run in group.runs for text in run.damage]
    told += [text for one in document.extractors for text in one.troubles]
    return (*damaged, *dict.fromkeys(told))


def read_records(path: Path) -> Document:
    """The document in a file of records. Raises `PublishError` where there is none."""
    try:
        return decoded(path.read_bytes().splitlines())
    except OSError as error:
        raise PublishError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, RecursionError) as error:
        raise PublishError(f"{path} holds no board that this srbench can read: {error}") from error


def decoded(lines: Iterable[bytes]) -> Document:
    """The document of the lines of its file."""
    left: dict[str, Left] = {}
    shared, others = Shared(), []
    for one in map(_object, lines):
        if len(one) == 1:
            others.append(one)
        else:
            found = _left(one, shared)
            assert found.record is not None
            left[found.record.key] = found
    return _document(left, others)


def _object(line: bytes) -> dict[str, Any]:
    return msgspec.json.decode(line, type=dict[str, Any])


def _document(left: Mapping[str, Left], others: Iterable[dict[str, Any]]) -> Document:
    """What cells left, by their keys, with what the lines tell that are no records."""
    objects: dict[str, list[Any]] = {name: [] for name in ("board", *_SHOWN)}
    for one in others:
        for kind, part in one.items():
            objects[kind].append(part)
    board = msgspec.convert(objects["board"][0], Board)
    results = results_of(board, lambda cell: left.get(cell.key, Left(damage=cell.damage)))
    galleries: tuple[Any, ...] = tuple(msgspec.convert(one, _pages(board).gallery) for one in objects["gallery"])
    for gallery in galleries:
        gallery.check(results)
    return Document(
        results,
        galleries,
        tuple(msgspec.convert(one, Group) for one in objects["training"]),
        tuple(msgspec.convert(one, Instrument) for one in objects["extractor"]),
        votes=tuple(msgspec.convert(one, Session) for one in objects["votes"]),
        changes=tuple(msgspec.convert(one, Change) for one in objects["changes"]),
    )


def _pages(board: Board) -> type[TaskPages]:
    return cast(type[TaskPages], imported(task_named(board.task).pages))


def told_of(left: Left | Result) -> dict[str, Any]:
    """What is published of a record, with the record's own parts."""
    assert left.record is not None
    record = msgspec.structs.asdict(left.record)
    del record["job"]  # which names a machine
    record["scores"] = {
        metric: {image or "": value if abs(value) < float("inf") else str(value) for image, value in images.items()}
        for metric, images in left.scores.items()
    }
    return record | ({"damage": left.damage} if left.damage else {})


def _left(told: Mapping[str, Any], shared: Shared) -> Left:
    """What a cell left, as it was published. shared: for what many records have in common."""
    scores = {
        metric: {image or None: float(value) for image, value in images.items()}
        for metric, images in told.get("scores", {}).items()
    }
    record = msgspec.convert({name: part for name, part in told.items() if name not in ("scores", "damage")}, Record)
    _share(record, shared)
    return Left(record, scores, str(told.get("damage", "")))


def _share(record: Record, shared: Shared) -> None:
    """Hold once what many records have in common."""
    record.environment = shared.of(record.environment)
    record.ingredients = {name: shared.of(part) for name, part in record.ingredients.items()}
