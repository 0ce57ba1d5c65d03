"""Which cells are over in a moment, so that several may share a CPU: told by those of their kind that were."""

from __future__ import annotations

from collections.abc import Hashable

from srbench.runner.job.tasks import Evaluation, Task
from srbench.store.record import Record

SHORT_SECONDS = 2.0
"""A cell that takes longer has the CPU to itself: it may well use all cores, and much memory."""
ROOM_GB = 1.0
"""The memory that a cell takes beyond what it says that it held, at most."""


class Company:
    """What is known of the cells of a run.

    A cell is short where one of the same method was, under the same protocol and with the same metrics, whose pictures
    were no smaller: none has more to do, nor to hold.
    """

    def __init__(self) -> None:
        self._short: dict[Hashable, tuple[int, int]] = {}
        self._most_gb = 0.0

    def is_short(self, task: Task) -> bool:
        """Whether a task is known to be over in a moment."""
        kind, size = _kind(task), _size(task)
        if kind is None or size is None or kind not in self._short:
            return False
        largest, together = self._short[kind]
        return size[0] <= largest and size[1] <= together

    def learn(self, task: Task, seconds: float, record: Record | None) -> None:
        """Learn from a task that ended, and left this record."""
        kind, size = _kind(task), _size(task)
        if kind is None or size is None or record is None or record.status != "ok" or seconds > SHORT_SECONDS:
            return
        self._most_gb = max(self._most_gb, record.cost.get("peak_memory_gb") or 0.0)
        if not self.is_short(task):
            self._short[kind] = size

    def fits(self, memory_gb: float) -> int:
        """How many short cells fit into so much memory."""
        return max(1, int(memory_gb / (ROOM_GB + self._most_gb)))


def _kind(task: Task) -> Hashable | None:
    """What decides how long a cell takes, its pictures aside; None for what takes long, or may."""
    if not isinstance(task, Evaluation) or any(seen.split == "train" for seen in task.reads):
        return None
    metrics = tuple(scoring.metric.name for scoring in task.metrics)
    return task.method.name, task.protocol.name, metrics, tuple(task.settings.items())


def _size(task: Task) -> tuple[int, int] | None:
    return task.pixels if isinstance(task, Evaluation) else None
