"""A job's keeper: the command that does a job, `python -m srbench.runner.keeper STORE/jobs/KEY/job.json`.

It does the job in processes of its own, holds them to the job's limits, sweeps every process that they leave behind,
and writes the record of what they told, or of how they died. It gives signs of life, and says how the job ended, in
files beside the job's (`srbench.runner.job.exchange`), so that limits, records and the sweep are the same wherever a
job runs.

The job is asked to write a checkpoint and end by a file `stop` beside its own, when its run wants no more of it; or by
SIGTERM, SIGINT or SIGHUP to the keeper, when the place wants its room back. Of the first the keeper tells as of an
ending. Of the second it tells nobody: its exit code says that the job is not done.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from srbench.contract.executor import UNFINISHED
from srbench.devices.kinds import gpus
from srbench.errors import in_words, machine_fault
from srbench.registry.registry import confine
from srbench.runner.account import Account
from srbench.runner.job.channel import Tell
from srbench.runner.job.environment import cores
from srbench.runner.job.exchange import Ending, Exchange
from srbench.runner.job.file import read_job
from srbench.runner.job.tasks import Evaluation, Job
from srbench.runner.process import Abandoned, Process, Stopping
from srbench.runner.work import processes, worker
from srbench.store.files import StoreError
from srbench.store.records import Store
from srbench.weights.data_root import VARIABLE

_TRIES = 3


def keep(
    path: Path, devices: Sequence[str] | None = None, threads: int | None = None, parent: int | None = None
) -> bool:
    """Do the job of a file, and tell of its ending; its record is in the store by then. False: it goes on another time.

    A job that was done before, by a keeper whose machine failed a moment later, is not done again.

    devices: torch devices; unless told, all GPUs that this process sees, or the CPU. threads: unless told, one for each
    core that this process may use. parent: the process without which nobody waits for the job. Raises `OSError` where
    there is no such file.
    """
    exchange = Exchange(path, parent)
    if exchange.read(Ending) is not None:
        return True
    try:
        exchange.beat()
        job = read_job(path)
        os.environ[VARIABLE] = str(job.data_root)
        ending = _kept(replace(job, threads=threads or cores()), exchange, devices)
    except Abandoned:
        exchange.fall_silent()
        return True
    except Exception as error:  # a keeper that fails must still say so
        ending = Ending("killed" if machine_fault(error) else "failed", in_words(error), bool(machine_fault(error)))
    if ending.status is None and not exchange.asked_to_stop:
        exchange.fall_silent()
        return False
    _tell(exchange, ending)
    return True


def _tell(exchange: Exchange, ending: Ending) -> None:
    """Tell how the job ended; where the disk has no room for that, a few times, and then by ending alone."""
    for _ in range(_TRIES):
        try:
            exchange.tell(ending)
        except StoreError:
            time.sleep(1)
        else:
            return


def _kept(job: Job, exchange: Exchange, devices: Sequence[str] | None) -> Ending:
    """Do the job in processes of its own, one after the other: make what it needs the method for, then score that."""
    processes.adopt_orphans()
    stopping = Stopping()
    for asked in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(asked, stopping.ask)
    return _done(job, Store(job.store), exchange, devices, stopping)


def _done(job: Job, store: Store, exchange: Exchange, devices: Sequence[str] | None, stopping: Stopping) -> Ending:
    account = Account(job, store)
    stopped = processes.StoppedTime()

    def process(work: Callable[[Tell, Callable[[], bool]], None]) -> Process:
        return Process(work, account.folder, job.limits, exchange, stopping, stopped)

    scored_from = 0.5 if account.lacks_images else 0.0
    if account.lacks_images:
        shown = _part(exchange, 0.0, scored_from if isinstance(job.task, Evaluation) else 1.0)
        ended = process(partial(_make, job, account, shown, exchange, devices, stopped)).run(account.making_told)
        if stopping.since is None:
            account.making_ended(ended.status, ended.reason, ended.again)
    while stopping.since is None and (scored := account.to_score) is not None:
        shown = _part(exchange, scored_from, 1.0)
        ended = process(partial(_score, scored, account, shown, exchange, devices)).run(account.scoring_told)
        if stopping.since is None:
            account.scoring_ended(ended.reason, ended.again)
        if account.settled:
            break
    record = account.record
    if record is None or (record.status == "ok" and not account.settled):
        return Ending(None)  # asked to stop
    reason = record.reason or (record.metric_failures if account.again else "")
    return Ending(record.status, reason, account.again)


def _part(exchange: Exchange, begin: float, end: float) -> worker.Progress:
    """Progress of a part of the job, which is from `begin` to `end` of the whole."""
    return lambda done, message: exchange.progress(begin + (end - begin) * done, message)


def _make(
    job: Job,
    account: Account,
    progress: worker.Progress,
    exchange: Exchange,
    devices: Sequence[str] | None,
    stopped: processes.StoppedTime,
    tell: Tell,
    stop: Callable[[], bool],
) -> None:
    job = replace(job, devices=tuple(devices or gpus() or ["cpu"]))
    exchange.device = ", ".join(job.devices)
    clock = partial(_running_time, stopped)
    worker.make(job, account.attempt, account.record, tell, progress, stop, clock)


def _score(
    job: Job,
    account: Account,
    progress: worker.Progress,
    exchange: Exchange,
    devices: Sequence[str] | None,
    tell: Tell,
    stop: Callable[[], bool],
) -> None:
    assert account.record is not None and isinstance(job.task, Evaluation)
    confine(job.task.judged_by)
    job = replace(job, devices=tuple(devices or gpus() or ["cpu"]))
    exchange.device = ", ".join(job.devices)
    worker.score(job, account.attempt, account.record, account.troubles, tell, progress, stop)


def _running_time(stopped: processes.StoppedTime) -> float:
    return time.monotonic() - stopped.seconds


def main() -> None:
    """Do the job that the command line names."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m srbench.runner.keeper JOB\nJOB: a job's file, STORE/jobs/KEY/job.json")
    processes.spin_shortly()
    try:
        done = keep(Path(sys.argv[1]))
    except OSError as error:
        raise SystemExit(f"{sys.argv[1]}: {error.strerror}") from None
    if not done:
        raise SystemExit(UNFINISHED)


if __name__ == "__main__":
    main()
