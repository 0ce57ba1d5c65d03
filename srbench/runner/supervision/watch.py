"""The jobs that an executor was given, seen through the files that their keepers write."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from srbench.contract.executor import Executor, Fate, Limits, Resources, Wait
from srbench.errors import SrbenchError, in_words, raised_at
from srbench.runner.job.claim import owner, release, take_over
from srbench.runner.job.exchange import GRACE_SECONDS, Ending, Exchange, Heartbeat, Progress, told
from srbench.runner.job.file import Unwritable, jobs_in, read_job, write_job
from srbench.runner.job.tasks import Evaluation, Job, Task
from srbench.runner.planning.provenance import sources_of
from srbench.runner.supervision.elsewhere import Elsewhere
from srbench.store.lease import SILENCE_SECONDS, Lease
from srbench.store.record import Status
from srbench.store.records import JOBS, Store
from srbench.weights.data_root import data_root

_T = TypeVar("_T")
_N = TypeVar("_N")
_ASK_SECONDS = 1.0
"""How often an executor is asked what became of a job: a cluster's queue should not be asked all the time."""
_FULL_BYTES = 1 << 16
"""Where less than that is free, a keeper cannot say how a job ended."""
_LATE_SECONDS = 2.0
"""How long the files of a job may be late that its executor says is over."""
_LONGEST_PAUSE = 1.0
_SHORTEST_PAUSE = 0.005
_PAUSE_SHARE = 0.05
"""The pause as a share of the time since a job began or ended: those that take long are looked at less often."""


@dataclass(frozen=True)
class Progressed:
    """A job got on: `done` in [0, 1], and a few words."""

    key: str
    done: float
    message: str


@dataclass(frozen=True)
class Delayed:
    """A job waits for another reason than before; None: it waits no more, or nobody knows why."""

    key: str
    wait: Wait | None


@dataclass(frozen=True)
class Ended:
    """A job ended. status None: it was asked to stop, and is not done. again: it is worth another try at once."""

    key: str
    status: Status | None
    reason: str
    again: bool = False


@dataclass(frozen=True)
class Lost:
    """A job is another run's by now, which took this run for dead."""

    key: str


@dataclass
class _Watched:
    """A job, what it needs, what was last seen of it, and when.

    asked: when its executor was last asked for it. gone: when that said first that it no longer had it, and what.
    wait: why it waits; told: what was told of that.
    """

    exchange: Exchange
    resources: Resources
    asked: float
    heard: float
    gone: tuple[float, Fate] | None = None
    wait: Wait | None = None
    told: Wait | None = None
    beat: Heartbeat | None = None
    progress: Progress | None = None


def by_need(things: Iterable[_T], needed: Callable[[_T], _N]) -> list[tuple[_N, list[_T]]]:
    """The things that need the same, together, in the order in which each kind came first."""
    groups: list[tuple[_N, list[_T]]] = []
    for thing in things:
        need = needed(thing)
        for known, alike in groups:
            if known == need:
                alike.append(thing)
                break
        else:
            groups.append((need, [thing]))
    return groups


def jobs_left(count: int) -> str:
    """That jobs go on without their run, in words."""
    whose = "1 job goes" if count == 1 else f"{count} jobs go"
    return f"{whose} on without this run, and the next one comes back to {'it' if count == 1 else 'them'}"


class Watch:
    """Writes jobs, hands them to an executor, and reads what becomes of them.

    Used as a context manager, which removes the files of all its jobs, unless they were left or can be and the run
    failed, and closes the executor. lease: the run's, whose name its jobs bear. limits: what a task may use. resources:
    what it needs; nothing in particular, unless told.
    """

    def __init__(
        self,
        store: Store,
        executor: Executor,
        limits: Callable[[Task], Limits],
        lease: Lease,
        resources: Callable[[Task], Resources] = lambda task: Resources(),
    ) -> None:
        self._store, self._executor, self._limits, self._resources = store, executor, limits, resources
        self._lease = lease
        self.elsewhere = Elsewhere(store, lease, executor)
        self._claimed: list[tuple[Task, Path]] = []
        self._jobs: dict[str, _Watched] = {}
        self._left = False
        self._changed = time.monotonic()
        self._refused: list[Ended] = []
        self._passed_over: tuple[int, int] | None = None

    def free(self) -> int:
        """The number of further jobs that can be submitted now."""
        return self._executor.places() - len(self._jobs) - len(self._claimed)

    def take(self, ready: deque[str], made: Callable[[str], Task]) -> Task | None:
        """Take the first task out of a queue that can be submitted now, beside what was; None where none can.

        made: the task of a key.
        """
        beside = [watched.resources for watched in self._jobs.values()]
        beside += [self._resources(task) for task, _ in self._claimed]
        seen = len(ready), len(beside)
        if self.free() <= 0 or self._passed_over == seen:  # nothing has changed since no other had a place
            return None
        for place, key in enumerate(ready):
            task = made(key)
            if self._executor.takes(self._resources(task), beside):
                del ready[place]
                self._passed_over = None
                return task
        self._passed_over = seen
        return None

    @property
    def lasting(self) -> bool:
        """Whether there are jobs, and they can be left."""
        return self._executor.lasting and bool(self._jobs)

    def adopt(self, tasks: Iterable[Task]) -> tuple[list[Task], list[tuple[Task, Ending]]]:
        """Watch what a run that is over submitted of these tasks, as if this one had.

        Returns those tasks, as they were submitted; and others that it left and that have ended since, with how. What
        else it left is somebody else's to watch.
        """
        wanted = {task.key: task for task in tasks}
        adopted: list[Task] = []
        ended: list[tuple[Task, Ending]] = []
        for path in jobs_in(self._store):
            task, ending = wanted.get(path.parent.name), told(path, Ending)
            if (task is None and ending is None) or not self._taken_over(path):
                continue
            try:
                exchange, submitted = Exchange(path), read_job(path).task
            except (SrbenchError, OSError):  # of another version
                release(path, self._lease.name)
                continue
            if task is None:
                release(path, self._lease.name)
                ended += [] if ending is None else [(submitted, ending)]
                continue
            if isinstance(task, Evaluation) and isinstance(submitted, Evaluation):
                there = {scoring.key for scoring in submitted.metrics}
                task = replace(task, metrics=tuple(scoring for scoring in task.metrics if scoring.key in there))
            self._watch(task, exchange)
            adopted.append(task)
        return adopted, ended

    def _taken_over(self, job: Path) -> bool:
        """Take a job of a run that is over; whether it is this run's now."""
        whose = owner(job)
        return bool(whose) and self._lease.is_over(str(whose)) and take_over(job, str(whose), self._lease.name)

    def claim(self, task: Task) -> bool:
        """Take a task, to submit it; False where another run has it. One that cannot be written has failed.

        Raises `StoreError`.
        """
        job = Job(task, self._store.root, data_root().resolve(), self._limits(task), sources_of(task.uses))
        try:
            path = write_job(job, self._lease.name, lasting=self._executor.lasting)
        except Unwritable as error:
            self._refused.append(Ended(task.key, "failed", str(error)))
            return True
        if path is not None:
            self._claimed.append((task, path))
        return path is not None

    def give_back(self, task: Task) -> None:
        """Let go of a task that was taken, and is not to be submitted."""
        for pair in [pair for pair in self._claimed if pair[0].key == task.key]:
            self._claimed.remove(pair)
            release(pair[1], self._lease.name)

    def submit(self) -> None:
        """Start all that was claimed, jobs that need the same of a machine in one go.

        Raises `SrbenchError` where the executor takes none; what it did not take is as if it had never been claimed.
        """
        claimed, self._claimed = self._claimed, []
        for task, path in claimed:
            self._watch(task, Exchange(path))
        refused = {task.key for task, _ in claimed}
        try:
            for (limits, resources), alike in by_need(claimed, self._needed):
                self._executor.submit_all([path for _, path in alike], limits, resources)
                refused -= {task.key for task, _ in alike}
        except Exception as error:  # a plugin may fail in any way
            for key in refused:
                self._remove(self._jobs.pop(key))
            said = in_words(error) if isinstance(error, SrbenchError) else self._cannot(error)
            raise SrbenchError(f"{said}{self._going_on()}") from error
        self._changed = time.monotonic()

    def _remove(self, watched: _Watched) -> None:
        release(watched.exchange.job, self._lease.name)

    def _needed(self, submitted: tuple[Task, Path]) -> tuple[Limits, Resources]:
        task, _ = submitted
        return self._limits(task), self._resources(task)

    @staticmethod
    def _cannot(error: Exception) -> str:
        return f"the executor cannot start jobs: {in_words(error)} ({raised_at(error)})"

    def _going_on(self) -> str:
        """Which jobs go on without this run, in words."""
        return f"; {jobs_left(len(self._jobs))}" if self.lasting else ""

    def _watch(self, task: Task, exchange: Exchange) -> None:
        now = time.monotonic()
        self._jobs[task.key] = _Watched(exchange, self._resources(task), now, now)

    def events(self) -> Iterator[Progressed | Delayed | Ended | Lost]:
        """What happened since the last call; waits a moment."""
        since = time.monotonic() - self._changed
        time.sleep(min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, _PAUSE_SHARE * since)))
        while self._refused:
            yield self._refused.pop()
        for key, watched in list(self._jobs.items()):
            if self._is_due(watched) and owner(watched.exchange.job) not in (self._lease.name, None):
                del self._jobs[key]
                self._lease.orderly = False
                yield Lost(key)
                continue
            progress = watched.exchange.read(Progress)
            if progress is not None and progress != watched.progress:
                watched.progress = progress
                yield Progressed(key, progress.done, progress.message)
            ending = self._ending(watched)
            if ending is not None:
                del self._jobs[key]
                self._remove(watched)
                self._changed = time.monotonic()
                self._lease.orderly &= ending.status == "ok"
                yield Ended(key, ending.status, ending.reason, ending.again)
            elif watched.wait != watched.told:
                watched.told = watched.wait
                yield Delayed(key, watched.wait)

    @staticmethod
    def _is_due(watched: _Watched) -> bool:
        return time.monotonic() - watched.asked >= _ASK_SECONDS

    def _ending(self, watched: _Watched) -> Ending | None:
        now = time.monotonic()
        if self._is_due(watched):  # before the look at the files: what ended in between has told so
            watched.asked = now
            fate = self._executor.fate(watched.exchange.job)
            watched.gone = None if fate is None else watched.gone or (now, fate)
            watched.wait = self._executor.wait(watched.exchange.job) if fate is None else None
        ending = watched.exchange.read(Ending)
        if ending is not None:
            return ending
        if watched.gone is not None and now - watched.gone[0] > _LATE_SECONDS:
            full = shutil.disk_usage(self._store.root).free < _FULL_BYTES  # then it could not say so
            if full:
                return Ending("killed", f"the disk is full: {self._store.root}", again=True)
            return Ending("killed", watched.gone[1].reason, watched.gone[1].again)
        beat = watched.exchange.read(Heartbeat)
        if beat != watched.beat:
            watched.beat, watched.heard = beat, now
        elif beat is not None and now - watched.heard > SILENCE_SECONDS:
            if self._executor.holds(watched.exchange.job):  # it waits for another machine, say
                watched.heard = now
                return None
            who = f"its keeper, {beat.process},"
            return Ending("killed", f"{who} has given no sign of life since {beat.time}", again=True)
        return None

    def stop(self) -> bool:
        """Ask the running jobs to write checkpoints and end; whether they all have, in good time."""
        for watched in self._jobs.values():
            watched.exchange.ask_to_stop()
        until = time.monotonic() + GRACE_SECONDS + 5
        while time.monotonic() < until:
            for _ in self.events():
                pass
            if all(watched.beat is None for watched in self._jobs.values()):  # what has not begun need not end
                return True
        return False

    def leave(self) -> int:
        """Leave the jobs to themselves and to the next run; how many there are."""
        self._left = True
        self._lease.orderly &= not self._jobs
        return len(self._jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed = kind is not None and not issubclass(kind, KeyboardInterrupt)
        if not (self._left or (failed and self._executor.lasting)):  # a run that fails is one that may be mended
            for watched in self._jobs.values():
                self._remove(watched)
        for _, path in self._claimed:
            release(path, self._lease.name)
        self._executor.close()
        with suppress(OSError):  # it holds what was left
            (self._store.root / JOBS).rmdir()
