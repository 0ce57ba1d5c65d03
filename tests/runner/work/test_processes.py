"""Sweeping, adopting, dying with the parent: with forks that sleep."""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

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
        except BaseException:
            traceback.print_exc()
            processes.sweep()
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


SIZE = 64 << 20


def hold(pages: mmap.mmap, told: int, tell: int) -> NoReturn:
    """Say so, wait, fill a memory, say so again, and sleep."""
    os.write(tell, b".")
    os.read(told, 1)
    pages[:] = bytes([1]) * len(pages)
    os.write(tell, b".")
    signal.pause()
    os._exit(0)


def held(count: int, fork: Callable[[int, int], object], looks: Sequence[float]) -> list[float]:
    """By how much the memory of descendants grows, looked at with these limits, when so many fill theirs."""
    (told, tell_them), (told_us, tell) = os.pipe(), os.pipe()
    fork(told, tell)
    for _ in range(count):
        os.read(told_us, 1)
    before = [processes.memory_bytes(limit) for limit in looks]
    os.write(tell_them, b"." * count)
    for _ in range(count):
        os.read(told_us, 1)
    return [processes.memory_bytes(limit) - less for limit, less in zip(looks, before, strict=True)]


def test_memory_is_that_of_all_descendants() -> None:
    def fork(told: int, tell: int) -> None:
        if os.fork() == 0:
            os.fork()
            hold(mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), told, tell)

    def work() -> None:
        assert processes.memory_bytes(1e15) == 0, "this process is none of them"
        for grown in held(2, fork, [1e15, 0]):
            assert grown == pytest.approx(2 * SIZE, rel=0.1)
        processes.sweep()
        assert processes.memory_bytes(1e15) == 0

    assert in_a_process(work) == 0


def test_memory_that_several_share_is_counted_once_where_the_limit_hangs_on_it() -> None:
    pages = mmap.mmap(-1, SIZE)

    def fork(told: int, tell: int) -> None:
        for _ in range(3):
            if os.fork() == 0:
                hold(pages, told, tell)

    def work() -> None:
        estimated, exact = held(3, fork, [1e15, 0])
        assert estimated == pytest.approx(3 * SIZE, rel=0.1), "each of the three has all of it"
        assert exact == pytest.approx(SIZE, rel=0.1)
        processes.sweep()

    assert in_a_process(work) == 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that a counting of stopped time sees."""
    now = [100.0]
    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_time_is_counted_for_which_a_process_is_stopped(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    stops = [False]
    monkeypatch.setattr(processes, "_is_stopped", lambda pid: stops[0])
    stopped = processes.StoppedTime()
    for stops[0], seconds, counted in ((False, 0.5, 0), (True, 0.5, 0.5), (True, 1.0, 1.5), (False, 1.0, 1.5)):
        clock[0] += seconds
        stopped.look(os.getpid())
        assert stopped.seconds == counted


def test_time_is_counted_in_which_nobody_looked_for_long(clock: list[float]) -> None:
    stopped = processes.StoppedTime()
    clock[0] += 60
    stopped.look(os.getpid())
    assert stopped.seconds == 60, "a container was paused, with all that ran in it"
    clock[0] += 1
    stopped.look(os.getpid())
    assert stopped.seconds == 60


def test_a_stopped_process_is_known_and_a_fork_reads_what_was_counted(clock: list[float]) -> None:
    stopped = processes.StoppedTime()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        os.write(write, str(stopped.seconds).encode())
        os._exit(0)
    os.waitpid(pid, os.WUNTRACED)
    clock[0] += 1.5
    stopped.look(pid)
    os.kill(pid, signal.SIGCONT)
    os.waitpid(pid, 0)
    assert stopped.seconds == 1.5 and os.read(read, 20) == b"1.5"
    clock[0] += 1.5
    stopped.look(pid)
    assert stopped.seconds == 1.5, "it is gone"


def test_threads_spin_as_long_as_somebody_else_decided_or_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "5")
    processes.spin_shortly()
    assert os.environ["GOMP_SPINCOUNT"] == "5"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    processes.spin_shortly()
    assert 0 < int(os.environ["GOMP_SPINCOUNT"]) < 1_000_000
