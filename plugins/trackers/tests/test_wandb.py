"""What the offline files of Weights & Biases hold, by its own description of them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb
from srbench_trackers.wandb import WandB
from wandb.proto.wandb_internal_pb2 import Record

import srbench

Rows = list[dict[str, float | str]]
CELL = srbench.Cell("set5", "x4-y", "srcnn", "t91", 1)
BLOCK, HEADER = 1 << 15, 7


def entries(file: Path) -> Iterator[Record]:
    """The entries of a file: a log of LevelDB (blocks of 32 kB; records of sum, length, type) after seven bytes."""
    data, at, entry = file.read_bytes(), HEADER, b""
    assert data[:4] == b":W&B"
    while at + HEADER <= len(data):
        if BLOCK - at % BLOCK < HEADER:  # the rest of a block is padding
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", data[at : at + HEADER])
        entry += data[at + HEADER : at + HEADER + length]
        at += HEADER + length
        if kind in (1, 4):  # whole, or the last part
            yield Record.FromString(entry)
            entry = b""


class Seen:
    """A run: what it is called, its parameters, curves and summary."""

    def __init__(self, file: Path) -> None:
        self.config: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        for entry in entries(file):
            if entry.HasField("run"):
                self.run = entry.run
                self.config |= self._items(entry.run.config.update)
            elif entry.HasField("history"):
                self.history.append(self._items(entry.history.item))
            elif entry.HasField("summary"):
                self.summary |= self._items(entry.summary.update)
            elif entry.HasField("exit"):
                self.exit = entry.exit.exit_code

    def _items(self, items: Any) -> dict[str, Any]:
        return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


@pytest.fixture
def folder(
    tmp_path: Path, cell: srbench.Record, failed: srbench.Record, training: srbench.Record, history: Rows
) -> Path:
    tracker = WandB(folder=tmp_path / "new")
    tracker.begin("m")
    tracker.training_finished(training, history)
    for record in (cell, failed):
        tracker.cell_started(CELL)
        tracker.cell_finished(CELL, record)
    tracker.end()
    return tmp_path / "new/wandb"


@pytest.fixture
def runs(folder: Path) -> dict[str, Seen]:
    seen = [Seen(file) for file in folder.glob("offline-run-*/*.wandb")]
    return {one.run.display_name: one for one in seen}


def test_cells_and_trainings_are_runs_of_a_project(runs: dict[str, Seen]) -> None:
    assert {(name, one.run.project, one.run.job_type) for name, one in runs.items()} == {
        ("set5/x4-y/srcnn/t91/1", "m", "cell"),
        ("set5/bicubic", "m", "cell"),
        ("training t91/x4/srcnn/1", "m", "training"),
    }
    cell = runs["set5/x4-y/srcnn/t91/1"]
    parameters = {name: value for name, value in cell.config.items() if name != "_wandb"}
    assert parameters == {
        "dataset": "set5",
        "protocol": "x4-y",
        "method": "srcnn",
        "trained_on": "t91",
        "seed": 1,
        "kernels": "[9, 5, 5]",
        "rate": 0.5,
        "blur": False,
        "inner.width": 8,
    }
    assert {"psnr": 30.5, "cost/train_seconds": 20.0, "status": "ok"}.items() <= cell.summary.items()
    assert (cell.exit, runs["set5/bicubic"].exit) == (0, 1)
    assert runs["set5/bicubic"].summary["reason"] == "took too long"


def test_curves_have_the_steps_of_their_stages(runs: dict[str, Seen]) -> None:
    rows = [
        {name: value for name, value in row.items() if not name.startswith("_")}
        for row in runs["training t91/x4/srcnn/1"].history
    ]
    assert rows == [
        {"warm/step": 1, "warm/seconds": 0.1, "warm/mse": 0.5},
        {"warm/step": 9, "warm/seconds": 0.9, "warm/mse": 0.25},
        {"main/step": 4, "main/seconds": 1.5, "main/l1 (y)": 0.125},
    ]


def test_nothing_of_the_machine_is_told_and_nothing_is_left_at_work(folder: Path, runs: dict[str, Seen]) -> None:
    assert {one.run.host for one in runs.values()} == {"unnamed"}
    for file in folder.glob("*/*.wandb"):
        assert str(folder).encode() not in file.read_bytes() and str(Path.cwd()).encode() not in file.read_bytes()
    assert not list(folder.glob("*/files/*metadata*")) and not list(folder.glob("*/files/requirements.txt"))
    assert wandb.run is None


def test_the_project_may_have_another_name(tmp_path: Path, cell: srbench.Record) -> None:
    tracker = WandB("mine", folder=tmp_path)
    tracker.begin("m")
    tracker.cell_finished(CELL, cell)
    tracker.end()
    (file,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    assert Seen(file).run.project == "mine"
