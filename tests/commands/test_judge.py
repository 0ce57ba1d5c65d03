"""Making the page for judging: of a store and of what was published the same study, and no file of others replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from leaderboard.toyboard import Board, make_board, write

from srbench.commands.judge import Made, make_page, whole_key
from srbench.errors import SrbenchError
from srbench.store.records import Store
from srbench.store.votes import key_of


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    root = tmp_path_factory.mktemp("board")
    return make_board(root, ("blobs",), 1, 1, methods=("bicubic", "lanczos", "learner"))


@pytest.fixture(scope="module")
def records(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(board, tmp_path_factory.mktemp("pages") / "toy") / "records.jsonl"


def made(board: Board, out: Path, **how: Any) -> Made:
    asked: dict[str, Any] = {"kind": "pairs", "trials": 10, "reference": False, "where": {}}
    return make_page(board.plan.matrix.path, board.described, Store(board.store), out, **asked | how)


def test_a_store_and_its_published_board_make_one_page_to_the_byte(board: Board, records: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    one = made(board, first)
    other = make_page(records, None, None, second, kind="pairs", trials=10, reference=False, where={})
    assert first.read_bytes() == second.read_bytes() and one.size == first.stat().st_size
    assert one.study.hash == other.study.hash and one.remarks == ()
    assert key_of(Store(board.store), one.study.hash) == one.study.key == whole_key(records, None, None)


def test_which_methods_are_shown_can_be_chosen(board: Board, tmp_path: Path) -> None:
    study = made(board, tmp_path / "page.html", where={"method": {"bicubic", "learner"}}).study
    assert {picture.name for picture in study.key.values() if picture.what == "sr"} == {"bicubic", "learner"}
    with pytest.raises(SrbenchError, match=r"--where method=bicubi: no such cell. Did you mean 'bicubic'"):
        made(board, tmp_path / "page.html", where={"method": {"bicubi"}})
    with pytest.raises(SrbenchError, match=r"--where methods: unknown coordinate. Did you mean 'method'"):
        made(board, tmp_path / "page.html", where={"methods": {"bicubic"}})


def test_a_page_is_made_again_and_another_file_is_left_alone(board: Board, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    made(board, out)
    made(board, out, kind="opinions")
    assert b'"kind":"opinions"' in out.read_bytes()
    out.write_text("mine")
    with pytest.raises(SrbenchError, match="no page for judging; name another file"):
        made(board, out)
    assert out.read_text() == "mine"


def test_without_pictures_there_is_nothing_to_judge(records: Path, tmp_path: Path) -> None:
    bare = tmp_path / "records.jsonl"
    bare.write_bytes(records.read_bytes())
    with pytest.raises(SrbenchError, match="nothing to judge"):
        make_page(bare, None, None, tmp_path / "page.html", kind="pairs", trials=10, reference=False, where={})
    assert not (tmp_path / "page.html").exists()
