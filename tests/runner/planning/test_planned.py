"""A planned cell: what is needed first, when a training is done, and what a whole plan says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from bench_in_process import InProcess, emptied, plan, put, record_of

from srbench.runner.planning.damage import Damage
from srbench.runner.planning.planned import Plan, distinct_warnings
from srbench.store.image_names import ImageName
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
    assert (evaluation.model, evaluation.learned) == (training.key, training.learned)
    assert [one.dataset for one in training.learned] == [training.dataset]


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


def test_the_trainings_that_others_go_on_from_are_those_that_a_run_would_do(bench: InProcess) -> None:
    budget = {"steps": 4, "from": {"steps": 2}}
    found = plan(bench, **LEARNER, train={"on": ["same"], "budget": budget}, seeds=[0, 1])
    earlier = [cell.training.earlier for cell in found.cells if cell.training is not None]
    assert found.first(bench.store) == [(one, "another training goes on from it") for one in earlier]
    assert len(earlier) == 2 and not found.extractors(bench.store)
    first, second = (task for task in earlier if task is not None)
    bench.store.write("models", Record(key=first.key, schema=2, status="ok"))
    bench.store.last_checkpoint(first.key).write_bytes(b"last")
    assert found.first(bench.store) == [(second, "another training goes on from it")]


def test_records_read_anew_make_their_cells_done(bench: InProcess) -> None:
    found = plan(bench, methods=["bicubic", "nearest"])
    put(bench, record_of(found, 1, reason="", status="ok"))
    first, second = found.with_new_records(bench.store).cells
    assert (first.state, second.state, second.why) == ("new", "done", "ok")
    assert second.record is not None and list(second.record.metrics) == ["psnr"]


def test_what_a_run_made_is_remembered_where_it_is_what_was_written(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srbench.store.summary.TICK_NS", -(10**9))  # files written a moment ago count as settled
    found = plan(bench)
    put(bench, record_of(found, 0))
    key = found.cells[0].cell.key
    record = bench.store.folder("cells", key) / "record.json"
    assert Damage(bench.store, verify=False).known(key) is None
    found.with_new_records(bench.store)
    assert Damage(bench.store, verify=False).known(key) is not None
    (record.parent / "scores.parquet").write_bytes(b"other")
    assert Damage(bench.store, verify=False).known(key) is None
    found.with_new_records(bench.store)
    assert Damage(bench.store, verify=False).known(key) is None


def test_warnings_of_all_cells_are_each_told_once(bench: InProcess) -> None:
    (cell,) = plan(bench).cells
    cells = [replace(cell, warnings=("a", "b")), replace(cell, warnings=("b", "c"))]
    assert distinct_warnings(cells) == Plan(plan(bench).matrix, tuple(cells)).warnings == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("given", "coded", "told"),
    [
        ({}, set(), "of data (Doe-scan1, say); `ids: coded` keeps names here"),
        ({"ids": "names"}, set(), ""),
        ({}, {"data"}, ""),
    ],
)
def test_names_of_folders_that_become_ids_are_told_unless_they_are_meant(
    bench: InProcess, given: dict[str, str], coded: set[str], told: str
) -> None:
    use = {"use": "folder", "as": "data", "path": str(bench.data), **given}
    made = plan(bench, datasets=[use])
    assert made.tells_of_folders == ""
    names = {
        ImageName("data", "test", "Doe-scan2", "Doe/scan2.png"),
        ImageName("data", "test", "Doe-scan1", "Doe/scan1.png"),
        ImageName("data", "train", "a-123456", "ä.png"),
    }
    said = replace(made, names=frozenset(names), coded=frozenset(coded)).tells_of_folders
    assert (told in said) if told else said == ""
