"""Boards and their pages, made once a test session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .toyboard import Board, make_board, write


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """Two datasets, two protocols, three seeds, seven methods."""
    return make_board(tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="session")
def pages(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that board's pages, written once."""
    return write(board, tmp_path_factory.mktemp("pages") / "toy")


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Board]:
    """Other boards, by the arguments of `make_board`."""
    return lambda **arguments: make_board(tmp_path_factory.mktemp("other"), **arguments)
