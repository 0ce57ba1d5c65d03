"""Processes at work for a run: the mark by which they are found, and their end when the run is over or dead."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from srbench.runner.job.file import abandon_jobs
from srbench.runner.work import processes
from srbench.store.files import StoreError
from srbench.store.lock import left_alone
from srbench.store.records import Store

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
def alone_in(store: Store) -> Iterator[None]:
    """Hold a store for this process, what still worked for a run that is dead ended. Raises `StoreError`."""
    with store.locked(), marked(store):
        end_earlier_work(store)
        yield


def sweep_marked() -> None:
    """Kill all that is marked, on this machine, as at work for the run of this process."""
    if VARIABLE in os.environ:
        processes.sweep_marked(VARIABLE, os.environ[VARIABLE])


def end_earlier_work(store: Store) -> None:
    """End what still works for a run that is dead. Raises `StoreError` where something does not end."""
    abandon_jobs(store)
    sweep_marked()
    if not left_alone(store.root, _WAIT_SECONDS):
        raise StoreError(
            f"processes of an earlier run still work in the store {store.root}, on another machine perhaps; wait until "
            "they end, or end them"
        )
