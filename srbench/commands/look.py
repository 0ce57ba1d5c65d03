"""What runs do in a store just now, as its files tell anybody who sees them, on whichever machine.

Nothing is locked and nothing written. Files that vanish, or that a network file system shows late, are passed over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from srbench.runner.supervision.progress import RunProgress, now, runs, seconds_between, seen_now
from srbench.store.lease import SILENCE_SECONDS, Leases
from srbench.store.records import LOG, Store
from srbench.store.texts import brief

LOG_LINES = 3
_LOG_BYTES = 4096


class RunSeen(msgspec.Struct):
    """A run as it is seen: what it says of itself, its jobs as they are now, and whether anybody is at work.

    silent_seconds: since its latest sign of life. logs: the last lines of each job's log, by the job's key.
    """

    progress: RunProgress
    at_work: bool
    silent_seconds: float
    logs: dict[str, list[str]]

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.progress.ended and not self.progress.cells.remaining


class Look(msgspec.Struct):
    """A look at a store: when (ISO 8601), and the runs in the order in which they began."""

    time: str
    store: str
    runs: list[RunSeen]

    @property
    def over(self) -> bool:
        """Whether no run is at work, and none left anything to be done."""
        return all(run.over for run in self.runs)


class Onlooker:
    """Looks at a store again and again, and remembers when a run gave its latest sign of life.

    The age of a file is a matter of two machines' clocks, so it counts only until the file is seen to change.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._leases = Leases(store.root, clock)
        self._heard: dict[Path, tuple[str, float]] = {}

    def look(self) -> Look:
        """Return what there is to see now."""
        return Look(now(), str(self._store.root), [self._seen(path, progress) for path, progress in runs(self._store)])

    def _seen(self, path: Path, progress: RunProgress) -> RunSeen:
        silent = self._silence(path, progress)
        at_work = not progress.ended and silent <= SILENCE_SECONDS and not self._leases.is_over(path.stem)
        jobs = [seen_now(job, self._store) for job in progress.jobs]
        logs = {job.key: last_lines(self._store.folder(job.shelf, job.key) / LOG) for job in jobs}
        return RunSeen(msgspec.structs.replace(progress, jobs=jobs), at_work, round(silent, 1), logs)

    def _silence(self, path: Path, progress: RunProgress) -> float:
        said, heard = self._heard.get(path, ("", self._clock() - seconds_between(progress.time, now())))
        if said != progress.time:
            heard = self._clock() if said else heard
            self._heard[path] = progress.time, heard
        return self._clock() - heard


def last_lines(log: Path) -> list[str]:
    """The last lines of a log that say anything, as they may be shown; of one that was written over, what is left."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_BYTES))
            end = file.read().decode(errors="replace")
    except OSError:
        return []
    lines = [line.rpartition("\r")[2].strip() for line in end.split("\n")]
    return [brief(line) for line in lines if line][-LOG_LINES:]
