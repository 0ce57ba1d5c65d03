"""A process that has torch imported and GPUs untouched, and forks a keeper for each job in milliseconds.

Started as `python -m srbench.runner.supervision.forkserver`. It answers each line of its input, a job's file with
devices and threads, by the process that does what the keeper's command would. When its input ends, because the run that
started it ended, however it ended, the server kills everything below it and ends too.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from srbench.devices.kinds import gpus
from srbench.errors import SrbenchError
from srbench.registry.registry import look_for_plugins
from srbench.runner.job.sharing import Shared, share
from srbench.runner.work import processes

_IMPORTED = (
    "torch",
    "PIL.Image",
    "imagecodecs._png",
    "pandas",  # what pyarrow wants for its first table
    "pyarrow.vendored.version",
    "srbench.pictures.pillow",
    "srbench.pictures.png",
    "srbench.registry.builtin",
    "srbench.registry.builtin_weights",
    "srbench.registry.formats",
    "srbench.runner.keeper",
    "srbench.runner.work.generation",
    "srbench.runner.work.upscaling",
    "srbench.tasks.generation",
    "srbench.tasks.super_resolution",
    "srbench.types",
    "srbench.weights.unpacked",
)
"""What processes of jobs need, whatever they do."""

_SWEEP_SECONDS = 0.5
"""Between two looks for what keepers left that were killed: each is at every process of the machine."""


class ServerGone(SrbenchError):
    """A server that ended without an answer."""


class ForkServer:
    """The run's side: starts the server and hands it jobs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "srbench.runner.supervision.forkserver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            told = self._answer("ended before it began; its own message stands above")
            self.gpus: list[str] = json.loads(told)
        except BaseException:  # interrupted, say, while torch was being imported
            self._process.kill()
            raise

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    def start(self, job: Path, devices: Sequence[str], threads: int, shared: Shared) -> int:
        """Have a job done; its keeper's process. shared: what it would import that others may hold, too."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([str(job), list(devices), threads, shared]).encode() + b"\n")
            self._process.stdin.flush()
        return int(self._answer("does not answer; run again"))

    def _answer(self, silence: str) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise ServerGone(f"the worker server {silence}")
        return line

    def close(self) -> None:
        """End the server and everything below it."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve() -> None:
    """Fork a keeper for every line of standard input, until it ends."""
    processes.wake_with_parent()
    processes.spin_shortly()
    _prepare()
    found = gpus()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    processes.adopt_orphans()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever is imported may print
    try:
        print(json.dumps(found), file=answers, flush=True)
    except BrokenPipeError:  # nobody waits any more
        return
    keepers, swept = set[int](), time.monotonic()
    while True:
        ready, _, _ = select.select([sys.stdin.buffer], [], [], _SWEEP_SECONDS)
        keepers -= _reap()
        if time.monotonic() - swept >= _SWEEP_SECONDS:
            processes.sweep(spare=keepers)  # orphans of a keeper that was killed
            swept = time.monotonic()
        if not ready:
            continue
        line = sys.stdin.buffer.readline()  # the next one comes when this is answered, so none waits in the buffer
        if not line:
            processes.sweep()
            return
        job, devices, threads, shared = json.loads(line)
        if share(Shared(*shared)):
            _freeze()
        pid = os.fork()
        if pid == 0:
            os.close(answers.fileno())
            _become_keeper(job, devices, threads)
        keepers.add(pid)
        with contextlib.suppress(BrokenPipeError):  # the end of the input is next
            print(pid, file=answers, flush=True)


def _prepare() -> None:
    """Import what processes of jobs would import anyway; torch, with GPUs untouched."""
    _, pillow, *_ = map(importlib.import_module, _IMPORTED)
    pillow.init()
    look_for_plugins()
    _freeze()


def _freeze() -> None:
    """Spare forks the look at what is there by now: it would write to, and so copy, all memory that they share."""
    gc.collect()
    gc.freeze()


def _become_keeper(job: str, devices: list[str], threads: int) -> NoReturn:
    code = 1
    try:
        server = os.getppid()
        processes.wake_with_parent()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        from srbench.runner import keeper

        keeper.keep(Path(job), devices, threads, parent=server)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _reap() -> set[int]:
    gone = set()
    with contextlib.suppress(ChildProcessError):
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            gone.add(pid)
    return gone


if __name__ == "__main__":
    serve()
