"""The local executor: jobs on the GPUs of this machine, or a few at a time on its CPU."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from srbench.contract.executor import Executor, Fate, Limits, Resources
from srbench.errors import SrbenchError
from srbench.runner.job.environment import cores, memory_gb
from srbench.runner.job.file import read_job
from srbench.runner.job.sharing import Shared, shared_by
from srbench.runner.job.tasks import Task
from srbench.runner.supervision.at_work import sweep_marked
from srbench.runner.supervision.company import Company
from srbench.runner.supervision.forkserver import ForkServer, ServerGone
from srbench.store.files import StoreError
from srbench.store.records import Store
from srbench.types import Count, Natural

_TRIES = 3


@dataclass(frozen=True)
class _Running:
    """A keeper: its slot, and a handle that can be read from once its process has ended.

    task: what it does, since when (of the monotonic clock). alone: nothing else may run beside it.
    """

    slot: int
    handle: int
    task: Task
    since: float
    alone: bool


def _started() -> ForkServer:
    """A server of workers, of which the first tries may be killed while they begin. Raises `ServerGone`."""
    for _ in range(_TRIES - 1):
        with suppress(ServerGone):
            return ForkServer()
    return ForkServer()


class LocalExecutor(Executor):
    """Processes on this machine.

    jobs: how many run at once and share the cores, where there is no GPU; unless told, each has all cores to itself,
    and short cells run side by side (`Company`), one for each core. gpus: which GPUs are used, by their numbers
    from 0 among those that the run sees (CUDA_VISIBLE_DEVICES); all of them unless told. per_gpu: how many jobs share a
    GPU. gpus_per_cell: how many GPUs a job has, all of which its training uses. cpu_processes: in so many processes a
    training is done where there is no GPU: slower than in one, for trying out what several GPUs do.
    The server that forks them is started with the first job, so that a run with nothing to do costs nothing.
    """

    def __init__(
        self,
        jobs: Count | None = None,
        gpus: tuple[Natural, ...] | None = None,
        per_gpu: Count = 1,
        gpus_per_cell: Count = 1,
        cpu_processes: Count = 1,
    ) -> None:
        self._jobs, self._gpus, self._per_gpu = jobs, gpus, per_gpu
        self._gpus_per_cell, self._cpu_processes = gpus_per_cell, cpu_processes
        self._running: dict[Path, _Running] = {}
        self._waiting: tuple[Path, Task] | None = None
        self._company = Company()
        self._server: ForkServer | None = None

    def _ready(self) -> ForkServer:
        if self._server is None or not self._server.alive:
            if self._server is not None:  # it was killed, and what it cannot sweep any more is swept here
                self._server.close()
                sweep_marked()
            self._server = _started()
        return self._server

    @cached_property
    def _slots(self) -> list[tuple[str, ...]]:
        """The devices of each job that can run beside the others. Raises `SrbenchError` where GPUs lack."""
        there = self._ready().gpus
        if lacking := self._lacking(there):
            raise SrbenchError(lacking)
        if there == 0:
            return [("cpu",) * self._cpu_processes] * (self._jobs or cores())
        chosen = range(there) if self._gpus is None else dict.fromkeys(self._gpus)
        names, each = [f"cuda:{index}" for index in chosen], self._gpus_per_cell
        cells = [tuple(names[start : start + each]) for start in range(0, len(names) - each + 1, each)]
        return cells * self._per_gpu

    def _lacking(self, there: int) -> str | None:
        """Which GPUs are asked for and not there, in words."""
        seen = f"torch finds {there} on this machine (CUDA_VISIBLE_DEVICES may hide some)"
        if self._gpus is not None and (absent := sorted(set(self._gpus) - set(range(there)))):
            return f"executor local: there is no GPU {', '.join(map(str, absent))}; {seen}, numbered from 0"
        asked, named = self._gpus_per_cell, None if self._gpus is None else len(set(self._gpus))
        if named is not None and asked > named:
            return f"executor local: gpus_per_cell asks for {asked} GPUs, and `gpus` names {named}; name as many"
        if there == 0 and self._cpu_processes > cores():
            return f"executor local: cpu_processes asks for {self._cpu_processes} processes on {cores()} cores"
        if 1 < asked > there:
            return (
                f"executor local: gpus_per_cell asks for {asked} GPUs, and {seen}; ask for fewer, or use a machine "
                "that has them"
            )
        return None

    def trouble(self) -> str | None:
        """GPUs or cores that are asked for and not there."""
        if self._gpus is None and self._gpus_per_cell == self._cpu_processes == 1:
            return None  # without the seconds that torch takes
        import torch

        return self._lacking(torch.cuda.device_count())

    @property
    def _shares(self) -> bool:
        """Whether it is known of each job by itself if others may run beside it."""
        return self._jobs is None and self._on_cpu

    @property
    def _on_cpu(self) -> bool:
        return self._slots[0][0] == "cpu"

    def places(self) -> int:
        """The number of jobs that the GPUs hold; without any, `jobs`. Raises `SrbenchError` where GPUs lack.

        Unless that was told, as many as there are, and one more that can begin, or is the next one.
        """
        self._go_on()
        if not self._shares:
            return len(self._slots)
        return len(self._running) + (1 if self._waiting is not None or self._has_room else 0)

    @property
    def _has_room(self) -> bool:
        if not self._shares:
            return len(self._running) < len(self._slots)
        if any(running.alone for running in self._running.values()):
            return False
        return len(self._running) < min(len(self._slots), self._company.fits(memory_gb()))

    def _can_begin(self, task: Task) -> bool:
        return self._has_room and not (self._running and self._is_alone(task))

    def _is_alone(self, task: Task) -> bool:
        return self._shares and not self._company.is_short(task)

    def _go_on(self, wait: float = 0.0) -> None:
        """Forget what has ended, and begin what waited for it."""
        handles = [running.handle for running in self._running.values()]
        ended, _, _ = select.select(handles, [], [], wait)
        for job, running in list(self._running.items()):
            if running.handle in ended:
                os.close(running.handle)
                del self._running[job]
                if self._shares:
                    self._learn(job, running)
        if self._waiting is not None and self._can_begin(self._waiting[1]):
            job, task = self._waiting
            self._waiting = None
            self._begin(job, task)

    def _learn(self, job: Path, ended: _Running) -> None:
        seconds = time.monotonic() - ended.since
        with suppress(StoreError):
            self._company.learn(ended.task, seconds, Store(job.parents[2]).read(ended.task.shelf, ended.task.key))

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
        """Start a job in a free slot, once the keeper that told of its job's ending a moment ago has left it.

        One that has to be alone waits for the others to end. All jobs share this machine, whatever resources they ask
        for.
        """
        while self._waiting is not None:
            self._go_on(wait=1.0)
        self._waiting = job, read_job(job).task
        self._go_on()

    def _begin(self, job: Path, task: Task) -> None:
        busy = {running.slot for running in self._running.values()}
        slot = next(index for index in range(len(self._slots)) if index not in busy)
        threads = cores() if self._shares else max(1, cores() // len(self._slots))
        alone, shared = self._is_alone(task), shared_by(task) if self._on_cpu else Shared()
        pid = self._start(job, self._slots[slot], threads, shared)
        with suppress(ProcessLookupError):  # over before one could look
            self._running[job] = _Running(slot, os.pidfd_open(pid), task, time.monotonic(), alone)

    def _start(self, job: Path, devices: Sequence[str], threads: int, shared: Shared) -> int:
        """Have a keeper forked, by another server where one is killed meanwhile. Raises `SrbenchError`."""
        for _ in range(_TRIES - 1):
            with suppress(ServerGone):
                return self._ready().start(job, devices, threads, shared)
        return self._ready().start(job, devices, threads, shared)

    def fate(self, job: Path) -> Fate | None:
        """Say that its keeper was killed, once it is gone."""
        self._go_on()
        waits = self._waiting is not None and self._waiting[0] == job
        return None if waits or job in self._running else Fate("its keeper was killed")

    def close(self) -> None:
        """End whatever still runs."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._waiting = None
        self._go_on()
