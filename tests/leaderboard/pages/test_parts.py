"""Pages of cells are made anew where something that they show has changed, and only there."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest

from srbench.leaderboard import publish
from srbench.leaderboard.pages.document import results_in
from srbench.leaderboard.pages.parts import cell_page, cells_made_from
from srbench.store.records import Store

from ..toyboard import Board, write_training


@pytest.fixture
def small(make: Callable[..., Board]) -> Board:
    return make(datasets=("blobs", "waves"), protocols=1, seeds=2, methods=("bicubic", "lanczos", "learner"))


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def change_record(board: Board) -> None:
    store, key = Store(board.store), board.plan.cells[2].cell.key
    record = store.read("cells", key)
    assert record is not None
    store.write("cells", msgspec.structs.replace(record, seconds=record.seconds + 1, warnings=["<i>look</i>"]))


def damage_scores(board: Board) -> None:
    (Store(board.store).folder("cells", board.plan.cells[-1].cell.key) / "scores.parquet").write_bytes(b"?")


def damage_picture(board: Board) -> None:
    (Store(board.store).folder("cells", board.plan.cells[1].cell.key) / "images/im1.png").write_bytes(b"?")


def lose_record(board: Board) -> None:
    (Store(board.store).folder("cells", board.plan.cells[0].cell.key) / "record.json").unlink()


def train_otherwise(board: Board) -> None:
    key = "0" * 64
    for path in sorted((folder := Store(board.store).folder("models", key)).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    write_training(board.store, key, 5)


CHANGES = [change_record, damage_scores, damage_picture, lose_record, train_otherwise]


@pytest.mark.parametrize("seed", range(3))
def test_a_board_that_was_changed_is_the_one_that_is_made_from_nothing(small: Board, tmp_path: Path, seed: int) -> None:
    publish(small.described, small.store, tmp_path / "again")
    changes = random.Random(seed).sample(CHANGES, len(CHANGES))
    for step, change in enumerate(changes):
        change(small)
        publish(small.described, small.store, tmp_path / "again")
        publish(small.described, small.store, tmp_path / f"anew{step}")
        again, anew = files(tmp_path / "again"), files(tmp_path / f"anew{step}")
        del again["files.json"], anew["files.json"]  # which names the place of the matrix, seen from the folder
        assert again == anew, change


def test_the_page_of_another_cell_stays(small: Board, tmp_path: Path) -> None:
    publish(small.described, small.store, tmp_path)
    stamps = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    change_record(small)
    publish(small.described, small.store, tmp_path)
    written = {path.name for path in (tmp_path / "cells").iterdir() if stamps[path.name] != path.stat().st_mtime_ns}
    results = results_in(small.described, small.store).results
    assert written == {f"{results.all[2].slug}.html"}


def test_what_all_pages_have_in_common_is_part_of_each(small: Board) -> None:
    document = results_in(small.described, small.store)
    before = cells_made_from(document)
    assert before.keys() == {cell_page(result) for result in document.results.all}
    board = document.results.board
    told = msgspec.structs.replace(board, methods=[msgspec.structs.replace(one, summary="!") for one in board.methods])
    after = cells_made_from(replace(document, results=replace(document.results, board=told)))
    assert all(before[name] != after[name] for name in before)
    sections = msgspec.structs.replace(board, path="elsewhere.yaml")
    assert cells_made_from(replace(document, results=replace(document.results, board=sections))) == before


def test_a_page_that_could_not_be_made_is_tried_again(
    small: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("srbench.leaderboard.pages.details.cell_context", Mock(side_effect=MemoryError("for a moment")))
        assert publish(small.described, small.store, tmp_path / "again").troubles
    assert not [one for one in publish(small.described, small.store, tmp_path / "again").troubles if "could not" in one]
    publish(small.described, small.store, tmp_path / "anew")
    again, anew = files(tmp_path / "again"), files(tmp_path / "anew")
    del again["files.json"], anew["files.json"]
    assert again == anew
