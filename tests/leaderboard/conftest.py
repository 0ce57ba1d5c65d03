"""Boards and their pages, made once a test session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .sites import SITES
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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Where the pages of one of `SITES` are, made once."""
    made: dict[str, Path] = {}

    def pages(name: str) -> Path:
        if name not in made:
            made[name] = SITES[name](tmp_path_factory.mktemp("site"))
        return made[name]

    return pages
