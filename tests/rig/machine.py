"""A machine of one's own on this one: other processes, another name and network, another time of day, the same disk.

`python machine.py ARGUMENTS` is the command line on it, patient for six seconds of silence instead of two minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
NAMESPACES = ("--net", "--uts", "--ipc", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def compiled_clock(folder: Path) -> Path:
    """The library that puts a clock ahead. Raises `subprocess.CalledProcessError` where nothing compiles."""
    library = folder / "late_clock.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, HERE / "late_clock.c", "-ldl"], check=True)
    return library


class Machine:
    """One on which a command line runs."""

    def __init__(self, name: str, ahead: int, clock: Path) -> None:
        self.name, self._ahead, self._clock = name, ahead, clock

    def start(self, folder: Path, environment: dict[str, str], said: IO[str], *arguments: str) -> subprocess.Popen[str]:
        """Start a command line in a folder; what it says goes into a file."""
        setting = {**environment, "LD_PRELOAD": str(self._clock), "LATE_CLOCK": str(self._ahead)}
        program = 'hostname "$0" && exec "$@"'
        command = [sys.executable, str(HERE / "machine.py"), *arguments]
        return subprocess.Popen(
            ["unshare", *NAMESPACES, "sh", "-c", program, self.name, *command],
            cwd=folder,
            env=setting,
            stdout=said,
            stderr=said,
            text=True,
        )

    @staticmethod
    def cut_power(run: subprocess.Popen[str]) -> None:
        """End the machine, with all that runs on it, at once."""
        os.kill(run.pid, signal.SIGKILL)
        run.wait()


def main() -> None:
    """Run the command line with less patience."""
    from srbench.cli import main as srbench
    from srbench.runner.supervision import at_work, watch
    from srbench.store import lease

    lease.BEAT_SECONDS = 0.3
    for module in (lease, at_work, watch):
        module.SILENCE_SECONDS = 6.0  # type: ignore[attr-defined]
    srbench()


if __name__ == "__main__":
    main()
