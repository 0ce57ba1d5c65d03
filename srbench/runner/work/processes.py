"""What Linux offers to those who start processes: adopting orphans, dying with the parent, sweeping descendants."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection

import psutil

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36


def spin_shortly() -> None:
    """Let threads spin a little while they wait for each other; to be called before torch is imported.

    As long as by default, and they halve the speed as soon as anything else runs on the machine; not at all, and a
    network in bf16 trains at half the speed on an idle one.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that `setsid` does not hide them from a sweep."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the parent process ends, however it ends."""
    parent = os.getppid()
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call above
        os.kill(os.getpid(), signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def sweep(spare: Collection[int] = (), grace: float = 5.0) -> None:
    """Kill every descendant of this process but `spare` and its descendants, and wait until they are gone."""
    until = time.monotonic() + grace
    while victims := _descendants(spare):
        for process in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(victims, timeout=0.2)
        if time.monotonic() > until:
            return


def _descendants(spare: Collection[int]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process().children():
            if child.pid not in spare:
                found.append(child)
                with contextlib.suppress(psutil.NoSuchProcess):
                    found += child.children(recursive=True)
    return found


def memory_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for member in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
    return total
