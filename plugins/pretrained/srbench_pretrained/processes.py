"""Run a program to its end or to its time limit, and leave no process of it behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_MARK = "SRBENCH_COMMAND"
"""The environment variable by which a program's descendants are known, whatever sessions and parents they have."""
_TAIL = 2000
"""How many characters of what a program printed are kept."""
_GRACE = 5.0


@dataclass(frozen=True)
class Ended:
    """How a program ended. code: its exit code, None when its time was up. printed: the end of what it printed."""

    code: int | None
    printed: str


def run(arguments: Sequence[str], folder: Path, seconds: float) -> Ended:
    """Run a program in a folder, without a shell and without input. Raises `OSError` when it cannot be started.

    When it has ended, or is ended because its time is up, everything that it started is killed.
    """
    mark = uuid.uuid4().hex
    # A file, not a pipe: a descendant that keeps a pipe open would have us wait for it.
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            env={**os.environ, _MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        code = None
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(seconds)
        finally:
            _kill_all(process, mark)
        return Ended(code, _tail(printed.fileno()))


def _kill_all(process: subprocess.Popen[bytes], mark: str) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + _GRACE
    while (left := _marked(mark)) and time.monotonic() < until:
        for one in left:
            with contextlib.suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(left, timeout=0.1)


def _marked(mark: str) -> list[psutil.Process]:
    """The living processes of this user that inherited the mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _tail(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    start = max(0, size - 4 * _TAIL)
    text = os.pread(descriptor, size - start, start).decode(errors="replace")
    return text.strip()[-_TAIL:]
