"""A job's keeper: starts the job in a process of its own, holds it to its limits, and sees that nothing is left.

Every executor runs jobs through a keeper, so that limits, records of deaths, and the sweep of descendants are the
same on this machine and on a cluster's node.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

from srbench.runner.jobs import Evaluation, Job
from srbench.runner.supervision import messages, processes
from srbench.runner.work.attempt import Attempt
from srbench.store.records import RECORD, Status, Store

GRACE_SECONDS = 15.0
"""How long a job that was asked to stop may take to write its checkpoint."""

_LOOK_EVERY = 0.1


def keep(job: Job, line: socket.socket) -> None:
    """Run a job to its end and tell `line` how it ended: `{"end": status or None, "reason": ...}`.

    The job's record is in the store by then: its own, or the keeper's where the job could not write one. `end` is
    None when the job was asked to stop (SIGTERM to the keeper) and left no record on purpose.
    """
    from srbench.runner.work import worker

    processes.adopt_orphans()
    stopping: list[float] = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(time.monotonic()))
    store = Store(job.store)
    folder = _prepare(store, job)
    attempt = Attempt.begin(job)
    had_record = store.read(job.task.shelf, job.task.key) is not None
    pid = os.fork()
    if pid == 0:
        _become_worker(job, folder, line)
    verdict, code = _watch(pid, job, stopping)
    processes.sweep()
    record = store.read(job.task.shelf, job.task.key)
    if record is not None and not had_record:
        messages.send_surely(line, end=record.status, reason=record.reason)
        return
    if verdict is None and code == 0:
        end = None if record is None else record.status
        messages.send_surely(line, end=end, reason="" if record is None else record.reason)
        return
    if stopping and verdict is None:
        messages.send_surely(line, end=None, reason="")
        return
    status, reason = verdict or _death(code)
    if record is None:  # what was there before, with its results, is worth more than the news of this failure
        ending = attempt.record(status, reason, log_tail=worker.log_tail(folder))
        store.write(job.task.shelf, ending)
    messages.send_surely(line, end=status, reason=reason)


def _prepare(store: Store, job: Job) -> Path:
    """The job's folder: a new one for a cell, unless its images are there; a training's keeps its checkpoint."""
    if isinstance(job.task, Evaluation):
        record = store.read("cells", job.task.key)
        if record is None or record.status != "ok":
            return store.clear("cells", job.task.key)
        return store.folder("cells", job.task.key)
    folder = store.folder(job.task.shelf, job.task.key)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).unlink(missing_ok=True)
    return folder


def _become_worker(job: Job, folder: Path, line: socket.socket) -> NoReturn:
    code = 1
    try:
        os.setsid()
        processes.die_with_parent()
        stop = False

        def ask_to_stop(*_: object) -> None:
            nonlocal stop
            stop = True

        signal.signal(signal.SIGTERM, ask_to_stop)
        log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdout = open(1, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115
        from srbench.runner.work import worker

        worker.run(job, lambda done, message: messages.send(line, done=done, message=message), lambda: stop)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _watch(pid: int, job: Job, stopping: list[float]) -> tuple[tuple[Status, str] | None, int]:
    """Wait for the worker. Returns why it was killed here, if it was, and its exit code (negative: a signal)."""
    started = time.monotonic()
    verdict: tuple[Status, str] | None = None
    forwarded = False
    handle = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    try:
        while not poll.poll(_LOOK_EVERY * 1000):
            if verdict is None:
                verdict = _breach(pid, job, started)
            if stopping and not forwarded:
                os.kill(pid, signal.SIGTERM)
                forwarded = True
            if verdict is not None or (stopping and time.monotonic() - stopping[0] > GRACE_SECONDS):
                os.kill(pid, signal.SIGKILL)
    finally:
        os.close(handle)
    _, status = os.waitpid(pid, 0)
    return verdict, os.waitstatus_to_exitcode(status)


def _breach(pid: int, job: Job, started: float) -> tuple[Status, str] | None:
    limits = job.limits
    if limits.seconds is not None and time.monotonic() - started > limits.seconds:
        return "timeout", f"took longer than its limit of {limits.seconds:g} s"
    if limits.memory_gb is not None:
        used = processes.memory_bytes(pid) / 1e9
        if used > limits.memory_gb:
            return "out_of_memory", f"used {used:.1f} of {limits.memory_gb:g} GB"
    return None


def _death(code: int) -> tuple[Status, str]:
    if code < 0:
        return "killed", f"its process was killed by {signal.Signals(-code).name}"
    return "failed", f"its process ended with exit code {code} and left no record"
