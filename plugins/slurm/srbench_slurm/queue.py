"""SLURM's queue: what became of jobs, asked for all at once and not too often."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from .commands import SlurmError, patiently_said_by, said_by

OVER = frozenset(
    {
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REVOKED",
        "TIMEOUT",
    }
)
"""The states of a job that neither waits nor runs any more; one that is requeued leaves them again."""
_HELD = "launch failed requeued held"
"""The reason why a job waits that SLURM gave up starting, after some tries."""


@dataclass(frozen=True)
class Place:
    """Where a job stands in a queue: the name of its array, and its number there."""

    name: str
    task: int


@dataclass(frozen=True)
class Entry:
    """What SLURM says of a job: its id (`12_3`), its state, why it is in it, on which node."""

    id: str
    state: str
    reason: str = ""
    node: str = ""

    @property
    def waits(self) -> bool:
        """Whether it has not begun, or is to begin again."""
        return self.state not in OVER and self.state not in ("RUNNING", "COMPLETING", "SUSPENDED")

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in OVER or self.reason.replace("_", " ") == _HELD


class Queue:
    """The user's jobs, listed by `squeue` at most once in so many seconds.

    taken: when the listing was, in seconds of the monotonic clock.
    """

    _COMMAND = ("squeue", "--noheader", "--array", "--states=all", f"--user={os.getuid()}", "--format=%i|%T|%r|%N|%j")

    def __init__(self, seconds: float) -> None:
        self._seconds, self._asked = seconds, float("-inf")
        self._entries: dict[Place, Entry] = {}
        self.taken = float("-inf")

    def entry(self, place: Place) -> Entry | None:
        """What SLURM said last of a job; None where it does not know it. The first time, it waits for an answer.

        Where SLURM does not answer later, that listing stands which it gave before. Raises `SlurmError`.
        """
        if self.taken == float("-inf"):
            self._take(patiently_said_by(*self._COMMAND))
        elif time.monotonic() - self._asked >= self._seconds:
            self.refresh()
        return self._entries.get(place)

    def refresh(self) -> bool:
        """List the jobs now; whether SLURM answered."""
        self._asked = time.monotonic()
        try:
            self._take(said_by(*self._COMMAND))
        except SlurmError:
            return False
        return True

    def _take(self, listing: str) -> None:
        entries = {}
        for line in listing.splitlines():
            parts = line.split("|", 4)
            if len(parts) != 5:
                continue
            number, state, reason, node, name = (part.strip() for part in parts)
            task = number.partition("_")[2] or "0"
            if task.isdecimal():
                entries[Place(name, int(task))] = Entry(number, state, reason, node)
        self._entries, self.taken = entries, time.monotonic()
        self._asked = self.taken
