"""The pages made from a board and its records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from srbench.leaderboard.board.contents import Board
    from srbench.leaderboard.pages.document import Document
    from srbench.leaderboard.results.results import Results
    from srbench.leaderboard.site.folder import BoardFolder
    from srbench.store.votes import Session

LEADERBOARDS = Path("leaderboards")


@dataclass(frozen=True)
class Published:
    """A leaderboard on disk.

    index: its first page. troubles: what it does not show though it should, a line each. remarks: what whoever
    publishes it should know, a line each.
    """

    index: Path
    troubles: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def publish(board: Board, store_root: Path, out: Path | None = None, *, anew: bool = True) -> Published:
    """Write the leaderboard into `out`, or into `leaderboards/NAME` and list it in `leaderboards/index.html`.

    Without `anew`, pages made from just these records by just this srbench are left alone. Reads the store and nothing
    else: no plugin, dataset or model need be there; the same input gives the same bytes. Raises `PublishError`, with
    nothing changed, where files of others are in the way.
    """
    from srbench.leaderboard.pages.document import from_store, results_in
    from srbench.leaderboard.pages.downloads import made_from

    folder = board_folder(board.name, Path(board.path), out)
    document = results_in(board, store_root)
    if not anew and folder.is_whole(made_from(document, out is None)):
        troubles: list[str] = []
    else:
        troubles = _written(folder, out, partial(from_store, document.results, store_root, there=folder))
    return Published(folder.path / "index.html", tuple(troubles), names_told(document.results))


def publish_again(records: Path, out: Path | None = None, votes: Sequence[Session] | None = None) -> Published:
    """Write a leaderboard from the `records.jsonl` of one that was published, with the pictures beside it.

    out: as for `publish`. votes: what people said, in place of what the file holds of that. Raises `PublishError` for a
    file that holds no board.
    """
    from srbench.leaderboard.pages.document import from_records, read_records, with_votes

    matrix = records.with_name("matrix.yaml")
    name = read_records(records).results.board.name
    folder = board_folder(name, matrix if matrix.is_file() else records, out)

    def gather(new: Path) -> Document:
        document = from_records(records, new)
        return document if votes is None else with_votes(document, votes)

    troubles = _written(folder, out, gather)
    return Published(folder.path / "index.html", tuple(troubles))


def _written(folder: BoardFolder, out: Path | None, gather: Callable[[Path], Document]) -> list[str]:
    """Write the board and, where none is named, list it beside the others; returns what it does not show."""
    from srbench.leaderboard.pages.board import write_board
    from srbench.leaderboard.pages.boards import check_boards

    if out is None:
        check_boards(LEADERBOARDS)
    troubles = write_board(folder, out is None, gather)
    if out is None:
        write_index(LEADERBOARDS)
    return troubles


def board_folder(name: str, origin: Path, out: Path | None) -> BoardFolder:
    """Where the board of a matrix goes. origin: its file. Raises `PublishError` where that is not free for it."""
    from srbench.leaderboard.site.folder import BoardFolder

    folder = BoardFolder(out or LEADERBOARDS / name, name, origin)
    folder.check()
    return folder


def names_told(results: Results) -> tuple[str, ...]:
    """That names of picture files are shown, of which datasets: those whose images have ids made of names."""
    tested = [one.cell.dataset for one in results.all if one.record is not None and one.record.images]
    named = [dataset for dataset in dict.fromkeys(tested) if dataset in results.board.named]
    return (f"names of picture files are shown on the pages (of {', '.join(named)})",) if named else ()


def write_index(folder: Path) -> Path:
    """Write `folder/index.html`, which lists every leaderboard in the folder (subfolders holding `board.json`)."""
    from srbench.leaderboard.pages.boards import write_boards

    return write_boards(folder)
