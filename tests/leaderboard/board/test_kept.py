"""Boards in a store: found by where their file lies, or by what is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from srbench.leaderboard.board.kept import keep_board, kept_board, read_text
from srbench.store.records import Store

from ..toyboard import Board


@pytest.fixture(scope="module")
def small(make: Callable[..., Board]) -> Board:
    return make(datasets=("blobs",), protocols=1, seeds=1)


def test_a_board_is_found_again_by_its_file_or_by_what_is_in_it(small: Board, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    board = small.described
    keep_board(store, board)
    path = Path(board.path)
    assert kept_board(store, "toy", path) == board
    moved = tmp_path / "moved.yaml"
    moved.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert kept_board(store, "toy", moved) == board
    moved.write_text("name: toy\ntitle: another\n", encoding="utf-8")
    assert kept_board(store, "toy", moved) is None
    assert kept_board(store, "another", path) is None


def test_two_matrices_of_one_name_keep_a_board_each(small: Board, tmp_path: Path) -> None:
    store, one = Store(tmp_path / "store"), small.described
    other = small.described
    other.path, other.text, other.title = str(tmp_path / "other.yaml"), "name: toy\n", "another"
    keep_board(store, one)
    keep_board(store, other)
    first, second = kept_board(store, "toy", Path(one.path)), kept_board(store, "toy", Path(other.path))
    assert first is not None and second is not None
    assert (first.title, second.title) == (one.title, "another")


def test_a_damaged_board_counts_as_none(small: Board, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    keep_board(store, small.described)
    (path,) = (tmp_path / "store" / "boards").iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    assert kept_board(store, "toy", Path(small.described.path)) is None


def test_a_matrix_that_is_gone_is_a_comment(tmp_path: Path) -> None:
    path = tmp_path / "matrix.yaml"
    path.write_bytes(b"name: \xff\n")
    assert read_text(path) == "name: \ufffd\n"
    path.unlink()
    assert read_text(path) == "# matrix.yaml could not be read: No such file or directory"
