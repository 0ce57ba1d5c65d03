"""Executors: places where jobs run.

A job is a file in the store. Whoever has that folder, and srbench with the same plugins, does it with one command, from
any working directory of any machine:

    python -m srbench.runner.keeper STORE/jobs/KEY/job.json

The command holds the job to its limits, leaves its record in the store, and says in files beside the job's how it gets
on and how it ended. The run reads these files, asks through one of them for a stop, and gives a job up by removing
them, whoever started the command. So all that an executor has to do is to start it somewhere.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Limits:
    """What a job may use at most: seconds, and gigabytes (10^9 bytes) of memory. The job's command sees to them."""

    seconds: float | None = None
    memory_gb: float | None = None


class Executor(ABC):
    """A place where jobs run; used as a context manager, which closes it.

    Parameters of `__init__` are typed, and set in the matrix file.
    """

    def command(self, job: Path) -> list[str]:
        """The command that does a job, with this Python.

        It takes the GPUs that it sees (`CUDA_VISIBLE_DEVICES`): a training all of them, anything else the first. It
        takes a thread for each core that it may use.
        """
        return [sys.executable, "-m", "srbench.runner.keeper", str(job)]

    def trouble(self) -> str | None:
        """What keeps jobs from running here, in words, with what to do; asked by `srbench plan`, before anything runs.

        None: nothing that is known.
        """
        return None

    @abstractmethod
    def places(self) -> int:
        """The number of jobs that may wait or run at once. Asked again and again: it may change."""

    @abstractmethod
    def submit(self, job: Path, limits: Limits) -> None:
        """Start a job, or put it into a queue; does not wait. The path is absolute. Raises `SrbenchError`."""

    @abstractmethod
    def fate(self, job: Path) -> str | None:
        """What became of a submitted job, in words; None while it waits or runs.

        Asked once a second. What it says counts only where the job's files do not tell of its end.
        """

    @abstractmethod
    def close(self) -> None:
        """End whatever still waits or runs. Jobs have been asked to stop before, and had time for it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
