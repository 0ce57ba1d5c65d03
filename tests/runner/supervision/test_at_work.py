"""What a run leaves at work is found by its mark and ended, whoever its parent is by now."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil
import pytest
from made_records import leave_lease

from srbench.contract.executor import Executor, Fate, Limits, Resources
from srbench.runner.job.exchange import Ending, Exchange, Heartbeat
from srbench.runner.supervision import at_work
from srbench.runner.supervision.at_work import VARIABLE, Burials, at_work_in
from srbench.store.files import StoreError, temporary_in
from srbench.store.lease import SILENCE_SECONDS, Lease, Leases, Process, Silence
from srbench.store.records import LASTING, Store


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
    runs = store.root.resolve() / "runs"
    leave_lease(store.root, "far")  # of a run on another machine, by a process that a batch system started here
    with Lease(store.root, "another run") as other:
        marks = (runs / "dead.lease", other.path.resolve(), runs / "far.lease", tmp_path / "runs/dead.lease")
        ours, *others = [orphan(tmp_path, **{VARIABLE: str(mark)}) for mark in marks]
        sleepers += [ours, *others]
        with at_work_in(store, "a run"):
            assert not lives(ours) and all(map(lives, others))
    assert all(map(lives, others))


def test_what_is_started_inside_is_marked_and_ends_with_it(store: Store, tmp_path: Path, sleepers: list[int]) -> None:
    with at_work_in(store, "a run"):
        sleepers.append(orphan(tmp_path))
        assert lives(sleepers[0])
    assert not lives(sleepers[0])
    assert VARIABLE not in os.environ


@pytest.fixture
def keeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "86400"]) as process:
        yield process
        process.kill()


def test_who_is_alone_waits_for_a_dead_runs_keeper_and_a_run_does_not(
    store: Store, monkeypatch: pytest.MonkeyPatch, keeper: subprocess.Popen[bytes]
) -> None:
    monkeypatch.setattr(at_work, "_WAIT_SECONDS", 0.1)
    dead = job(store, "cd" * 32, lasting=False)
    begun = int(Path(f"/proc/{keeper.pid}/stat").read_text().split()[21])
    dead.tell(Heartbeat(msgspec.structs.replace(Process.this(), pid=keeper.pid, begun=begun), "2026"))
    with pytest.raises(StoreError, match=r"processes of an earlier run still work in .*\(cdcdcdcdcdcd\)"):
        at_work_in(store, "a merge", alone=True).__enter__()
    assert dead.abandoned, "its keeper is told that nobody waits for it"
    with at_work_in(store, "a run"):
        assert dead.job.parent.exists(), "nobody else may do that job yet"
    keeper.kill()
    keeper.wait()
    with at_work_in(store, "a merge", alone=True):
        assert not (store.root / "jobs").exists()


def test_a_keeper_on_another_machine_is_waited_for_until_it_is_silent(store: Store) -> None:
    clock = [0.0]
    dead = job(store, "key", lasting=False)
    far = Process("elsewhere", "another kernel", 1, 1)
    burials = Burials(Lease(store.root, "a run"))
    burials._silence = Silence(lambda: clock[0])
    dead.tell(Heartbeat(far, "1"))
    assert not burials.buried(dead.job)
    for beat in range(300):
        clock[0] += 1
        dead.tell(Heartbeat(far, str(beat // 2)))
        assert not burials.buried(dead.job)
    for _ in range(int(SILENCE_SECONDS) + 3):
        clock[0] += 1
        burials.buried(dead.job)
    assert burials.buried(dead.job)


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
    """The files of a job of a run that is over."""
    path = store.root.resolve() / "jobs" / key / "job.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    (path.parent / "owner-dead").touch()
    if lasting:
        (path.parent / LASTING).touch()
    exchange = Exchange(path)
    if ending is not None:
        exchange.tell(ending)
    return exchange


def test_jobs_that_their_place_holds_go_on_and_what_others_told_is_kept(store: Store) -> None:
    runs, ended, gone = job(store, "runs"), job(store, "ended", Ending("failed", "no luck")), job(store, "gone")
    own = job(store, "own", Ending("ok"), lasting=False)
    (store.root / "jobs/half").mkdir()
    with at_work_in(store, "a run", Lasting("runs")):
        pass
    assert {path.name for path in (store.root / "jobs").iterdir()} == {"runs", "ended"}
    assert not runs.abandoned and not ended.abandoned and gone.abandoned and own.abandoned


def test_jobs_that_only_another_executor_can_tell_of_are_not_given_up_unasked(store: Store) -> None:
    kept = job(store, "runs")
    for executor in (None, Place("runs")):
        with pytest.raises(
            StoreError, match=r"may still wait or run .*\(--executor\), or give them up by removing .*jobs"
        ):
            at_work_in(store, "a run", executor).__enter__()
    assert not kept.abandoned
    kept.tell(Ending("ok"))
    with at_work_in(store, "a merge", alone=True):
        pass
    assert not kept.abandoned, "what it told is for the next run"


def test_jobs_of_a_run_that_lives_or_may_are_not_touched(store: Store) -> None:
    with Lease(store.root, "another run") as other:
        leave_lease(store.root, "far")
        for name in (other.name, "far"):
            kept = job(store, name, lasting=False)
            (kept.job.parent / "owner-dead").rename(kept.job.parent / f"owner-{name}")
        temporary = temporary_in(store.root)
        temporary.touch()
        with at_work_in(store, "a run"):
            assert {path.name for path in (store.root / "jobs").iterdir()} == {other.name, "far"}
        assert temporary.exists(), "somebody may be writing it"
    leases = Leases(store.root)
    leases.path("far").unlink()
    with at_work_in(store, "a run"):
        assert not (store.root / "jobs").exists() and not temporary.exists()


def test_a_job_of_which_nobody_can_say_whose_it_is_goes_where_nobody_else_is(store: Store) -> None:
    (store.root / "jobs/half").mkdir(parents=True)
    with Lease(store.root, "another run"), at_work_in(store, "a run"):
        assert (store.root / "jobs/half").exists()
    with at_work_in(store, "a run"):
        assert not (store.root / "jobs").exists()


def leave_half(store: Store) -> Path:
    """What a writer leaves that is killed."""
    (half := temporary_in(store.root)).write_bytes(b"half")
    return half


def test_a_store_is_gone_through_unless_the_latest_process_ended_in_order(store: Store) -> None:
    with at_work_in(store, "a run"):
        pass
    half = leave_half(store)  # by nobody who is known: `srbench clean` finds it
    with at_work_in(store, "a run"):
        assert half.exists()
    with suppress(ValueError), at_work_in(store, "a run"):
        raise ValueError
    with at_work_in(store, "a run") as lease:
        assert not half.exists(), "the one before ended by an error"
        lease.orderly = False
    half = leave_half(store)
    with at_work_in(store, "a run"):
        assert not half.exists(), "the one before said so"


def test_who_had_company_does_not_say_that_all_ended_in_order(store: Store) -> None:
    with Lease(store.root, "another"), at_work_in(store, "a run"):
        half = leave_half(store)
    with at_work_in(store, "a run"):
        assert not half.exists()
        (store.root / "runs/latest").write_text("one that began beside it")
        half = leave_half(store)
    with at_work_in(store, "a run"):
        assert not half.exists()
