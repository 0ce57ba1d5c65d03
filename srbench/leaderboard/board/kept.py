"""Boards kept in the store, so that pages can be made with the core alone.

STORE/boards/NAME-<8 hex>.json   the board of the latest run of a matrix NAME, by where its file lies
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from srbench.leaderboard.board.contents import Board
from srbench.store.cell import digest
from srbench.store.files import StoreError, write_atomically
from srbench.store.records import Store

BOARDS = "boards"


def keep_board(store: Store, board: Board) -> None:
    """Keep the board of a matrix, in the place of that of an earlier run of the same file."""
    folder = store.root / BOARDS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror or error}") from error
    name = f"{board.name}-{digest(board.path)[:8]}.json"
    write_atomically(folder / name, msgspec.json.format(msgspec.json.encode(board), indent=1) + b"\n")


def kept_board(store: Store, name: str, matrix: Path) -> Board | None:
    """The board of the latest run of a matrix file, by where it lies or else by what is in it; None: there is none."""
    boards = [board for path in sorted((store.root / BOARDS).glob(f"{name}-*.json")) if (board := _read(path))]
    text = read_text(matrix)
    same = [board for board in boards if board.name == name and board.path == str(matrix.absolute())]
    same += [board for board in boards if board.name == name and board.text and board.text == text]
    return same[0] if same else None


def read_text(matrix: Path) -> str:
    """The matrix file, or a comment that says why it cannot be read."""
    try:
        return matrix.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"# {matrix.name} could not be read: {error.strerror}"


def _read(path: Path) -> Board | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Board)
    except (OSError, msgspec.DecodeError):
        return None
