"""Trained extractors on the pages: facts, curves, confusion, masks, and who runs on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from srbench.leaderboard import publish_again
from srbench.leaderboard.pages.document import read_records
from srbench.store.details import ConfusionMatrix, Details, Estimate
from srbench.store.evidence import Evidence, MaskShown
from srbench.store.record import Record
from srbench.store.records import Store
from srbench.training.loop.outcome import write_training

from ..markup import Tag, parse
from ..toyboard import HOSTILE, Board, keep, write

KEY = "e" * 64


def left(store: Store) -> Path:
    """What the training of an extractor leaves."""
    folder = store.folder("extractors", KEY)
    folder.mkdir(parents=True)
    rows = [{"stage": "learning", "step": step, "seconds": 1.0 * step, "lr": 0.1, "loss": 1 / step} for step in (1, 2)]
    write_training(folder, {"stages": [{"name": "learning", "steps": 2}]}, [*rows, {**rows[-1], "validation": -0.25}])
    random = np.random.default_rng(0)
    masks = tuple(
        MaskShown(f"im{n} {HOSTILE}", 0.2 + n / 10, random.integers(0, 256, (64, 48, 3), np.uint8), *_masks(n))
        for n in range(3)
    )
    Evidence(ConfusionMatrix(("thin", HOSTILE), ((4, 1), (0, 3))), masks).write(folder)
    store.write(
        "extractors",
        Record(
            key=KEY,
            schema=1,
            status="ok",
            point={"dataset": "lesions", "extractor": f"net {HOSTILE}"},
            ingredients={"extractor": {"params": {"epochs": 75, "steps": None, "weights": "imagenet"}}},
            facts={"accuracy": 0.875, "epochs": 60.0},
            cost={"train_seconds": 90.0},
        ),
    )
    return folder


def _masks(number: int) -> tuple[np.ndarray, np.ndarray]:
    true = np.zeros((64, 48), bool)
    true[10:40, 10:30] = True
    return true, np.roll(true, 3 * number, 1)


@pytest.fixture
def board(make: Callable[..., Board]) -> Board:
    board = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "lanczos"))
    store = Store(board.store)
    left(store)
    for record in list(store.records("cells")):
        named = record.by_name()
        named.metrics["fid"].extractor = KEY
        by_class = {"thin": Estimate(0.5, 0.25, 7), HOSTILE: Estimate(0.25)}
        named.metrics["fid"].details = Details(by_class=by_class, ceiling_by_class={"thin": Estimate(0.75, n=6)})
        keep(board.store, named)
    return board


def page_of(board: Board, out: Path) -> tuple[Tag, Path]:
    pages = write(board, out)
    return parse(pages / "extractors" / "index.html"), pages


def test_the_page_tells_how_good_an_extractor_is_and_what_runs_on_it(board: Board, tmp_path: Path) -> None:
    page, pages = page_of(board, tmp_path / "out")
    text = page.text
    assert f"net {HOSTILE}, trained on lesions" in text
    told = {
        next(pair.find("dt")).text: next(pair.find("dd")).text for pair in page.find("div") if list(pair.find("dt"))
    }
    assert told["Metrics that run on it"] == "FID" and told["accuracy"] == "0.875" and told["training"] == "90 s"
    assert (told["weights"], told["epochs"]) == ("imagenet", "75") and "steps" not in told
    (confusion,) = (table for table in page.find("table") if table.attributes.get("class") == "confusion")
    assert [cell.text for cell in confusion.find("td")] == ["4", "1", "0", "3"]
    assert len(list(page.find("svg"))) == 2, "loss and validation"
    pictures = list(page.find("img"))
    assert [one.attributes["alt"] for one in pictures] == [
        f"im{n} {HOSTILE}: true and found mask, Dice {0.2 + n / 10:.2f}" for n in range(3)
    ]
    assert all((pages / "extractors" / one.attributes["src"]).is_file() for one in pictures)


def test_cells_and_the_index_lead_to_it_and_cells_have_a_table_of_classes(board: Board, tmp_path: Path) -> None:
    page, pages = page_of(board, tmp_path / "out")
    (anchor,) = (tag.attributes["id"] for tag in page.find("div") if tag.attributes.get("class") == "training")
    index = parse(pages / "index.html")
    assert f"extractors/index.html#{anchor}" in [link.attributes.get("href") for link in index.find("a")]
    cell = parse(next((pages / "cells").glob("*bicubic*")))
    assert f"../extractors/index.html#{anchor}" in [link.attributes.get("href") for link in cell.find("a")]
    (classes,) = (table for table in cell.find("table") if "within each class" in table.text)
    lines = [[one.text for one in row.find("td")] for row in classes.find("tr")]
    assert lines == [[], ["0.5000", "0.25", "7", "0.7500", "–", "6"], ["0.2500", "–", "–", "–", "–", "–"]]


def test_a_board_made_anew_from_what_was_published_is_the_same(board: Board, tmp_path: Path) -> None:
    _, pages = page_of(board, tmp_path / "out")
    shutil.rmtree(board.store)
    publish_again(pages / "records.jsonl", tmp_path / "again")
    for name in ("extractors/index.html", "index.html"):
        assert (tmp_path / "again" / name).read_bytes() == (pages / name).read_bytes()
    document = read_records(pages / "records.jsonl")
    assert all((tmp_path / "again" / name).is_file() for name in document.files)


def test_without_the_extractors_folder_there_is_no_page_and_what_is_damaged_is_told(
    board: Board, tmp_path: Path
) -> None:
    folder = Store(board.store).folder("extractors", KEY)
    (folder / "confusion.json").write_bytes(b"{")
    page, _ = page_of(board, tmp_path / "damaged")
    assert "cannot be read" in page.text and not list(page.of_class("confusion"))
    shutil.rmtree(folder.parents[1])
    pages = write(board, tmp_path / "gone")
    assert not (pages / "extractors").exists()
