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
from srbench.devices.kinds import gpus
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


@dataclass(frozen=True)
class _Waiting:
    """A job that begins as soon as it may, in one of these slots."""

    job: Path
    task: Task
    slots: range


def _started() -> ForkServer:
    """A server of workers, of which the first tries may be killed while they begin. Raises `ServerGone`."""
    for _ in range(_TRIES - 1):
        with suppress(ServerGone):
            return ForkServer()
    return ForkServer()


class LocalExecutor(Executor):
    """Processes on this machine.

    jobs: how many run at once and share the cores, where there is no GPU; unless told, each has all cores to itself,
    and short cells run side by side (`Company`), one for each core. Where there are GPUs, how many of those whose
    `resources` ask for none (`gpus: 0`) run on the CPU beside the others; one, unless told. gpus: which GPUs are used,
    by their numbers from 0 among those that the run sees (CUDA_VISIBLE_DEVICES); all of them unless told. per_gpu: how
    many jobs share a GPU. gpus_per_cell: how many GPUs a job has, all of which its training uses. cpu_processes: in so
    many processes a training is done where there is no GPU: slower than in one, for trying out what several GPUs do.
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
        self._waiting: _Waiting | None = None
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
    def _gpu_slots(self) -> list[tuple[str, ...]]:
        """The GPUs of each job that can run beside the others. Raises `SrbenchError` where some lack."""
        there = self._ready().gpus
        if lacking := self._lacking(len(there)):
            raise SrbenchError(lacking)
        chosen = dict.fromkeys(range(len(there)) if self._gpus is None else self._gpus)
        names, each = [there[index] for index in chosen], self._gpus_per_cell
        cells = [tuple(names[start : start + each]) for start in range(0, len(names) - each + 1, each)]
        return cells * self._per_gpu

    @cached_property
    def _slots(self) -> list[tuple[str, ...]]:
        """The devices of each job that can run beside the others: GPUs first, then the CPU."""
        on_cpu = self._jobs or (1 if self._gpu_slots else cores())
        return self._gpu_slots + [("cpu",) * self._cpu_processes] * on_cpu

    def _slots_for(self, resources: Resources) -> range:
        """Which of the slots a job may have."""
        on_gpus, every = len(self._gpu_slots), len(self._slots)
        return range(on_gpus) if on_gpus and resources.gpus != 0 else range(on_gpus, every)

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
        return self._lacking(len(gpus()))

    def processes(self, resources: Resources) -> int:
        """One for each device of a job."""
        if self._gpus_per_cell == self._cpu_processes == 1:
            return 1
        return self._gpus_per_cell if resources.gpus != 0 and gpus() else self._cpu_processes

    def device(self, resources: Resources) -> str | None:
        """The first of the GPUs that are used, or the CPU where there is none, or none is asked for."""
        there = gpus() if resources.gpus != 0 else []
        if not there:
            return "cpu"
        first = self._gpus[0] if self._gpus else 0
        return there[first] if first < len(there) else None  # no run begins then

    @property
    def _shares(self) -> bool:
        """Whether it is known of each job by itself if others may run beside it."""
        return self._jobs is None and not self._gpu_slots

    def places(self) -> int:
        """The number of jobs that the GPUs hold, and `jobs` on the CPU. Raises `SrbenchError` where GPUs lack.

        Where there is no GPU, and nothing was told, as many as run, and one more that can begin, or is the next one.
        """
        self._go_on()
        if not self._shares:
            return len(self._slots)
        return len(self._running) + (1 if self._waiting is not None or self._has_room else 0)

    def takes(self, resources: Resources, beside: Sequence[Resources]) -> bool:
        """Whether a GPU is free, or the CPU for a job that asks for no GPU."""
        if self._shares:
            return super().takes(resources, beside)
        slots = self._slots_for(resources)
        return sum(self._slots_for(other) == slots for other in beside) < len(slots)

    @property
    def _has_room(self) -> bool:
        """Whether the CPU has room for another short cell."""
        if any(running.alone for running in self._running.values()):
            return False
        return len(self._running) < min(len(self._slots), self._company.fits(memory_gb()))

    def _free(self, slots: range) -> list[int]:
        busy = {running.slot for running in self._running.values()}
        return [slot for slot in slots if slot not in busy]

    def _can_begin(self, waiting: _Waiting) -> bool:
        if self._shares:
            return self._has_room and not (self._running and self._is_alone(waiting.task))
        return bool(self._free(waiting.slots))

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
        if self._waiting is not None and self._can_begin(self._waiting):
            waiting, self._waiting = self._waiting, None
            self._begin(waiting)

    def _learn(self, job: Path, ended: _Running) -> None:
        seconds = time.monotonic() - ended.since
        with suppress(StoreError):
            self._company.learn(ended.task, seconds, Store(job.parents[2]).read(ended.task.shelf, ended.task.key))

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
        """Start a job in a free slot, once the keeper that told of its job's ending a moment ago has left it.

        One that has to be alone waits for the others to end. All jobs share this machine, whatever resources they ask
        for, but for those that ask for no GPU.
        """
        while self._waiting is not None:
            self._go_on(wait=1.0)
        self._waiting = _Waiting(job, read_job(job).task, self._slots_for(resources))
        self._go_on()

    def _begin(self, waiting: _Waiting) -> None:
        slot, task = self._free(waiting.slots)[0], waiting.task
        sharing = len(waiting.slots) if waiting.slots.start == 0 else len(self._slots)
        threads = cores() if self._shares else max(1, cores() // sharing)
        alone, shared = self._is_alone(task), Shared() if self._gpu_slots else shared_by(task)
        pid = self._start(waiting.job, self._slots[slot], threads, shared)
        with suppress(ProcessLookupError):  # over before one could look
            self._running[waiting.job] = _Running(slot, os.pidfd_open(pid), task, time.monotonic(), alone)

    def _start(self, job: Path, devices: Sequence[str], threads: int, shared: Shared) -> int:
        """Have a keeper forked, by another server where one is killed meanwhile. Raises `SrbenchError`."""
        for _ in range(_TRIES - 1):
            with suppress(ServerGone):
                return self._ready().start(job, devices, threads, shared)
        return self._ready().start(job, devices, threads, shared)

    def fate(self, job: Path) -> Fate | None:
        """Say that its keeper was killed, once it is gone."""
        self._go_on()
        waits = self._waiting is not None and self._waiting.job == job
        return None if waits or job in self._running else Fate("its keeper was killed")

    def close(self) -> None:
        """End whatever still runs."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._waiting = None
        self._go_on()
