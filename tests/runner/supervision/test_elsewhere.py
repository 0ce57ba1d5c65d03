"""What another run does is waited for, and comes back when that is over, however it is. No process is started here."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_in_process import InProcess
from made_records import leave_lease

from srbench.contract.executor import Executor, Fate, Limits, Resources
from srbench.runner.job.claim import owner, release
from srbench.runner.job.exchange import Ending, Exchange, Heartbeat
from srbench.runner.job.file import write_job
from srbench.runner.job.tasks import Job
from srbench.runner.supervision import elsewhere
from srbench.runner.supervision.elsewhere import Elsewhere
from srbench.store.files import StoreError
from srbench.store.lease import Lease, Leases, Process


class Place(Executor):
    """Runs nothing."""

    def places(self) -> int:
        return 1

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None: ...

    def fate(self, job: Path) -> Fate | None: ...

    def close(self) -> None: ...


class Holding(Place):
    """Knows its jobs again."""

    held = True

    def holds(self, job: Path) -> bool:
        return self.held


class Scene:
    def __init__(self, folder: Path, executor: Executor, lasting: bool = False) -> None:
        bench = InProcess(folder)
        self.store, self.task = bench.store, bench.plan().evaluation()
        self.root = bench.store.root
        self.lease = Lease(self.root, "this run")
        self.other = leave_lease(self.root, "far")
        self.elsewhere = Elsewhere(self.store, self.lease, executor)
        path = write_job(Job(self.task, self.root, folder), "far", lasting=lasting)
        assert path is not None
        self.job = path
        assert self.elsewhere.add(self.task.key) == "a run, process 1 on elsewhere"

    @property
    def back(self) -> bool:
        found = self.elsewhere.given_up()
        assert found in ([], [self.task.key]) and len(self.elsewhere) == 1 - len(found)
        return bool(found)

    def die(self) -> None:
        self.other.unlink()


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "_LOOK_SECONDS", 0.0)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, Place())


def test_what_a_run_that_lives_does_comes_back_when_it_is_done(scene: Scene) -> None:
    assert not scene.back
    Exchange(scene.job).tell(Ending("ok"))
    assert not scene.back, "its own run has not read that yet"
    release(scene.job, "far")
    assert scene.back


def test_a_dead_runs_job_comes_back_once_its_keeper_has_gone(scene: Scene) -> None:
    exchange = Exchange(scene.job)
    exchange.tell(Heartbeat(Process("elsewhere", "another kernel", 1, 1), "1"))
    scene.die()
    assert not scene.back
    assert owner(scene.job) == scene.lease.name and exchange.abandoned, "its keeper is told that nobody waits for it"
    assert not scene.back
    (scene.job.parent / "heartbeat.json").unlink()  # which it does when it ends
    assert scene.back
    assert not scene.job.parent.exists()


def test_one_that_has_told_its_end_and_one_that_its_place_holds_are_to_be_adopted(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Place())
    Exchange(scene.job).tell(Ending("ok"))
    scene.die()
    assert scene.back and owner(scene.job) == "far"
    place = Holding()
    for held in (True, False):
        scene = Scene(tmp_path / str(held), place, lasting=True)
        scene.die()
        place.held = held
        assert scene.back
        assert owner(scene.job) == ("far" if held else "")


def test_one_that_only_another_executor_can_tell_of_is_told(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Place(), lasting=True)
    scene.die()
    with pytest.raises(StoreError, match="may still wait or run"):
        scene.elsewhere.given_up()
    assert scene.job.exists()


def test_who_took_over_and_died_is_inherited_from_too(scene: Scene) -> None:
    (scene.job.parent / "owner-far").rename(scene.job.parent / "owner-heir")
    scene.job.unlink()  # the heir had got so far
    heir = leave_lease(scene.root, "heir")
    scene.die()
    assert not scene.back
    heir.unlink()
    assert Leases(scene.root).names() == [] and scene.back
    assert not scene.job.parent.exists()
