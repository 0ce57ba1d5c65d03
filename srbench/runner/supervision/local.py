"""The local executor: jobs on the GPUs of this machine, or a few at a time on its CPU."""

from __future__ import annotations

import os
import select
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from srbench.contract.executor import Executor, Fate, Limits, Resources
from srbench.errors import SrbenchError
from srbench.runner.job.environment import cores
from srbench.runner.supervision.at_work import sweep_marked
from srbench.runner.supervision.forkserver import ForkServer, ServerGone
from srbench.types import Count, Natural

_TRIES = 3


@dataclass(frozen=True)
class _Running:
    """A keeper: its slot, and a handle that can be read from once its process has ended."""

    slot: int
    handle: int


def _started() -> ForkServer:
    """A server of workers, of which the first tries may be killed while they begin. Raises `ServerGone`."""
    for _ in range(_TRIES - 1):
        with suppress(ServerGone):
            return ForkServer()
    return ForkServer()


def _gpus_here() -> int:
    import torch

    return torch.cuda.device_count()


class LocalExecutor(Executor):
    """Processes on this machine.

    jobs: how many run at once and share the cores, where there is no GPU; where there are GPUs, how many of those whose
    `resources` ask for none (`gpus: 0`) run on the CPU beside the others. gpus: which GPUs are used, by their numbers
    from 0 among those that the run sees (CUDA_VISIBLE_DEVICES); all of them unless told. per_gpu: how many jobs share a
    GPU. gpus_per_cell: how many GPUs a job has, all of which its training uses. cpu_processes: in so many processes a
    training is done where there is no GPU: slower than in one, for trying out what several GPUs do.
    The server that forks them is started with the first job, so that a run with nothing to do costs nothing.
    """

    def __init__(
        self,
        jobs: Count = 1,
        gpus: tuple[Natural, ...] | None = None,
        per_gpu: Count = 1,
        gpus_per_cell: Count = 1,
        cpu_processes: Count = 1,
    ) -> None:
        self._jobs, self._gpus, self._per_gpu = jobs, gpus, per_gpu
        self._gpus_per_cell, self._cpu_processes = gpus_per_cell, cpu_processes
        self._running: dict[Path, _Running] = {}
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
        if lacking := self._lacking(there):
            raise SrbenchError(lacking)
        chosen = dict.fromkeys(range(there) if self._gpus is None else self._gpus)
        names, each = [f"cuda:{index}" for index in chosen], self._gpus_per_cell
        cells = [tuple(names[start : start + each]) for start in range(0, len(names) - each + 1, each)]
        return cells * self._per_gpu

    @property
    def _slots(self) -> list[tuple[str, ...]]:
        """The devices of each job that can run beside the others: GPUs first, then the CPU."""
        return self._gpu_slots + [("cpu",) * self._cpu_processes] * self._jobs

    def _slots_for(self, resources: Resources) -> range:
        """Which of the slots a job may have."""
        gpus, every = len(self._gpu_slots), len(self._slots)
        return range(gpus) if gpus and resources.gpus != 0 else range(gpus, every)

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
        return self._lacking(_gpus_here())

    def processes(self, resources: Resources) -> int:
        """One for each device of a job."""
        if self._gpus_per_cell == self._cpu_processes == 1:
            return 1
        return self._gpus_per_cell if resources.gpus != 0 and _gpus_here() else self._cpu_processes

    def device(self, resources: Resources) -> str:
        """The first of the GPUs that are used, or the CPU where there is none, or none is asked for."""
        return f"cuda:{self._gpus[0] if self._gpus else 0}" if resources.gpus != 0 and _gpus_here() else "cpu"

    def places(self) -> int:
        """The number of jobs that the GPUs hold, and `jobs` on the CPU. Raises `SrbenchError` where GPUs lack."""
        return len(self._slots)

    def takes(self, resources: Resources, beside: Sequence[Resources]) -> bool:
        """Whether a GPU is free, or the CPU for a job that asks for no GPU."""
        slots = self._slots_for(resources)
        return sum(self._slots_for(other) == slots for other in beside) < len(slots)

    def _forget_ended(self, wait: float = 0.0) -> None:
        handles = [running.handle for running in self._running.values()]
        ended, _, _ = select.select(handles, [], [], wait)
        for job, running in list(self._running.items()):
            if running.handle in ended:
                os.close(running.handle)
                del self._running[job]

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
        """Start a job in a free slot, once the keeper that told of its job's ending a moment ago has left it.

        All jobs share this machine, whatever resources they ask for, but for those that ask for no GPU.
        """
        slots = self._slots_for(resources)
        self._forget_ended()
        while not (free := [slot for slot in slots if slot not in self._busy]):
            self._forget_ended(wait=1.0)
        devices = self._slots[free[0]]
        sharing = len(slots) if slots.start == 0 else len(self._slots)
        pid = self._start(job, devices, max(1, cores() // sharing))
        with suppress(ProcessLookupError):  # over before one could look
            self._running[job] = _Running(free[0], os.pidfd_open(pid))

    @property
    def _busy(self) -> set[int]:
        return {running.slot for running in self._running.values()}

    def _start(self, job: Path, devices: Sequence[str], threads: int) -> int:
        """Have a keeper forked, by another server where one is killed meanwhile. Raises `SrbenchError`."""
        for _ in range(_TRIES - 1):
            with suppress(ServerGone):
                return self._ready().start(job, devices, threads)
        return self._ready().start(job, devices, threads)

    def fate(self, job: Path) -> Fate | None:
        """Say that its keeper was killed, once it is gone."""
        self._forget_ended()
        return None if job in self._running else Fate("its keeper was killed")

    def close(self) -> None:
        """End whatever still runs."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._forget_ended()
