"""Sweeping, adopting, dying with the parent: with forks that sleep."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from srbench.runner.work import processes


def in_a_process(work: Callable[[], None]) -> int:
    """What a process of its own, which does this and ends, was ended with: 0 where all went well."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def sleeping(folder: Path, name: str) -> subprocess.Popen[bytes]:
    """A shell with a child, both asleep, in a session of its own; the child's number in a file."""
    file = folder / name
    script = f"sleep 60 & echo $! > {file}.part; mv {file}.part {file}; wait"
    shell = subprocess.Popen(["sh", "-c", script], start_new_session=True)
    while not file.exists():
        time.sleep(0.002)
    return shell


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_sweep_kills_every_descendant_but_those_to_be_spared(tmp_path: Path) -> None:
    def work() -> None:
        swept, spared = sleeping(tmp_path, "swept"), sleeping(tmp_path, "spared")
        children = [int((tmp_path / name).read_text()) for name in ("swept", "spared")]
        processes.sweep(spare={spared.pid})
        assert [lives(pid) for pid in (swept.pid, children[0])] == [False, False]
        assert [lives(pid) for pid in (spared.pid, children[1])] == [True, True]
        processes.sweep()
        assert not lives(spared.pid) and not lives(children[1])
        processes.sweep()

    assert in_a_process(work) == 0


def test_an_orphan_is_swept_by_who_adopted_it(tmp_path: Path) -> None:
    def work() -> None:
        processes.adopt_orphans()
        shell = sleeping(tmp_path, "child")
        shell.kill()
        shell.wait()
        orphan = int((tmp_path / "child").read_text())
        assert lives(orphan)
        processes.sweep()
        assert not lives(orphan)

    assert in_a_process(work) == 0


def test_a_process_may_die_with_its_parent(tmp_path: Path) -> None:
    read, write = os.pipe()

    def parent() -> None:
        if os.fork() == 0:
            processes.die_with_parent()
            os.write(write, f"{os.getpid()}\n".encode())
            signal.pause()
        (tmp_path / "child").write_text(os.read(read, 20).decode())

    assert in_a_process(parent) == 0
    child = int((tmp_path / "child").read_text())
    until = time.monotonic() + 30
    while lives(child):
        assert time.monotonic() < until, "it outlived its parent"
        time.sleep(0.005)


def test_memory_is_that_of_a_process_and_its_descendants(tmp_path: Path) -> None:
    shell = sleeping(tmp_path, "child")
    child = int((tmp_path / "child").read_text())
    try:
        both = sum(psutil.Process(pid).memory_info().rss for pid in (shell.pid, child))
        assert processes.memory_bytes(shell.pid) == pytest.approx(both, rel=0.1)
        assert 0 < processes.memory_bytes(child) < both
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    assert processes.memory_bytes(shell.pid) == 0


def test_threads_spin_as_long_as_somebody_else_decided_or_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "5")
    processes.spin_shortly()
    assert os.environ["GOMP_SPINCOUNT"] == "5"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    processes.spin_shortly()
    assert 0 < int(os.environ["GOMP_SPINCOUNT"]) < 1_000_000
