"""SLURM's own commands: run, and understood where they fail."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping

import srbench

PATIENCE_SECONDS = 600.0
"""For how long a controller that does not answer is asked again where there is no going on without it."""
_PAUSE_SECONDS = 5.0
_LONGEST_SECONDS = 120.0
"""After which a command that does not end is given up; they wait for a controller themselves, for less."""
_PASSING = (
    "unable to contact slurm controller",
    "socket timed out",
    "connection refused",
    "connection reset",
    "zero bytes were transmitted",
    "transport endpoint",
    "communication connection failure",
    "temporarily unable to accept",
    "temporarily unavailable",
)
"""What SLURM says where the same command may well work a while later: its controller restarts, say."""
_PREFIX = re.compile(r"^[\w-]+:? (error|fatal): ")
_KEPT = {"SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS"}
_MARK = "SRBENCH_AT_WORK_IN"


class SlurmError(srbench.SrbenchError):
    """A command of SLURM failed. passing: it may well work a while later."""

    def __init__(self, message: str, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


def environment() -> Mapping[str, str]:
    """This process's environment as a job may inherit it.

    Without the mark of what ends with the run, and without what SLURM says of a job that the run itself is in.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name != _MARK and (not name.startswith("SLURM_") or name in _KEPT)
    }


def said_by(*command: str, given: str = "") -> str:
    """What a command printed. given: its input. Raises `SlurmError`."""
    try:
        done = subprocess.run(
            command, input=given, env=environment(), capture_output=True, text=True, timeout=_LONGEST_SECONDS
        )
    except FileNotFoundError:
        raise SlurmError(
            f"there is no program {command[0]} on this machine; run srbench where SLURM's are, on a login node"
        ) from None
    except subprocess.TimeoutExpired:
        raise SlurmError(f"{command[0]} does not answer", passing=True) from None
    if done.returncode != 0:
        lines = (_PREFIX.sub("", line).strip() for line in done.stderr.splitlines())
        told = " ".join(filter(None, lines)) or f"exit code {done.returncode}"
        raise SlurmError(f"{command[0]}: {told}", any(words in told.lower() for words in _PASSING))
    return done.stdout


def patiently_said_by(*command: str) -> str:
    """The same, asked again for as long as SLURM's controller may be restarting. Raises `SlurmError`."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return said_by(*command)
        except SlurmError as error:
            wait_or_raise(error, until)


def wait_or_raise(error: SlurmError, until: float) -> None:
    """Wait a moment before another try; raise the error where that is of no use, or it is too late for one."""
    if not error.passing or time.monotonic() > until:
        raise error
    time.sleep(_PAUSE_SECONDS)
