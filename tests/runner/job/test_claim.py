"""Of all runs that want a job one has it, and it stays one when a dead run's job is taken over."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from srbench.runner.job.claim import claim, discard, owner, release, take_over
from srbench.store.files import StoreError

RUNS = [f"run{index}" for index in range(8)]


@pytest.fixture
def job(tmp_path: Path) -> Path:
    return tmp_path / "jobs" / "key" / "job.json"


def prepared(job: Path, run: str) -> Path:
    folder = job.parents[1] / f".srbench-{run}"
    folder.mkdir(parents=True)
    (folder / job.name).write_text(run)
    return folder


def all_at_once(do: Callable[[str], bool]) -> list[str]:
    """The runs for which it came true, when all of them do it at the same moment."""
    gate = Barrier(len(RUNS))

    def wait_and_do(run: str) -> bool:
        gate.wait()
        return do(run)

    with ThreadPoolExecutor(len(RUNS)) as pool:
        return [run for run, won in zip(RUNS, pool.map(wait_and_do, RUNS), strict=True) if won]


@pytest.mark.parametrize("attempt", range(10))
def test_one_of_many_gets_a_job_and_later_one_of_many_inherits_it(job: Path, attempt: int) -> None:
    folders = {run: prepared(job, run) for run in RUNS}
    (winner,) = all_at_once(lambda run: claim(folders[run], job, run))
    assert owner(job) == winner == job.read_text()
    (heir,) = all_at_once(lambda run: take_over(job, winner, f"heir-{run}"))
    assert owner(job) == f"heir-{heir}" and job.read_text() == winner, "the job is the same"


def test_a_job_goes_as_a_whole_and_only_by_whom_it_is(job: Path) -> None:
    assert owner(job) == ""
    assert claim(prepared(job, "a"), job, "a")
    release(job, "b")
    assert owner(job) == "a"
    assert not take_over(job, "b", "c")
    release(job, "a")
    assert owner(job) == "" and not list(job.parents[1].iterdir())
    assert claim(prepared(job, "b"), job, "b")
    discard(job)
    discard(job)
    assert not list(job.parents[1].iterdir())


def test_an_answer_that_a_network_file_system_lost_is_no_failure(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def forget(path: Path, target: Path) -> Any:
        rename(path, target)
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    folder = prepared(job, "a")
    monkeypatch.setattr(Path, "rename", forget)
    assert claim(folder, job, "a") and owner(job) == "a"
    assert take_over(job, "a", "b") and owner(job) == "b"


@pytest.mark.parametrize("number", [errno.EIO, errno.EDQUOT, errno.EROFS, errno.ESTALE])
def test_a_fault_of_the_disk_is_not_another_run(job: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: object) -> Iterator[Path]:
        raise OSError(number, os.strerror(number))

    folder = prepared(job, "a")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(StoreError, match=os.strerror(number)):
            claim(folder, job, "a")
    claim(folder, job, "a")
    monkeypatch.setattr(Path, "iterdir", fail)
    assert owner(job) is None
    release(job, "a")
    assert job.exists()
