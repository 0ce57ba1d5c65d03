"""What each verb says of a store of which something is damaged: never nothing, never a traceback, and no waiting."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rig.verbs import Srbench

from srbench.store.record import Record
from srbench.store.records import Store
from srbench.store.references import References

CELL = "data/x2-rgb/nearest"


@pytest.fixture
def cell(here: Path) -> tuple[Record, Path]:
    """The record of a cell, and its folder."""
    store = Store(Path("results/m"))
    record = store.find("cells", CELL)
    return record, store.folder("cells", record.key)


def piped(path: Path) -> None:
    """A pipe in the place of a file: who opens it waits for ever."""
    path.unlink()
    os.mkfifo(path)


def looped(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def other(path: Path) -> None:
    path.write_bytes(b"[]")


DAMAGES = [Path.unlink, piped, looped, other]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["record.json", "scores.parquet", "images/a.png"])
def test_a_file_of_a_cell(
    cell: tuple[Record, Path], srbench: Srbench, name: str, damage: Callable[[Path], None]
) -> None:
    damage(cell[1] / name)
    planned = srbench("plan", "matrix.yaml")
    assert planned.code == 0 and f"damaged: {name}" in planned.out
    assert srbench("verify", "results/m").code == 1
    reported = srbench("report", "matrix.yaml", "--out", "pages")
    assert reported.code == 1 and f"not shown: {CELL}" in reported.err
    page = Path("pages/index.html").read_text()
    assert "is incomplete and not ranked: damaged on data" in page or name == "images/a.png"
    exported = srbench("export", "matrix.yaml")
    assert exported.code == 1 and f"warning: {CELL}: damaged: {name}" in exported.err
    said = srbench("show", CELL)
    if name == "record.json":
        assert said.code == 2 and "1 of its records are damaged: `srbench verify results/m`" in said.err
    else:
        assert said.code == 0


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["hr/a.png", "images.json"])
def test_a_file_of_the_references(
    cell: tuple[Record, Path], srbench: Srbench, name: str, damage: Callable[[Path], None]
) -> None:
    damage(References.of(Path("results/m"), cell[0].ingredients).folder / name)
    assert srbench("verify", "results/m").code == 1
    reported = srbench("report", "matrix.yaml", "--out", "pages")
    assert reported.code == 1 and f"not shown: {CELL}: " in reported.err
    assert Path("pages/index.html").exists()


def test_a_folder_of_somebody_else_is_none_of_the_records(here: Path, srbench: Srbench) -> None:
    Path("results/m/cells/aa/my notes").mkdir(parents=True)
    said = srbench("show", "data/x2-rgb/neerest")
    assert said.code == 2 and f"Did you mean '{CELL}'" in said.err and "damaged" not in said.err


def test_images_that_somebody_removed_altogether_are_not_missed_until_there_is_something_to_score(
    cell: tuple[Record, Path], srbench: Srbench
) -> None:
    shutil.rmtree(cell[1] / "images")
    assert "2 done, 1 failed" in srbench("plan", "matrix.yaml").out
    assert srbench("report", "matrix.yaml", "--out", "pages").code == 0
