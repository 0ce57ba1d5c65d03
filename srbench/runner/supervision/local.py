"""The local executor: one job at a time on each GPU, or a few at a time on the CPU."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import msgspec

from srbench.contract.executor import Executor, Fate, Limits, Resources
from srbench.runner.job.environment import cores
from srbench.runner.supervision.at_work import sweep_marked
from srbench.runner.supervision.forkserver import ForkServer, ServerGone

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


class LocalExecutor(Executor):
    """Processes on this machine.

    jobs: how many run at once and share the cores, where there is no GPU; with GPUs, each takes one job at a time.
    The server that forks them is started with the first job, so that a run with nothing to do costs nothing.
    """

    def __init__(self, jobs: Annotated[int, msgspec.Meta(ge=1)] = 1) -> None:
        self._jobs = jobs
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
    def _slots(self) -> list[str]:
        gpus = self._ready().gpus
        return [f"cuda:{index}" for index in range(gpus)] or ["cpu"] * self._jobs

    def places(self) -> int:
        """The number of GPUs; without any, `jobs`."""
        return len(self._slots)

    def _forget_ended(self, wait: float = 0.0) -> None:
        handles = [running.handle for running in self._running.values()]
        ended, _, _ = select.select(handles, [], [], wait)
        for job, running in list(self._running.items()):
            if running.handle in ended:
                os.close(running.handle)
                del self._running[job]

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
        """Start a job in a free slot, once the keeper that told of its job's ending a moment ago has left it.

        All jobs share this machine, whatever resources they ask for.
        """
        self._forget_ended()
        while len(self._running) == len(self._slots):
            self._forget_ended(wait=1.0)
        busy = {running.slot for running in self._running.values()}
        slot = next(index for index in range(len(self._slots)) if index not in busy)
        pid = self._start(job, self._slots[slot], max(1, cores() // len(self._slots)))
        with suppress(ProcessLookupError):  # over before one could look
            self._running[job] = _Running(slot, os.pidfd_open(pid))

    def _start(self, job: Path, device: str, threads: int) -> int:
        """Have a keeper forked, by another server where one is killed meanwhile. Raises `SrbenchError`."""
        for _ in range(_TRIES - 1):
            with suppress(ServerGone):
                return self._ready().start(job, device, threads)
        return self._ready().start(job, device, threads)

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
