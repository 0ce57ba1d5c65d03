"""A right executor, and for each check of executors a wrong one that breaks only its promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import srbench


class Right(srbench.Executor):
    """Starts processes."""

    def __init__(self, most: int = 1) -> None:
        self.most, self.running = most, {}

    def places(self):
        return self.most

    def submit(self, job, limits):
        self.running[job] = subprocess.Popen(self.command(job))

    def fate(self, job):
        code = self.running[job].poll()
        return None if code is None else f"ended with {code}"

    def close(self):
        for process in self.running.values():
            process.terminate()
            process.wait()


class Homeless(Right):
    """Does not say how it ends what runs."""

    close = srbench.Executor.close


class Full(Right):
    """Has no room, ever."""

    def places(self):
        return 0


class Wrong(Right):
    """Starts another command."""

    def command(self, job: Path):
        return [sys.executable, "-c", ""]


class Forgets(Right):
    """Loses the jobs that take long."""

    def fate(self, job):
        return "forgotten" if '"waits"' in job.read_text() else super().fate(job)
