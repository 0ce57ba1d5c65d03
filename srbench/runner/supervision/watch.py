"""The jobs that an executor was given, seen through the files that their keepers write."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from srbench.contract.executor import Executor, Limits
from srbench.errors import SrbenchError, in_words, raised_at
from srbench.runner.job.exchange import GRACE_SECONDS, Ending, Exchange, Heartbeat, Progress
from srbench.runner.job.file import Unwritable, abandon_jobs, write_job
from srbench.runner.job.tasks import Job, Task
from srbench.runner.planning.provenance import sources_of
from srbench.store.records import Status, Store
from srbench.weights.data_root import data_root

SILENCE_SECONDS = 120.0
"""How long a keeper may give no sign of life: network file systems show a file late."""
_ASK_SECONDS = 1.0
"""How often an executor is asked what became of a job: a cluster's queue should not be asked all the time."""
_FULL_BYTES = 1 << 16
"""Where less than that is free, a keeper cannot say how a job ended."""
_LATE_SECONDS = 2.0
"""How long the files of a job may be late that its executor says is over."""
_LONGEST_PAUSE = 0.2
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
class Ended:
    """A job ended. status None: it was asked to stop, and is not done. again: it is worth another try at once."""

    key: str
    status: Status | None
    reason: str
    again: bool = False


@dataclass
class _Watched:
    """A job, what was last seen of it, and when.

    asked: when its executor was last asked for it. gone: what that said first when it no longer had it, and when.
    """

    exchange: Exchange
    asked: float
    heard: float
    gone: tuple[float, str] | None = None
    beat: Heartbeat | None = None
    progress: Progress | None = None


class Watch:
    """Writes jobs, hands them to an executor, and reads what becomes of them.

    Used as a context manager, which closes the executor and removes the files of all jobs.
    """

    def __init__(self, store: Store, executor: Executor, limits: Limits) -> None:
        self._store, self._executor, self._limits = store, executor, limits
        self._jobs: dict[str, _Watched] = {}
        self._changed = time.monotonic()
        self._refused: list[Ended] = []

    def free(self) -> int:
        """The number of further jobs that can be submitted now."""
        return self._executor.places() - len(self._jobs)

    def submit(self, task: Task) -> None:
        """Start a job; one that cannot be written has failed. Raises `SrbenchError` where the executor takes none."""
        job = Job(task, self._store.root, data_root().resolve(), self._limits, sources_of(task.uses))
        try:
            path = write_job(job)
        except Unwritable as error:
            self._refused.append(Ended(task.key, "failed", str(error)))
            return
        now = time.monotonic()
        self._jobs[task.key] = _Watched(Exchange(path), now, now)
        try:
            self._executor.submit(path, self._limits)
        except SrbenchError:
            raise
        except Exception as error:  # a plugin may fail in any way
            raise SrbenchError(f"the executor cannot start jobs: {in_words(error)} ({raised_at(error)})") from error
        self._changed = time.monotonic()

    def events(self) -> Iterator[Progressed | Ended]:
        """What happened since the last call; waits a moment."""
        since = time.monotonic() - self._changed
        time.sleep(min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, _PAUSE_SHARE * since)))
        while self._refused:
            yield self._refused.pop()
        for key, watched in list(self._jobs.items()):
            progress = watched.exchange.read(Progress)
            if progress is not None and progress != watched.progress:
                watched.progress = progress
                yield Progressed(key, progress.done, progress.message)
            ending = self._ending(watched)
            if ending is not None:
                del self._jobs[key]
                watched.exchange.remove()
                self._changed = time.monotonic()
                yield Ended(key, ending.status, ending.reason, ending.again)

    def _ending(self, watched: _Watched) -> Ending | None:
        now = time.monotonic()
        if now - watched.asked >= _ASK_SECONDS:  # before the look at the files: what ended in between has told so
            watched.asked = now
            fate = self._executor.fate(watched.exchange.job)
            watched.gone = None if fate is None else watched.gone or (now, fate)
        ending = watched.exchange.read(Ending)
        if ending is not None:
            return ending
        if watched.gone is not None and now - watched.gone[0] > _LATE_SECONDS:
            full = shutil.disk_usage(self._store.root).free < _FULL_BYTES  # then it could not say so
            return Ending("killed", f"the disk is full: {self._store.root}" if full else watched.gone[1], again=True)
        beat = watched.exchange.read(Heartbeat)
        if beat != watched.beat:
            watched.beat, watched.heard = beat, now
        elif beat is not None and now - watched.heard > SILENCE_SECONDS:
            who = f"its keeper, process {beat.pid} on {beat.host},"
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.close()
        abandon_jobs(self._store)
