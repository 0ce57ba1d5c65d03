"""Processes at work for a run: the mark by which they are found, and their end when the run is over or dead."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from srbench.contract.executor import Executor
from srbench.runner.job.exchange import Ending, Exchange
from srbench.runner.job.file import is_lasting, jobs_in
from srbench.runner.work import processes
from srbench.store.files import StoreError
from srbench.store.lock import left_alone
from srbench.store.records import JOBS, Store

VARIABLE = "SRBENCH_AT_WORK_IN"
"""The environment variable with the store's folder: whatever a run starts has it, and all that comes from that."""
_WAIT_SECONDS = 10.0
"""How long processes of a run that is dead may take to end: on another machine they first have to see it."""


@contextmanager
def marked(store: Store) -> Iterator[None]:
    """Inside, mark what this process starts as at work in a store; what is still marked at the end is killed."""
    os.environ[VARIABLE] = str(store.root.resolve())
    try:
        yield
    finally:
        sweep_marked()
        del os.environ[VARIABLE]


@contextmanager
def alone_in(store: Store, executor: Executor | None = None) -> Iterator[None]:
    """Hold a store for this process, what still worked for a run that is dead ended. Raises `StoreError`.

    executor: where this process runs jobs, if it does; what outlived an earlier run there goes on.
    """
    with store.locked(), marked(store):
        end_earlier_work(store, executor)
        yield


def sweep_marked() -> None:
    """Kill all that is marked, on this machine, as at work for the run of this process."""
    if VARIABLE in os.environ:
        processes.sweep_marked(VARIABLE, os.environ[VARIABLE])


def end_earlier_work(store: Store, executor: Executor | None = None) -> None:
    """End what still works for a run that is dead, but for jobs that the executor holds, and keep what jobs told.

    Raises `StoreError` where something does not end, or jobs may wait or run that only another executor can tell of.
    """
    held = False
    for job in jobs_in(store):
        lasting = job.exists() and is_lasting(job)
        told = lasting and Exchange(job).read(Ending) is not None
        if lasting and not told and (executor is None or not executor.lasting):
            raise StoreError(
                f"jobs that outlive their run may still wait or run for the store {store.root}; go on with `srbench "
                f"run` and the executor that has them (--executor), or give them up by removing {job.parents[1]}"
            )
        if lasting and executor is not None and executor.holds(job):
            held = True
        elif not told:
            shutil.rmtree(job.parent, ignore_errors=True)
    with suppress(OSError):  # it holds what goes on
        (store.root / JOBS).rmdir()
    sweep_marked()
    if not held and not left_alone(store.root, _WAIT_SECONDS):
        raise StoreError(
            f"processes of an earlier run still work in the store {store.root}, on another machine perhaps; wait until "
            "they end, or end them"
        )
