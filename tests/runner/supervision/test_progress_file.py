"""What a run writes of itself: at its beginning, every few seconds, at its end, and never at its own expense."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess
from made_records import leave_lease

from srbench.contract.executor import Wait
from srbench.errors import SrbenchError
from srbench.matrix import read_matrix
from srbench.runner.job.exchange import Exchange, Heartbeat, Progress
from srbench.runner.planning.plan import make_plan
from srbench.runner.supervision import progress_file
from srbench.runner.supervision.display import Silent
from srbench.runner.supervision.progress import RunProgress, runs
from srbench.runner.supervision.progress_file import WRITE_SECONDS, ProgressFile
from srbench.store.files import StoreError
from srbench.store.lease import Lease, Process
from srbench.store.record import Record, Status


class Clock:
    """Seconds, as a test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Noting(Silent):
    """Notes how long the run is said to take."""

    def __init__(self) -> None:
        self.expectations: list[float | None] = []

    def expected(self, seconds: float | None) -> None:
        self.expectations.append(seconds)


class Case:
    """A run of three cells, of which one is done already."""

    def __init__(self, root: Path) -> None:
        self.bench = InProcess(root, protocols=["x2-rgb", "x2-y", "x4-rgb"])
        self.bench.store.create()
        self.store = self.bench.store
        self.cells = make_plan(read_matrix(self.bench.matrix), self.store).cells
        done = self.cells[0].with_record(self.record(0, "skipped", 3))
        self.cells = (done, *self.cells[1:])
        self.clock, self.display = Clock(), Noting()
        self.file = ProgressFile(self.store, "m", self.display, Lease(self.store.root, "a run"), self.clock)

    def record(self, place: int, status: Status = "ok", seconds: float = 10) -> Record:
        cell = self.cells[place].cell
        return Record(key=cell.key, schema=1, status=status, point=cell.point(), seconds=seconds)

    def begin(self) -> None:
        self.file.begin(self.cells, self.cells[1:])

    def read(self) -> RunProgress:
        ((_, progress),) = runs(self.store)
        return progress

    def later(self, seconds: float = WRITE_SECONDS) -> RunProgress:
        self.clock.now += seconds
        self.file.waited()
        return self.read()

    def counts(self) -> dict[str, int]:
        cells = self.read().cells
        return {name: getattr(cells, name) for name in cells.__struct_fields__ if getattr(cells, name)}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_a_run_plans_runs_and_ends(case: Case) -> None:
    with case.file:
        planning = case.read()
        assert (planning.state, planning.matrix, planning.cells.total) == ("planning", "m", 0)
        assert (planning.host, planning.pid) == (platform.node(), os.getpid())
        case.begin()
        assert case.read().state == "running" and case.counts() == {"total": 3, "skipped": 1, "waiting": 2}
        for place in (1, 2):
            case.file.finished(case.cells[place], case.record(place))
    ended = case.read()
    assert (ended.state, ended.seconds_left, ended.jobs) == ("done", 0, [])
    assert ended.started == planning.started <= ended.time
    assert case.counts() == {"total": 3, "ok": 2, "skipped": 1}


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (KeyboardInterrupt(), "interrupted", ""),
        (SrbenchError("the queue is closed"), "failed", "the queue is closed"),
        (ValueError("no\x1b[2J"), "failed", r"ValueError: no\x1b[2J"),
    ],
)
def test_an_end_before_the_end_is_told(case: Case, error: BaseException, state: str, reason: str) -> None:
    with pytest.raises(type(error)), case.file:
        case.begin()
        case.file.started(case.cells[1].evaluation())
        case.file.waited()
        raise error
    ended = case.read()
    assert (ended.state, ended.reason, ended.jobs) == (state, reason, [])
    assert case.counts() == {"total": 3, "skipped": 1, "waiting": 2}


def test_jobs_stand_in_it_with_what_their_files_tell(case: Case) -> None:
    task = case.cells[1].evaluation()
    with case.file:
        case.begin()
        case.file.started(task)
        (job,) = case.later().jobs
        assert (job.key, job.shelf, job.label, job.started, job.pid) == (task.key, "cells", task.label, "", None)
        assert case.counts() == {"total": 3, "skipped": 1, "running": 1, "waiting": 1}
        for wait, told in ((Wait("others are before it"), "others are before it"), (None, "")):
            case.file.delayed(task.key, wait)
            assert case.later().jobs[0].waits == told
        folder = case.store.root / "jobs" / task.key
        folder.mkdir(parents=True)
        (folder / "job.json").write_text("{}")
        exchange = Exchange(folder / "job.json")
        exchange.tell(Heartbeat(Process("node7", "", 7, 0), "2026-01-01", "2025-12-31", "8812"))
        exchange.tell(Progress(0.25, "image 3", "cuda:0"))
        (job,) = case.later().jobs
        assert (job.pid, job.host, job.job, job.started) == (7, "node7", "8812", "2025-12-31")
        assert (job.done, job.message, job.device) == (0.25, "image 3", "cuda:0")
        case.file.repeated(task, "the disk is full")
        assert case.later().jobs == [] and case.counts()["waiting"] == 2


def test_it_is_written_every_few_seconds_and_not_more_often(case: Case) -> None:
    with case.file:
        case.begin()
        ((path, _),) = runs(case.store)
        writings = {path.stat().st_ino: None}
        for _ in range(100):
            case.later(WRITE_SECONDS / 10)
            writings[path.stat().st_mtime_ns] = None
    assert 9 <= len(writings) <= 12


def test_how_long_it_takes_is_learned_told_and_written(case: Case) -> None:
    with case.file:
        case.begin()
        assert (case.read().seconds_left, case.read().unknown_jobs) == (None, 2)
        case.file.finished(case.cells[1], case.record(1))
        seen = case.later()
    assert (seen.seconds_left, seen.unknown_jobs) == (10, 0)
    assert case.display.expectations == [None, 10]


@pytest.mark.parametrize("state", ["done", "failed", "running"])
def test_what_is_left_of_runs_that_are_over_goes_and_that_of_others_stays(case: Case, state: Any) -> None:
    folder = case.store.root / "runs"
    folder.mkdir()
    for name, has_lease in (("over", False), ("other", True)):
        time = "2020-01-01T00:00:00+00:00"  # by a clock that is years late
        other = {"matrix": name, "host": "elsewhere", "pid": 1, "started": time, "time": time, "state": state}
        (folder / f"{name}.json").write_text(json.dumps(other))
        if has_lease:
            leave_lease(case.store.root, name)
    with case.file:
        left = {progress.matrix for _, progress in runs(case.store)}
    assert left == ({"m", "other"} if state == "running" else {"m"})


def test_a_disk_that_takes_nothing_and_a_store_that_gives_nothing_cost_nothing(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(progress_file, "write_atomically", fail)
    monkeypatch.setattr(type(case.store), "records", fail)
    monkeypatch.setattr(type(case.store), "read", fail)
    with case.file:
        case.begin()
        case.file.started(case.cells[1].evaluation())
        case.file.progressed(case.cells[1].cell.key, 0.5, "half")
        case.clock.now += WRITE_SECONDS
        case.file.waited()
        case.file.trained(case.cells[1].evaluation(), "ok", "")  # type: ignore[arg-type]
        case.file.finished(case.cells[1], case.record(1))
    assert list(runs(case.store)) == []


def test_a_file_in_the_place_of_the_folder_costs_nothing(case: Case) -> None:
    (case.store.root / "runs").write_text("mine")
    with case.file:
        case.begin()
    assert (case.store.root / "runs").read_text() == "mine"
