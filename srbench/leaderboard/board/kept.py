"""Boards kept in the store, so that pages can be made with the core alone.

STORE/boards/NAME-<8 hex>.json   the board of the latest run of a matrix NAME, by where its file lies
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from srbench.leaderboard.board.contents import Board
from srbench.store.cell import digest
from srbench.store.files import StoreError, content_of, write_atomically
from srbench.store.records import BOARDS, Store
from srbench.store.seal import UNREADABLE, is_whole, sealed_parts, unsealed


def keep_board(store: Store, board: Board) -> None:
    """Keep the board of a matrix, in the place of that of an earlier run of the same file."""
    folder = store.root / BOARDS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror or error}") from error
    write_atomically(_place(store, board.name, board.path), *sealed_parts(msgspec.json.encode(board)))


def damaged_board(store: Store, name: str, matrix: Path) -> str:
    """That the board kept of a matrix is not what was written, in words; empty where it is, or there is none."""
    place = _place(store, name, str(matrix))
    with suppress(OSError):
        if not place.exists() or is_whole(place):  # which is known without holding all of it in memory
            return ""
    return f"{place}: damaged, made anew" if _read(place) is None else ""


def _place(store: Store, name: str, matrix: str) -> Path:
    return store.root / BOARDS / f"{name}-{digest(matrix)[:8]}.json"


def kept_board(store: Store, name: str, matrix: Path) -> Board | None:
    """The board of the latest run of a matrix file, by where it lies or else by what is in it; None: there is none."""
    boards, text = kept_boards(store, f"{name}-"), read_text(matrix)
    same = [board for board in boards if board.name == name and board.path == str(matrix.absolute())]
    same += [board for board in boards if board.name == name and board.text and board.text == text]
    return same[0] if same else None


def kept_boards(store: Store, beginning: str = "") -> list[Board]:
    """Every board that is kept and sound, of those whose files' names begin so."""
    paths = sorted((store.root / BOARDS).glob(f"{beginning}*.json"))
    return [board for path in paths if (board := _read(path))]


def read_text(matrix: Path) -> str:
    """The matrix file, or a comment that says why it cannot be read."""
    try:
        return matrix.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"# {matrix.name} could not be read: {error.strerror}"


def _read(path: Path) -> Board | None:
    try:
        content = unsealed(content_of(path))
        return None if content is None else msgspec.json.decode(content, type=Board)
    except (OSError, *UNREADABLE):
        return None
