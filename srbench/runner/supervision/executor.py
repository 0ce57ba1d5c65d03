"""What an executor is: a place where jobs run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from srbench.matrix import Limits
from srbench.runner.jobs import Task
from srbench.store.records import Status, Store


@dataclass(frozen=True)
class Progressed:
    """A job got on: `done` in [0, 1], and a few words."""

    key: str
    done: float
    message: str


@dataclass(frozen=True)
class Ended:
    """A job ended. status None: it was asked to stop, and left no record."""

    key: str
    status: Status | None
    reason: str


class Executor(ABC):
    """Runs jobs somewhere, each under a keeper; used as a context manager, which ends whatever still runs.

    store: the store the jobs write to. limits: what each job may use. jobs: how many at once, None for the
    executor's own choice.
    """

    def __init__(self, store: Store, limits: Limits, jobs: int | None = None) -> None:
        self.store = store
        self.limits = limits
        self.jobs = jobs

    @abstractmethod
    def free(self) -> int:
        """How many more jobs can be submitted now."""

    @abstractmethod
    def submit(self, task: Task) -> None:
        """Start a job."""

    @abstractmethod
    def events(self) -> Iterator[Progressed | Ended]:
        """What happened since the last call; waits a moment for something to happen."""

    @abstractmethod
    def stop(self) -> None:
        """Ask the running jobs to write checkpoints and stop; returns when they have."""

    @abstractmethod
    def close(self) -> None:
        """End whatever still runs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
