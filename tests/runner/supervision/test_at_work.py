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
