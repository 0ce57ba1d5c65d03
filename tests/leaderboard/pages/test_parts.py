"""Pages of cells and of datasets are made anew where something that they show has changed, and only there."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from srbench.leaderboard import publish
from srbench.leaderboard.board.contents import BoardMethod
from srbench.leaderboard.datasets.page import dataset_places
from srbench.leaderboard.figures.drawing import Drawn
from srbench.leaderboard.gallery import writing
from srbench.leaderboard.methods import page
from srbench.leaderboard.methods.page import method_slugs
from srbench.leaderboard.pages.document import Document, results_in
from srbench.leaderboard.pages.parts import cell_page, pages_made_from
from srbench.leaderboard.pages.upscaling import UpscalingPages
from srbench.store.records import Store

from ..toyboard import Board, write_training


@pytest.fixture
def small(make: Callable[..., Board]) -> Board:
    return make(datasets=("blobs", "waves"), protocols=1, seeds=2, methods=("bicubic", "lanczos", "learner"))


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made_from(document: Document) -> dict[str, str]:
    return pages_made_from(document, UpscalingPages(document.results, document.galleries, document.trainings), {})


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


def stamps(folder: Path, *below: str) -> dict[str, int]:
    """When each file was written: one that is written anew with the same content keeps its place and its time."""
    files = (path for name in below for path in (folder / name).iterdir())
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in files}


def test_pages_and_pictures_of_what_did_not_change_stay(
    small: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(small.described, small.store, tmp_path)
    before = stamps(tmp_path, "cells", "datasets")
    change_record(small)
    made: list[str] = []

    def method_context(shown: BoardMethod, *others: Any) -> dict[str, Any]:
        made.append(shown.name)
        return page.method_context(shown, *others)

    monkeypatch.setattr("srbench.leaderboard.pages.board.method_context", method_context)
    monkeypatch.setattr(UpscalingPages, "dataset_figures", lambda _, table, name: made.append(table.dataset) or [])
    monkeypatch.setattr(writing, "_gallery", lambda *_: made.append("pictures"))
    monkeypatch.setattr(Drawn, "pdf", lambda drawn: made.append(drawn.name) or b"")
    publish(small.described, small.store, tmp_path)
    after = stamps(tmp_path, "cells", "datasets")
    changed = results_in(small.described, small.store).results.all[2]
    assert {name for name in after if before[name] != after[name]} == {cell_page(changed), "datasets/blobs.html"}
    assert made == ["learner", "blobs"], "no other method, no figures of other datasets, no pictures, no PDF"


@pytest.mark.parametrize("lost", ["datasets/waves.html", "paper/v-x4-y-t2-spectra.pdf", "paper/v-x4-y-best.pdf"])
def test_a_page_or_a_figure_of_it_that_is_lost_is_made_anew(small: Board, tmp_path: Path, lost: str) -> None:
    publish(small.described, small.store, tmp_path)
    before = files(tmp_path)
    (tmp_path / lost).unlink()
    publish(small.described, small.store, tmp_path)
    assert files(tmp_path) == before


def test_what_all_pages_have_in_common_is_part_of_each(small: Board) -> None:
    document = results_in(small.described, small.store)
    before = made_from(document)
    datasets = dataset_places(document.results.board).values()
    methods = {f"methods/{slug}.html" for slug in method_slugs(document.results.board).values()}
    assert before.keys() == {*map(cell_page, document.results.all), *datasets, *methods}
    board = document.results.board
    told = msgspec.structs.replace(board, methods=[msgspec.structs.replace(one, summary="!") for one in board.methods])
    after = made_from(replace(document, results=replace(document.results, board=told)))
    assert all(before[name] != after[name] for name in before)
    sections = msgspec.structs.replace(board, path="elsewhere.yaml")
    assert made_from(replace(document, results=replace(document.results, board=sections))) == before


def test_a_cell_whose_method_is_called_otherwise_has_another_page(small: Board) -> None:
    document = results_in(small.described, small.store)
    before = made_from(document)
    first, *rest = document.results.all
    called = replace(first, entrant=replace(first.entrant, name="bicubic (theirs)"))
    after = made_from(replace(document, results=replace(document.results, all=(called, *rest))))
    assert [name for name in before if before[name] != after[name]] == [
        cell_page(first),
        "datasets/blobs.html",
        "methods/bicubic.html",
    ]


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
