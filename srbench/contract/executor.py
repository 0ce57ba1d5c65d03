"""Executors: places where jobs run.

A job is a file in the store. Whoever has that folder, and srbench with the same plugins, does it with one command, from
any working directory of any machine:

    python -m srbench.runner.keeper STORE/jobs/KEY/job.json

The command holds the job to its limits, leaves its record in the store, and says in files beside the job's how it gets
on and how it ended. The run reads these files, asks through one of them for a stop, and gives a job up by removing
them, whoever started the command. So all that an executor has to do is to start it somewhere.

SIGTERM to the command means: write a checkpoint and end, the place needs the room. It then exits with `UNFINISHED`, has
told of no ending, and begins where it stopped when it is started again, by the place itself or by the run.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

UNFINISHED = os.EX_TEMPFAIL
"""The exit code (75) of a job's command that a signal stopped before the job was done."""
JOB_VARIABLE = "SRBENCH_JOB"
"""The environment variable in which an executor may name a job for its record: `slurm 12_3 on node n1`."""


CORES_VARIABLE = "SRBENCH_CORES"
"""The environment variable in which an executor may say how many cores a job has, where nothing binds it to these."""


@dataclass(frozen=True)
class Limits:
    """What a job may use at most: seconds, and gigabytes (10^9 bytes) of memory. The job's command sees to them.

    pictures_gb: how much of the memory a training may take for the decoded pictures that it learns from; those that are
    more are in a file.
    """

    seconds: float | None = None
    memory_gb: float | None = None
    pictures_gb: float | None = None

    def over(self, base: Limits) -> Limits:
        """These, and the base's where they say nothing."""
        return Limits(
            base.seconds if self.seconds is None else self.seconds,
            base.memory_gb if self.memory_gb is None else self.memory_gb,
            base.pictures_gb if self.pictures_gb is None else self.pictures_gb,
        )


@dataclass(frozen=True)
class Resources:
    """What a job needs of the machine that it is given; None: whatever a job there gets.

    gpus, cores: how many. minutes: after which the place may end it, so that it goes on from its checkpoint. memory_gb:
    of 10^9 bytes. options: what one kind of executor needs besides (`Executor.options`), by key.
    """

    gpus: int | None = None
    cores: int | None = None
    minutes: float | None = None
    memory_gb: float | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def over(self, base: Resources) -> Resources:
        """These, and the base's where they say nothing."""
        return Resources(
            base.gpus if self.gpus is None else self.gpus,
            base.cores if self.cores is None else self.cores,
            base.minutes if self.minutes is None else self.minutes,
            base.memory_gb if self.memory_gb is None else self.memory_gb,
            {**base.options, **self.options},
        )

    def __str__(self) -> str:
        """In words: `1 GPU, 4 cores, 120 minutes, partition long`; empty where nothing is asked for."""
        counted = (("GPU", self.gpus), ("core", self.cores), ("minute", self.minutes))
        parts = [f"{count:g} {what}{'' if count == 1 else 's'}" for what, count in counted if count is not None]
        if self.memory_gb is not None:
            parts.append(f"{self.memory_gb:g} GB")
        parts += [f"{key} {value}" for key, value in self.options.items()]
        return ", ".join(parts)


@dataclass(frozen=True)
class Fate:
    """What became of a job that neither waits nor runs any more, in words. again: worth another try at once."""

    reason: str
    again: bool = True


@dataclass(frozen=True)
class Wait:
    """Why a job has not begun, in words. stuck: it will not begin by itself, so that somebody has to do something."""

    reason: str
    stuck: bool = False


class Executor(ABC):
    """A place where jobs run; used as a context manager, which closes it.

    Parameters of `__init__` are typed, and set in the matrix file. options: the keys that it takes among the matrix's
    `resources` besides those that every executor knows.
    """

    options: ClassVar[frozenset[str]] = frozenset()

    def command(self, job: Path) -> list[str]:
        """The command that does a job, with this Python.

        It takes the GPUs that it sees (`CUDA_VISIBLE_DEVICES`): a training all of them, anything else the first. It
        takes a thread for each core that it may use, `SRBENCH_CORES` of them where that is in its environment.
        """
        return [sys.executable, "-m", "srbench.runner.keeper", str(job)]

    def trouble(self) -> str | None:
        """What keeps jobs from running here, in words, with what to do; asked by `srbench plan`, before anything runs.

        None: nothing that is known.
        """
        return None

    def processes(self, resources: Resources) -> int | None:
        """How many devices a job with these resources has, in a process each of which a training is done.

        None: that is not known here.
        """
        return None

    def device(self, resources: Resources) -> str | None:
        """What a job with these resources works on: `cpu`, a GPU of this machine, one elsewhere (`gpu`).

        A GPU of this machine has torch's name (`cuda:0`, `mps`). None: that is not known here. Asked by plans, for
        precisions that not every device has.
        """
        return None

    @abstractmethod
    def places(self) -> int:
        """The number of jobs that may wait or run at once. Asked again and again: it may change."""

    def takes(self, resources: Resources, beside: Sequence[Resources]) -> bool:
        """Whether there is a place for a job with these resources beside jobs with those.

        For a place where not all jobs wait for each other; `places` is for all together.
        """
        return len(beside) < self.places()

    @abstractmethod
    def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
        """Start a job, or put it into a queue; does not wait. The path is absolute. Raises `SrbenchError`.

        limits: which the job's command sees to. resources: what the machine should have for it.
        """

    def submit_all(self, jobs: Sequence[Path], limits: Limits, resources: Resources) -> None:
        """Start jobs that were ready at once; for a place that takes many in one go. Raises `SrbenchError`."""
        for job in jobs:
            self.submit(job, limits, resources)

    @abstractmethod
    def fate(self, job: Path) -> Fate | None:
        """What became of a job; None while it waits or runs.

        Asked once a second. What it says counts only where the job's files do not tell of its end.
        """

    def wait(self, job: Path) -> Wait | None:
        """Why a job waits; None where it runs, or nobody knows. Asked after `fate`, of those that have none."""
        return None

    def holds(self, job: Path) -> bool:
        """Whether this place knows that a job still waits or runs, whichever run submitted it.

        An executor that defines it has jobs that outlive their run: the next one finds them by it, and asks for their
        fate as for its own. It is also asked for a job of which nothing was heard for long.
        """
        return False

    @property
    def lasting(self) -> bool:
        """Whether its jobs may outlive their run."""
        return type(self).holds is not Executor.holds

    def outline(self, count: int, resources: Resources) -> str:
        """How so many jobs that are ready at once would be started, in words, for a plan. Raises `SrbenchError`."""
        return ""

    @abstractmethod
    def close(self) -> None:
        """End whatever still waits or runs. Jobs have been asked to stop before, and had time for it.

        Where jobs outlive their run, those whose files are still there are left alone.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
