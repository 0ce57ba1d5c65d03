"""A job's keeper: the command that does a job, `python -m srbench.runner.keeper STORE/jobs/KEY/job.json`.

It starts the job in a process of its own, holds it to its limits, sweeps every process that the job leaves behind, and
writes the record that a killed job could not write. It gives signs of life, and says how the job ended, in files beside
the job's (`srbench.runner.job.exchange`), so that limits, records of deaths and the sweep are the same wherever a job
runs.

The job is asked to write a checkpoint and end by a file `stop` beside its own, or by SIGTERM or SIGINT to the keeper.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from srbench.errors import in_words
from srbench.runner.job.environment import cores
from srbench.runner.job.exchange import BEAT_SECONDS, GRACE_SECONDS, Ending, Exchange
from srbench.runner.job.file import read_job
from srbench.runner.job.tasks import Evaluation, Job
from srbench.runner.work import processes, worker
from srbench.runner.work.attempt import Attempt
from srbench.store.files import StoreError
from srbench.store.records import RECORD, Status, Store
from srbench.weights.data_root import VARIABLE

_LOOK_EVERY = 0.1


class Abandoned(Exception):
    """Nobody waits for the job any more: it leaves nothing."""


def keep(path: Path, device: str | None = None, threads: int | None = None) -> None:
    """Do the job of a file, and tell of its ending; the job's record, its own or the keeper's, is in the store by then.

    device: a torch device; unless told, a GPU if this process sees one. threads: unless told, one for each core that
    this process may use. Raises `OSError` where there is no such file.
    """
    exchange = Exchange(path)
    try:
        exchange.beat()
        job = read_job(path)
        os.environ[VARIABLE] = str(job.data_root)
        ending = _kept(replace(job, threads=threads or cores()), exchange, device)
    except Abandoned:
        return
    except Exception as error:  # a keeper that fails must still say so
        ending = Ending("failed", in_words(error))
    exchange.tell(ending)


def _kept(job: Job, exchange: Exchange, device: str | None) -> Ending:
    processes.adopt_orphans()
    stopping: list[float] = []
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda *_: stopping.append(time.monotonic()))
    store = Store(job.store)
    folder = _prepare(store, job)
    attempt = Attempt.begin(job)
    had_record = store.read(job.task.shelf, job.task.key) is not None
    pid = os.fork()
    if pid == 0:
        _become_worker(job, folder, exchange.progress, device)
    try:
        verdict, code = _watch(pid, job, exchange, stopping)
    finally:
        processes.sweep()
    record = store.read(job.task.shelf, job.task.key)
    if record is not None and (not had_record or (verdict is None and code == 0)):
        return Ending(record.status, record.reason)
    if verdict is None and (stopping or code == 0):
        return Ending(None)
    status, reason = verdict or _death(code)
    if record is None:  # what was there before, with its results, is worth more than the news of this failure
        store.write(job.task.shelf, attempt.record(status, reason, log_tail=worker.log_tail(folder)))
    return Ending(status, reason)


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


def _become_worker(job: Job, folder: Path, progress: Callable[[float, str], None], device: str | None) -> NoReturn:
    code = 1
    try:
        os.setsid()
        processes.die_with_parent()
        stop = False

        def ask_to_stop(*_: object) -> None:
            nonlocal stop
            stop = True

        signal.signal(signal.SIGTERM, ask_to_stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        log = os.open(folder / worker.LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdout = open(1, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115
        worker.run(replace(job, device=device or _best_device()), progress, lambda: stop)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _best_device() -> str:
    import torch

    return "cuda:0" if torch.cuda.is_available() else "cpu"


def _watch(pid: int, job: Job, exchange: Exchange, stopping: list[float]) -> tuple[tuple[Status, str] | None, int]:
    """Wait for the worker. Returns why it was killed here, if it was, and its exit code (negative: a signal).

    Raises `Abandoned`, with the worker still to be swept.
    """
    started = beaten = time.monotonic()
    verdict: tuple[Status, str] | None = None
    forwarded = False
    handle = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    try:
        while not poll.poll(_LOOK_EVERY * 1000):
            if exchange.abandoned:
                raise Abandoned
            if time.monotonic() - beaten > BEAT_SECONDS:
                beaten = time.monotonic()
                _beat(exchange)
            if verdict is None:
                verdict = _breach(pid, job, started)
            if exchange.asked_to_stop and not stopping:
                stopping.append(time.monotonic())
            if stopping and not forwarded:
                os.kill(pid, signal.SIGTERM)
                forwarded = True
            if verdict is not None or (stopping and time.monotonic() - stopping[0] > GRACE_SECONDS):
                os.kill(pid, signal.SIGKILL)
    finally:
        os.close(handle)
    _, status = os.waitpid(pid, 0)
    return verdict, os.waitstatus_to_exitcode(status)


def _beat(exchange: Exchange) -> None:
    with contextlib.suppress(StoreError):  # a disk that is full for a moment ends no job
        exchange.beat()


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


def main() -> None:
    """Do the job that the command line names."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m srbench.runner.keeper JOB\nJOB: a job's file, STORE/jobs/KEY/job.json")
    processes.spin_shortly()
    try:
        keep(Path(sys.argv[1]))
    except OSError as error:
        raise SystemExit(f"{sys.argv[1]}: {error.strerror}") from None


if __name__ == "__main__":
    main()
