"""What a run leaves at work is found by its mark and ended, whoever its parent is by now."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from srbench.contract.executor import Executor, Fate, Limits, Resources
from srbench.runner.job.exchange import Ending, Exchange
from srbench.runner.supervision import at_work
from srbench.runner.supervision.at_work import VARIABLE, end_earlier_work, marked
from srbench.store.files import StoreError
from srbench.store.lock import worked_on
from srbench.store.records import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    made.create()
    return made


@pytest.fixture
def sleepers() -> Iterator[list[int]]:
    pids: list[int] = []
    yield pids
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def orphan(folder: Path, **environment: str) -> int:
    """A process in a session of its own, whose parent has ended."""
    program = (
        "import pathlib, subprocess, sys\n"
        "left = subprocess.Popen(['sleep', '86400'], start_new_session=True)\n"
        "pathlib.Path(sys.argv[1]).write_text(str(left.pid))\n"
    )
    subprocess.run(
        [sys.executable, "-S", "-c", program, str(folder / "pid")], check=True, env={**os.environ, **environment}
    )
    return int((folder / "pid").read_text())


def test_an_orphan_of_a_run_that_is_dead_is_ended_and_nobody_elses(
    store: Store, tmp_path: Path, sleepers: list[int]
) -> None:
    ours = orphan(tmp_path, **{VARIABLE: str(store.root.resolve())})
    others = orphan(tmp_path, **{VARIABLE: str(tmp_path / "another")})
    sleepers += [ours, others]
    (store.root / "jobs" / "key").mkdir(parents=True)
    with marked(store):
        end_earlier_work(store)
    assert not lives(ours) and lives(others)
    assert not (store.root / "jobs").exists()


def test_what_is_started_inside_is_marked_and_ends_with_it(store: Store, tmp_path: Path, sleepers: list[int]) -> None:
    with marked(store):
        sleepers.append(orphan(tmp_path))
        assert lives(sleepers[0])
    assert not lives(sleepers[0])
    assert VARIABLE not in os.environ


def test_a_store_that_somebody_still_works_in_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_work, "_WAIT_SECONDS", 0.1)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with worked_on(store.root):
            os.write(writing, b"!")
            time.sleep(60)
        os._exit(0)
    os.read(reading, 1)
    try:
        with pytest.raises(StoreError, match="processes of an earlier run still work in the store"):
            end_earlier_work(store)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    end_earlier_work(store)


class Place(Executor):
    """Runs nothing, and holds the jobs that a test names."""

    def __init__(self, *held: str) -> None:
        self.held = held

    def places(self) -> int:
        return 1

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None: ...

    def fate(self, job: Path) -> Fate | None: ...

    def close(self) -> None: ...


class Lasting(Place):
    def holds(self, job: Path) -> bool:
        return job.parent.name in self.held


def job(store: Store, key: str, ending: Ending | None = None, lasting: bool = True) -> Exchange:
    """The files of a job."""
    path = store.root / "jobs" / key / "job.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    exchange = Exchange(path)
    if lasting:
        exchange.outlive()
    if ending is not None:
        exchange.tell(ending)
    return exchange


def test_jobs_that_their_place_holds_go_on_and_what_others_told_is_kept(store: Store) -> None:
    runs, ended, gone = job(store, "runs"), job(store, "ended", Ending("failed", "no luck")), job(store, "gone")
    own = job(store, "own", Ending("ok"), lasting=False)
    (store.root / "jobs/half").mkdir()
    with worked_on(store.root):  # by the job that runs, perhaps on another machine
        end_earlier_work(store, Lasting("runs"))
    assert {path.name for path in (store.root / "jobs").iterdir()} == {"runs", "ended"}
    assert not runs.abandoned and not ended.abandoned and gone.abandoned and own.abandoned


def test_jobs_that_only_another_executor_can_tell_of_are_not_given_up_unasked(store: Store) -> None:
    kept = job(store, "runs")
    for executor in (None, Place("runs")):
        with pytest.raises(
            StoreError, match=r"may still wait or run .*\(--executor\), or give them up by removing .*jobs"
        ):
            end_earlier_work(store, executor)
    assert not kept.abandoned
    kept.tell(Ending("ok"))
    end_earlier_work(store)
    assert not kept.abandoned, "what it told is for the next run"
