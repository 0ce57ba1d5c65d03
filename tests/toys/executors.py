"""A right executor, and for each check of executors a wrong one that breaks only its promise."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import ClassVar

from rig.preloaded import preloaded

import srbench


class Right(srbench.Executor):
    """Starts what the command does, in processes that have its imports behind them."""

    def __init__(self, most: int = 1) -> None:
        self.most, self.running = most, {}

    def places(self):
        return self.most

    def submit(self, job, limits, resources):
        self.running[job] = self.start(str(job), program="keeper")

    def start(self, *arguments: str, program: str):
        environment = {"PYTHONPATH": "", **os.environ}
        return preloaded().start(arguments, Path.cwd(), environment, program=program)

    def fate(self, job):
        code = self.running[job].poll()
        return None if code is None else srbench.Fate(f"ended with {code}")

    def close(self):
        for process in self.running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(60)


class Homeless(Right):
    """Does not say how it ends what runs."""

    close = srbench.Executor.close


class Full(Right):
    """Has no room, ever."""

    def places(self):
        return 0


class Wrong(Right):
    """Starts another command."""

    def submit(self, job, limits, resources):
        self.running[job] = self.start("--version", program="srbench")


class Forgets(Right):
    """Loses the jobs that take long."""

    def fate(self, job):
        return srbench.Fate("forgotten") if '"waits"' in job.read_text() else super().fate(job)


class Remembers(Right):
    """Knows its jobs again, whichever instance started them."""

    everything: ClassVar[dict[Path, object]] = {}

    def __init__(self, most: int = 1) -> None:
        super().__init__(most)
        self.running = self.everything

    def holds(self, job):
        return job in self.running and self.running[job].poll() is None

    def close(self):
        for job, process in self.running.items():
            if not job.exists():
                process.wait(60)


class Loses(Remembers):
    """Does not know the jobs of another instance."""

    def __init__(self, most: int = 1) -> None:
        super().__init__(most)
        self.running = {}
