"""`srbench why`: what in the key changed, or why the cell is not ok."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from bench_in_process import picture
from rig.verbs import Srbench, rewrite

from srbench.store.records import Store


def state(srbench: Srbench, cell: str = "data/x2-rgb/nearest") -> str:
    return str(json.loads(srbench("why", cell, "--json").out)["state"])


def test_a_failure_is_told_with_the_end_of_its_log(here: Path, srbench: Srbench) -> None:
    said = srbench("why", "data/x2-rgb/broken")
    lines = dict(line.split(maxsplit=1) for line in said.out.splitlines() if "  " in line)
    assert said.code == 0
    assert (lines["status"], lines["reason"]) == ("failed", "ValueError: no such luck")
    assert said.out.endswith("log:\nthe last words\n")


def test_a_cell_that_went_well_has_neither_reason_nor_log(here: Path, srbench: Srbench) -> None:
    said = srbench("why", "data/x2-rgb/nearest").out
    assert [line.split()[0] for line in said.splitlines()] == ["cell", "key", "status", "state"]
    assert state(srbench) == "done"


def test_a_changed_picture_is_named_as_the_cause(here: Path, srbench: Srbench) -> None:
    picture(here / "data/test/a.png", seed=9)
    assert state(srbench) == "stale, changed: the pictures of the test split changed"


def test_a_metric_that_is_missing_is_named(here: Path, srbench: Srbench) -> None:
    rewrite(here, metrics=["psnr", "mae"])
    assert state(srbench) == "stale, to be scored: mae"


def test_a_cell_that_the_matrix_dropped_or_never_had_is_said_not_to_be_asked_for(here: Path, srbench: Srbench) -> None:
    words = "not asked for by {}, the matrix that ran in this store last"
    rewrite(here, methods=["bicubic"])
    assert state(srbench) == words.format(here / "matrix.yaml")
    other = Path(shutil.copy(here / "matrix.yaml", here / "other.yaml"))
    Store(here / "results/m").remember_matrix(other)
    assert state(srbench) == words.format(other)


@pytest.mark.parametrize("gone", ["matrix.yaml", "results/m/matrix"])
def test_without_the_matrix_the_record_alone_is_told(here: Path, srbench: Srbench, gone: str) -> None:
    (here / gone).unlink()
    assert "state" not in json.loads(srbench("why", "data/x2-rgb/nearest", "--json").out)
