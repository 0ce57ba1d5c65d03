"""Put a board on a site of boards: what changed since, what others add, how large it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srbench.commands.merge import opened
from srbench.errors import SrbenchError
from srbench.leaderboard import LEADERBOARDS, board_folder, names_told, write_index
from srbench.leaderboard.board.contents import Board
from srbench.leaderboard.board.kept import kept_boards
from srbench.leaderboard.pages.board import write_board
from srbench.leaderboard.pages.boards import check_boards, read_listed
from srbench.leaderboard.pages.document import (
    RECORDS,
    Document,
    from_records,
    from_store,
    read_records,
    results_in,
)
from srbench.leaderboard.publishing.changes import MOST_KEPT, Change, compare_boards
from srbench.leaderboard.publishing.joining import join
from srbench.leaderboard.publishing.limits import PICTURES, Pictures
from srbench.leaderboard.results.results import Results
from srbench.leaderboard.site.folder import LISTING, BoardFolder, PublishError
from srbench.store.files import sha256_of
from srbench.store.records import SHELVES, Store
from srbench.store.verify import faults

Costs = Mapping[Pictures, int]


@dataclass(frozen=True)
class Publication:
    """What came of publishing a board. folder: the board's, on the site.

    before: when the results of the board that was there were made, None where there was none. change: against it, None
    where its data are the same. taken: the cells that submissions gave; refused: what is wrong with these, with nothing
    written then. costs: the bytes of the board's pictures, by choice; empty of a check. troubles: what the board does
    not show.
    """

    folder: Path
    before: str | None
    change: Change | None
    taken: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    costs: Costs | None = None
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A board to publish. file: its matrix; or, where board and store are None, the records that were published."""

    file: Path
    board: Board | None
    store: Store | None

    def document(self) -> Document:
        """Read its results, without pictures that a store would have to be read for."""
        if self.board is None or self.store is None:
            return read_records(self.file)
        return results_in(self.board, self.store.root)

    def with_pictures(self, results: Results, new: Path) -> Document:
        """The same with its pictures, which are written into the folder `new`. results: those of `document`."""
        if self.board is None or self.store is None:
            return from_records(self.file, new)
        return from_store(results, self.store.root, new)

    @property
    def origin(self) -> Path:
        """The file by which its place on a site is known as its own."""
        matrix = self.file.with_name("matrix.yaml")
        return matrix if self.board is None and matrix.is_file() else self.file


def publish_board(
    source: Source,
    site: Path,
    *,
    submissions: Sequence[Path] = (),
    pictures: Pictures = "all",
    check: bool = False,
    tell: Callable[[Costs], None] = lambda costs: None,
) -> Publication:
    """Put a board into `site/NAME`, and list it in `site/index.html`; with `check` nothing is written.

    submissions: stores, or boards that were published, whose results come to it; where something is wrong with one,
    nothing is written. tell: is told what pictures cost before the site is changed. Raises `SrbenchError` where the
    board cannot be published there.
    """
    if site.resolve() == LEADERBOARDS.resolve():
        raise PublishError(
            f"{LEADERBOARDS} is where `run` and `report` keep their pages, which change with every run; name another "
            "folder with --to"
        )
    own = source.document()
    board = own.results.board
    try:
        folder = board_folder(board.name, source.origin, site / board.name)
        check_boards(site)
    except PublishError as error:
        raise _of_publish(error) from error
    document, taken, refused, remarks = _with_submissions(own, submissions)
    earlier, unread = _earlier(folder)
    change = _change(earlier, document, folder.path)
    before = None if earlier is None else earlier.date
    named = names_told(document.results) if source.store is not None else ()
    told = Publication(folder.path, before, change, taken, refused, (*named, *remarks, *unread))
    if refused or check:
        return told
    history = earlier.changes if earlier is not None else document.changes
    costs: dict[Pictures, int] = {}

    def gather(new: Path) -> Document:
        nonlocal change
        whole = source.with_pictures(own.results, new).with_results(document.results)
        change = _change(earlier, whole, folder.path)  # with what turned out to be damaged
        whole = replace(whole, changes=(((change,) if change else ()) + history)[:MOST_KEPT])
        for choice in PICTURES:
            costs[choice] = sum((new / place).stat().st_size for place in whole.with_pictures(choice).files)
        tell(costs)
        chosen = whole.with_pictures(pictures)
        for place in {*whole.files} - {*chosen.files}:
            (new / place).unlink()
        return chosen

    try:
        troubles = write_board(folder, True, gather)
        write_index(site)
    except PublishError as error:
        raise _of_publish(error) from error
    return replace(told, change=change, costs=costs, troubles=tuple(troubles))


def _of_publish(error: PublishError) -> PublishError:
    """The same error in the words of `publish`; `report` calls the option otherwise."""
    return PublishError(str(error).replace("--out", "--to"))


def _earlier(folder: BoardFolder) -> tuple[Document | None, tuple[str, ...]]:
    """The board that is there; None where there is none, or none that can be read, which is told."""
    if folder.listing() is None:
        return None, ()
    try:
        return read_records(folder.path / RECORDS), ()
    except PublishError as error:
        return None, (f"nothing is compared with what was published before: {error}",)


def _change(earlier: Document | None, document: Document, folder: Path) -> Change | None:
    if earlier is None:
        return None
    data = earlier.fingerprint
    if data == document.fingerprint:
        return None
    return compare_boards(earlier.results, document.results, data, earlier.date, tuple(read_listed(folder).findings))


def _with_submissions(
    document: Document, places: Sequence[Path]
) -> tuple[Document, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The document with what submissions add to it: their cells, what is wrong with them, and what is to be known."""
    results, taken, refused, remarks = document.results, list[str](), list[str](), list[str]()
    for place in places:
        theirs, wrong = read_submission(place, results.board.name)
        if theirs is not None and not wrong:
            origin = f"from the board {theirs.board.name}, sha256:{Document(theirs).fingerprint[:12]}"
            joined = join(results, theirs, origin)
            results, wrong = joined.results, list(joined.refused)
            taken += joined.taken
            remarks += [f"{place}: {remark}" for remark in joined.remarks]
        refused += [f"{place}: {problem}" for problem in wrong]
    return replace(document, results=results), tuple(taken), tuple(refused), tuple(remarks)


def read_submission(place: Path, name: str) -> tuple[Results | None, list[str]]:
    """The results of a store, or of a board that was published, and what in them is not what was written.

    name: of the board that they are for, by which one is chosen of several in a store. Raises `SrbenchError` where
    nothing can be read.
    """
    records = place / RECORDS if place.is_dir() else place
    if records.is_file():
        theirs = read_records(records).results
        wrong = [*_unlike_its_listing(records), *_strange_scores(theirs)]
        if not wrong:
            with opened(place) as store:
                wrong = [_told(one.folder, one.label, one.what, store) for one in faults(store)]
        return theirs, wrong
    if not any((place / shelf).is_dir() for shelf in SHELVES):
        raise SrbenchError(f"{place} is no store, and no board that was published: no cells, and no {RECORDS}")
    store = Store(place)
    if wrong := [_told(one.folder, one.label, one.what, store) for one in faults(store)]:
        return None, wrong
    boards = kept_boards(store)
    chosen = [board for board in boards if board.name == name] or (boards if len(boards) == 1 else [])
    if not chosen:
        raise SrbenchError(f"{place} holds no board of the name {name!r}; run its matrix there")
    return results_in(chosen[0], place).results, []


def _told(folder: Path, label: str, what: str, store: Store) -> str:
    where = folder.relative_to(store.root).as_posix() if folder.is_relative_to(store.root) else folder.name
    return f"{label or where}: {what.removeprefix('damaged: ')}"


def _unlike_its_listing(records: Path) -> list[str]:
    """That the records of a published board are not those of its listing."""
    listing = BoardFolder(records.parent, "", records).listing()
    if listing is None:
        return [f"there is no {LISTING} beside {records.name} by which it could be checked: send the whole folder"]
    if listing.files.get(RECORDS) != sha256_of(records):
        return [f"{records.name} is not what was published: its sha256 is not that of {LISTING}"]
    return []


def _strange_scores(results: Results) -> list[str]:
    """Scores of metrics that their record does not name."""
    return [
        f"{one.cell.label}: it has scores of {name[:100]!r}, of which its record says nothing"
        for one in results.all
        if one.record is not None
        for name in one.scores
        if name not in one.record.metrics
    ]
