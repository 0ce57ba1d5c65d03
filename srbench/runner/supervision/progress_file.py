"""Keep how far a run is in its store, beside showing it."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import msgspec

from srbench.contract.executor import Wait
from srbench.errors import in_words
from srbench.runner.job.tasks import ExtractorTraining, Task, Training
from srbench.runner.planning.planned import PlannedCell
from srbench.runner.supervision.progress import Cells, JobAtWork, RunProgress, now, runs, seen_now
from srbench.runner.supervision.supervisor import Display, Terminated
from srbench.runner.supervision.time_left import Left, TimeLeft
from srbench.store.files import StoreError, write_atomically
from srbench.store.lease import Lease
from srbench.store.record import Record, Status
from srbench.store.records import RUNS, Shelf, Store
from srbench.store.texts import brief

WRITE_SECONDS = 5.0
"""Between two writings of the file."""


class ProgressFile(Display):
    """Keeps how far a run is in its store, and shows everything to another display.

    Used as a context manager, which says how the run ended.
    """

    def __init__(
        self,
        store: Store,
        matrix: str,
        display: Display,
        lease: Lease,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._display, self._lease, self._clock = store, display, lease, clock
        begun = now()
        self._progress = RunProgress(matrix, platform.node(), os.getpid(), started=begun, time=begun)
        self._path = store.root / RUNS / f"{lease.name}.json"
        self._written = float("-inf")
        self._jobs: dict[str, JobAtWork] = {}
        self._ended: Counter[str] = Counter()
        self._time_left: TimeLeft | None = None
        self._leaves = False

    def __enter__(self) -> Self:
        for path, other in runs(self._store):
            if other.ended or self._lease.is_over(path.stem):
                with suppress(OSError):
                    path.unlink()
        self._write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leaves = isinstance(error, Terminated) and error.leaves
        if self._jobs and (error is None or leaves or self._leaves):
            self._progress.state = "left"
        elif error is None:
            self._progress.state = "done"
        elif isinstance(error, KeyboardInterrupt):
            self._progress.state = "interrupted"
        else:
            self._progress.state, self._progress.reason = "failed", brief(in_words(error))
        if self._progress.state != "left":
            self._jobs.clear()
        self._write()

    def begin(self, asked: Sequence[PlannedCell], to_run: Sequence[PlannedCell]) -> None:
        """Go on from planning to running: the cells that are asked for, and those of them that are to be run."""
        self._ended.update(one.status for one in asked if one.state == "done" and one.status is not None)
        self._progress.cells.total = len(asked)
        self._progress.state = "running"
        with suppress(OSError, StoreError):
            self._time_left = TimeLeft(to_run, self._store, self._clock)
        self._write()

    def warned(self, warning: str) -> None:
        """Show it."""
        self._display.warned(warning)

    def planned(self, cells: int) -> None:
        """Show it."""
        self._display.planned(cells)

    def started(self, task: Task) -> None:
        """Note the job."""
        self._jobs[task.key] = JobAtWork(task.key, task.shelf, task.label, submitted=now())
        self._display.started(task)

    def progressed(self, key: str, done: float, message: str) -> None:
        """Note it."""
        if self._time_left is not None:
            self._time_left.progressed(key, done)
        self._display.progressed(key, done, message)

    def elsewhere(self, task: Task, who: str) -> None:
        """Show it."""
        self._display.elsewhere(task, who)

    def delayed(self, key: str, wait: Wait | None) -> None:
        """Note it."""
        if key in self._jobs:
            waits = "" if wait is None else wait.reason
            self._jobs[key] = msgspec.structs.replace(self._jobs[key], waits=waits)
        self._display.delayed(key, wait)

    def repeated(self, task: Task, reason: str) -> None:
        """Forget the job until it begins again."""
        self._jobs.pop(task.key, None)
        if self._time_left is not None:
            self._time_left.put_back(task.key)
        self._display.repeated(task, reason)

    def trained(self, task: Training | ExtractorTraining, status: Status, reason: str) -> None:
        """Forget the job, and learn from it."""
        with suppress(StoreError):
            self._end(task.shelf, task.key, self._store.read(task.shelf, task.key))
        self._display.trained(task, status, reason)

    def finished(self, planned: PlannedCell, record: Record) -> None:
        """Count the cell, and learn from it."""
        self._end("cells", record.key, record)
        self._ended[record.status] += 1
        self._display.finished(planned, record)

    def waited(self) -> None:
        """Write, unless that was done a few seconds ago."""
        if self._clock() - self._written >= WRITE_SECONDS:
            self._write()
        self._display.waited()

    def leaves(self) -> bool:
        """Ask, and note the answer."""
        self._leaves = self._display.leaves()
        return self._leaves

    def expected(self, seconds: float | None) -> None:
        """Show it."""
        self._display.expected(seconds)

    def _end(self, shelf: Shelf, key: str, record: Record | None) -> None:
        self._jobs.pop(key, None)
        if self._time_left is not None:
            self._time_left.ended(shelf, key, record)

    def _write(self) -> None:
        """Write the file; not being able to costs nothing else."""
        self._written = self._clock()
        progress = self._progress
        self._jobs = {key: seen_now(job, self._store) for key, job in self._jobs.items()}
        left = Left(None, 0) if self._time_left is None else self._time_left.left()
        running = sum(job.shelf == "cells" for job in self._jobs.values())
        total = progress.cells.total
        progress.cells = Cells(total, **self._ended, running=running, waiting=total - self._ended.total() - running)
        progress.seconds_left, progress.unknown_jobs = left.seconds, left.unknown
        progress.jobs, progress.time = list(self._jobs.values()), now()
        if progress.state == "running":
            self.expected(left.seconds)
        with suppress(OSError, StoreError):
            self._path.parent.mkdir(exist_ok=True)
            write_atomically(self._path, msgspec.json.encode(progress), lasting=False)
