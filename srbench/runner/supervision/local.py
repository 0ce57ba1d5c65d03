"""The local executor: one cell at a time on each GPU, or a few at a time on the CPU."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property

from srbench.errors import SrbenchError
from srbench.matrix import Limits
from srbench.runner.environment import cores
from srbench.runner.jobs import Job, Task
from srbench.runner.supervision import messages
from srbench.runner.supervision.executor import Ended, Executor, Progressed
from srbench.runner.supervision.forkserver import ForkServer
from srbench.runner.supervision.keeper import GRACE_SECONDS
from srbench.store.records import Store
from srbench.weights.data_root import data_root


class _Running:
    def __init__(self, key: str, line: socket.socket, slot: int) -> None:
        self.key, self.line, self.slot = key, line, slot
        self.pid: int | None = None


class LocalExecutor(Executor):
    """Processes on this machine.

    With GPUs, each takes one job at a time. Without, `jobs` run at once (one, unless told) and share the cores.
    The server that forks them is started with the first job, so that a run with nothing to do costs nothing.
    """

    def __init__(self, store: Store, limits: Limits, jobs: int | None = None) -> None:
        super().__init__(store, limits, jobs)
        self._running: dict[int, _Running] = {}
        self._server: ForkServer | None = None

    def _ready(self) -> ForkServer:
        if self._server is None or not self._server.alive:
            self._server = ForkServer()
        return self._server

    @cached_property
    def _slots(self) -> list[str]:
        gpus = self._ready().gpus
        if gpus:
            return [f"cuda:{index}" for index in range(gpus)]
        return ["cpu"] * (self.jobs or 1)

    def free(self) -> int:
        """How many more jobs can be submitted now."""
        return len(self._slots) - len(self._running)

    def submit(self, task: Task) -> None:
        """Start a job in a free slot."""
        busy = {running.slot for running in self._running.values()}
        slot = next(index for index in range(len(self._slots)) if index not in busy)
        job = Job(
            task=task,
            store=self.store.root.resolve(),
            data_root=data_root().resolve(),
            limits=self.limits,
            device=self._slots[slot],
            threads=max(1, cores() // len(self._slots)),
        )
        try:
            line = self._ready().start(job)
        except OSError as error:
            raise SrbenchError(f"the worker server does not answer: {error}; run again") from error
        self._running[line.fileno()] = _Running(task.key, line, slot)

    def events(self) -> Iterator[Progressed | Ended]:
        """What happened since the last call; waits up to a fifth of a second."""
        ready, _, _ = select.select(list(self._running), [], [], 0.2)
        for handle in ready:
            running = self._running[handle]
            message = messages.receive(running.line)
            if message is None:
                yield self._ended(handle, Ended(running.key, "killed", "its keeper was killed"))
            elif "end" in message:
                yield self._ended(handle, Ended(running.key, message["end"], message["reason"]))
            elif "done" in message:
                yield Progressed(running.key, message["done"], message["message"])
            elif "pid" in message:
                running.pid = message["pid"]

    def _ended(self, handle: int, end: Ended) -> Ended:
        self._running.pop(handle).line.close()
        return end

    def stop(self) -> None:
        """Ask the running jobs to write checkpoints and stop; returns when they have."""
        until = time.monotonic() + GRACE_SECONDS + 5
        told: set[int] = set()
        while self._running and time.monotonic() < until:
            for running in self._running.values():
                if running.pid is not None and running.pid not in told:
                    with suppress(ProcessLookupError):
                        os.kill(running.pid, signal.SIGTERM)
                    told.add(running.pid)
            for _ in self.events():
                pass

    def close(self) -> None:
        """End whatever still runs."""
        for running in self._running.values():
            running.line.close()
        self._running.clear()
        if self._server is not None:
            self._server.close()
