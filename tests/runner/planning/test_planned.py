"""A planned cell: what is needed first, when a training is done, and what a whole plan says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from bench_in_process import InProcess, emptied, plan, put, record_of

from srbench.runner.planning.damage import Damage
from srbench.runner.planning.planned import Plan, distinct_warnings
from srbench.store.record import Record

LEARNER = {"methods": ["bicubic", {"srcnn": {"preset": "small"}}], "metrics": ["psnr"]}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return InProcess(tmp_path)


def test_a_model_is_needed_to_upscale_and_not_to_score(bench: InProcess) -> None:
    found = plan(bench, **LEARNER, train={"on": ["same"], "budget": {"steps": 2}})
    (training,) = found.cells[1].prerequisites()
    assert training.shelf == "models" and not Damage(bench.store, verify=False).is_done(training)
    put(bench, record_of(found, 1))
    cell = plan(bench, metrics=["psnr", "mae"]).cells[1]
    assert cell.state == "stale" and cell.prerequisites() == []
    evaluation = cell.evaluation()
    assert (evaluation.model, evaluation.learned_from) == (training.key, cell.training and cell.training.dataset)


def test_a_training_is_done_where_its_record_is_well_and_its_files_are_sound(bench: InProcess) -> None:
    found = plan(bench, **LEARNER, train={"on": ["same"], "budget": {"steps": 2}})
    (task,) = found.cells[1].prerequisites()
    folder = emptied(bench.store, "models", task.key)
    (folder / "weights").write_bytes(b"w")
    files = bench.store.hashes("models", task.key, ["weights"])
    record = Record(key=task.key, schema=2, status="ok", files=files)
    bench.store.write("models", record)
    assert Damage(bench.store, verify=False).is_done(task)
    bench.store.write("models", msgspec.structs.replace(record, status="failed"))
    assert not Damage(bench.store, verify=False).is_done(task)
    bench.store.write("models", record)
    (folder / "weights").write_bytes(b"v")
    assert not Damage(bench.store, verify=False).is_done(task)


def test_records_read_anew_make_their_cells_done(bench: InProcess) -> None:
    found = plan(bench, methods=["bicubic", "nearest"])
    put(bench, record_of(found, 1, reason="", status="ok"))
    first, second = found.with_new_records().cells
    assert (first.state, second.state, second.why) == ("new", "done", "ok")
    assert second.record is not None and list(second.record.metrics) == ["psnr"]


def test_warnings_of_all_cells_are_each_told_once(bench: InProcess) -> None:
    (cell,) = plan(bench).cells
    cells = [replace(cell, warnings=("a", "b")), replace(cell, warnings=("b", "c"))]
    assert distinct_warnings(cells) == Plan(plan(bench).matrix, tuple(cells)).warnings == ["a", "b", "c"]
