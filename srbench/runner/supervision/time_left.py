"""How long a run still takes, learned from the jobs that ended and from the pace of those at work."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from srbench.runner.planning.estimate import Durations, Kind, awaited, kind_of, seconds_left
from srbench.runner.planning.planned import PlannedCell
from srbench.store.record import Record
from srbench.store.records import Shelf, Store


@dataclass(frozen=True)
class Left:
    """Seconds that a run still takes; None where nothing is known. unknown: jobs that are left out of them."""

    seconds: float | None
    unknown: int


@dataclass
class _AtWork:
    """A job: when it began, and the share of it that is done."""

    began: float
    done: float = 0.0


class TimeLeft:
    """The jobs of a run that have not ended, and how long such jobs take.

    cells: that are to be run.
    """

    def __init__(self, cells: Iterable[PlannedCell], store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        jobs = awaited(cells, store)
        self._durations = Durations(store if jobs else None)
        shared: dict[Kind, Kind] = {}
        self._kinds = {key: shared.setdefault(kind := kind_of(job), kind) for key, job in jobs.items()}
        self._left = Counter(self._kinds.values())
        self._clock = clock
        self._at_work: dict[str, _AtWork] = {}
        self._most_at_once = 1

    def progressed(self, key: str, done: float) -> None:
        """So much of a job is done, in [0, 1]; with the first such news it is at work, and no longer in a queue."""
        self._at_work.setdefault(key, _AtWork(self._clock())).done = done
        self._most_at_once = max(self._most_at_once, len(self._at_work))

    def put_back(self, key: str) -> None:
        """A job is to be done once more."""
        self._at_work.pop(key, None)

    def ended(self, shelf: Shelf, key: str, record: Record | None) -> None:
        """A job ended, and left this record."""
        self.put_back(key)
        if (kind := self._kinds.pop(key, None)) is not None:
            self._left[kind] -= 1
        if record is not None:
            self._durations.add(shelf, record)

    def left(self) -> Left:
        """What is left now: of all jobs, shared by as many as were at work at once, and of the longest at work."""
        known, at_work, unknown = 0.0, [0.0], 0
        waiting = self._left.copy()
        for key, running in self._at_work.items():
            if (kind := self._kinds.get(key)) is None:
                continue
            waiting[kind] -= 1
            expected, taken = self._durations.of_kind(kind), self._clock() - running.began
            paced = seconds_left(running.done, taken)
            expected = paced if paced is not None else expected and max(0.0, expected - taken)
            at_work.append(expected or 0.0)
            known, unknown = known + (expected or 0.0), unknown + (expected is None)
        for kind, count in waiting.items():  # of which there are far fewer than of jobs
            expected = self._durations.of_kind(kind)
            known, unknown = known + count * (expected or 0.0), unknown + count * (expected is None)
        if unknown and unknown == len(self._kinds):
            return Left(None, unknown)
        return Left(max(known / self._most_at_once, *at_work), unknown)
