"""What Linux offers to those who start processes: adopting orphans, dying with the parent, sweeping descendants."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import signal
import struct
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

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


def wake_with_parent() -> None:
    """Go on, if stopped, when the parent process ends, so that it can be noticed."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGCONT)


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
    try:  # the system knows at once whether there are any; which they are takes a look at every process of the machine
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return found
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process().children():
            if child.pid not in spare:
                found.append(child)
                with contextlib.suppress(psutil.NoSuchProcess):
                    found += child.children(recursive=True)
    return found


def sweep_marked(variable: str, is_doomed: Callable[[str], bool], grace: float = 5.0) -> None:
    """Kill every process of this user whose environment variable is doomed, but this one.

    is_doomed: of what the variable said when the process was started, or the one that it is a fork of, whoever its
    parent is by now.
    """
    beginning = f"{variable}=".encode()
    until = time.monotonic() + grace
    while victims := [
        process
        for process in psutil.process_iter()
        if (mark := _mark(process.pid, beginning)) is not None and is_doomed(mark)
    ]:
        for process in victims:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()
        psutil.wait_procs(victims, timeout=0.2)
        if time.monotonic() > until:
            return


def _mark(pid: int, beginning: bytes) -> str | None:
    """What a variable of another process's environment said when that was started; None where it has none."""
    if pid == os.getpid():
        return None
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, or somebody else's
        return None
    return next((os.fsdecode(entry[len(beginning) :]) for entry in environment if entry.startswith(beginning)), None)


def memory_bytes(limit: float) -> int:
    """The memory of this process's descendants, what several share counted once; at most `limit` is only estimated.

    Resident memory counts shared pages in each process and is quickly read; the exact proportional share takes long,
    and is asked for where the former is above the limit.
    """
    members = _descendants(())
    resident = sum(_memory(member, "rss") for member in members)
    return resident if resident <= limit else sum(_memory(member, "pss") for member in members)


def _memory(process: psutil.Process, kind: str) -> int:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return int(getattr(process.memory_full_info() if kind == "pss" else process.memory_info(), kind))
    return 0


class StoppedTime:
    """How long a process has been stopped (SIGSTOP, a container that was paused), in seconds.

    One process looks at the other and counts; a fork of it, the other one itself, say, can read what it counted.
    """

    _GAP_SECONDS = 2.0
    """Between two looks: whoever looks was stopped itself, and so was all that ran with it."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)
        self._looked = time.monotonic()

    @property
    def seconds(self) -> float:
        """Counted until now."""
        return float(struct.unpack("d", self._shared[:8])[0])

    def look(self, pid: int) -> None:
        """Count the time since the last look if the process is stopped now, or nobody looked for long."""
        now = time.monotonic()
        since, self._looked = now - self._looked, now
        if since > self._GAP_SECONDS or _is_stopped(pid):
            self._shared[:8] = struct.pack("d", self.seconds + since)


def _is_stopped(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    return False
