"""Being at work in a store: the mark by which what a run starts is found, and the end of what a dead one left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from srbench.contract.executor import Executor
from srbench.runner.job.claim import discard, owner, release, take_over
from srbench.runner.job.exchange import Ending, Heartbeat, told
from srbench.runner.job.file import is_lasting, jobs_in
from srbench.runner.work import processes
from srbench.store.files import StoreError, bytes_of, write_atomically
from srbench.store.lease import SILENCE_SECONDS, Lease, Silence
from srbench.store.records import JOBS, RUNS, Store

VARIABLE = "SRBENCH_AT_WORK_IN"
"""The environment variable with the path of the run's lease: whatever a run starts has it, and all that comes of it."""
_WAIT_SECONDS = 10.0
"""How long a keeper of a run that is dead may take to end: on another machine it first has to see it."""
_LOOK_SECONDS = 0.05
_LATEST = "latest"
_IN_ORDER = " ended in order"


@contextmanager
def at_work_in(store: Store, what: str, executor: Executor | None = None, *, alone: bool = False) -> Iterator[Lease]:
    """Be at work in a store; what dead runs of this machine still have there is ended. Raises `StoreError`.

    what: this process does, in words. executor: where it runs jobs, if it does; what outlived an earlier run there goes
    on. alone: nobody else may be at work meanwhile. At the end, whatever was started meanwhile is killed.
    """
    store.create()
    with Lease(store.root, what, alone=alone) as lease, _marked(lease):
        end_dead_work(store, lease, executor, alone=alone)
        with _in_order(store, lease):
            yield lease


@contextmanager
def _in_order(store: Store, lease: Lease) -> Iterator[None]:
    """Settle a store, unless whoever was here last ended in order: all folders of a large one take seconds to look at.

    Only a process beside which nobody else has been at work says so of itself.
    """
    note, alone = store.root / RUNS / _LATEST, not lease.others()
    if not (alone and (bytes_of(note) or b"").endswith(_IN_ORDER.encode())):
        store.settle(alone=alone)
    write_atomically(note, lease.name.encode(), lasting=False)
    yield
    if alone and lease.orderly and bytes_of(note) == lease.name.encode():
        with suppress(StoreError):  # the next run settles
            write_atomically(note, f"{lease.name}{_IN_ORDER}".encode(), lasting=False)


@contextmanager
def _marked(lease: Lease) -> Iterator[None]:
    os.environ[VARIABLE] = str(lease.path.resolve())
    try:
        yield
    finally:
        sweep_marked()
        del os.environ[VARIABLE]


def sweep_marked() -> None:
    """Kill all that is marked, on this machine, as at work for the run of this process."""
    if own := os.environ.get(VARIABLE):
        processes.sweep_marked(VARIABLE, lambda mark: mark == own)


def sweep_dead(lease: Lease) -> None:
    """Kill all that is marked, on this machine, as at work for runs of the same store that are over."""
    runs = lease.path.resolve().parent
    processes.sweep_marked(VARIABLE, lambda mark: Path(mark).parent == runs and lease.is_over(Path(mark).stem))


def end_dead_work(store: Store, lease: Lease, executor: Executor | None = None, *, alone: bool = False) -> None:
    """End what still works for runs that are over, but for jobs that the executor holds, and keep what jobs told.

    A keeper on another machine may take longer to end than this call; who is alone waits for it. Raises `StoreError`
    where jobs may wait or run that only another executor can tell of, and where something does not end.
    """
    sweep_dead(lease)
    for job in jobs_in(store):
        whose = owner(job)
        if whose == "" and not lease.others():  # nobody can say any more what it was
            discard(job)
        if not whose or not lease.is_over(whose) or (is_lasting(job) and told(job, Ending) is not None):
            continue
        if not outlives(job, executor):
            take_over(job, whose, lease.name)
    burials = Burials(lease)
    until = time.monotonic() + _WAIT_SECONDS
    while left := [job for job in jobs_in(store) if owner(job) == lease.name and not burials.buried(job)]:
        if not alone:
            break
        if time.monotonic() > until:
            raise StoreError(
                f"processes of an earlier run still work in the store {store.root}, on another machine perhaps ("
                f"{', '.join(job.parent.name[:12] for job in left)}); wait until they end, or end them"
            )
        time.sleep(_LOOK_SECONDS)
    lease.clear()
    with suppress(OSError):  # it holds what goes on
        (store.root / JOBS).rmdir()


def outlives(job: Path, executor: Executor | None) -> bool:
    """Whether a job of a run that is over waits or runs all the same.

    Raises `StoreError` where only another executor can tell.
    """
    if is_lasting(job) and (executor is None or not executor.lasting):
        raise StoreError(
            f"jobs that outlive their run may still wait or run for the store {job.parents[2]}; go on with `srbench "
            f"run` and the executor that has them (--executor), or give them up by removing {job.parents[1]}"
        )
    return is_lasting(job) and executor is not None and executor.holds(job)


class Burials:
    """Jobs of dead runs that this run has taken over, each removed once no keeper is at it."""

    def __init__(self, lease: Lease) -> None:
        self._lease, self._silence = lease, Silence()

    def buried(self, job: Path) -> bool:
        """Remove a job, unless its keeper still has to see that nobody waits for it; whether that is done."""
        with suppress(OSError):
            job.unlink()
        beat = told(job, Heartbeat)
        if beat is not None:
            gone = beat.process.is_gone
            if gone is None:
                gone = self._silence.seconds(job, beat.time) > SILENCE_SECONDS
            if not gone:
                return False
        release(job, self._lease.name)
        return True
