"""What a run still has to do, and what waits for what: keys, of which tasks are made when they are taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from srbench.matrix import Order
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Scoring, Task, Training
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.estimate import Awaited, Durations
from srbench.runner.planning.planned import PlannedCell
from srbench.store.files import Stamp
from srbench.store.record import Record, Status
from srbench.store.records import Store
from srbench.store.summary import Summary


@dataclass(frozen=True)
class Outcome:
    """How a task ended in another run."""

    status: Status
    reason: str


@dataclass
class Agenda:
    """The tasks of a run.

    cells: the planned cells by key; those that also ask for the same metrics are evaluated once, those that ask for
    others (which look at other training splits) one after the other. trainings: by key. ready: the keys of tasks that
    can run. waiting: of a cell, or of a training that goes on or starts from another, the keys of the tasks that it
    still waits for. waited_for: of such a task, the keys of these. before: the stamps of records that were there
    before.
    """

    cells: dict[str, list[PlannedCell]] = field(default_factory=dict)
    trainings: dict[str, Training | ExtractorTraining] = field(default_factory=dict)
    ready: deque[str] = field(default_factory=deque)
    waiting: dict[str, set[str]] = field(default_factory=dict)
    waited_for: dict[str, list[str]] = field(default_factory=dict)
    before: dict[str, Stamp | None] = field(default_factory=dict)

    @classmethod
    def of(cls, todo: Sequence[PlannedCell], store: Store, order: Order = "file") -> Agenda:
        """Sort out what cells want, and what of it a store holds."""
        agenda, kept = cls(), Damage(store, verify=False)
        for one in todo:
            agenda.cells.setdefault(one.cell.key, []).append(one)
        for key, same in agenda.cells.items():
            asked = {task.key: task for one in same for task in one.prerequisites()}
            missing = kept.to_do(asked.values())
            agenda.trainings |= missing
            agenda._let_wait(key, asked.keys() & missing.keys())
            if any(one.summary is not None for one in same):
                agenda.before[key] = store.stamp("cells", key)
        for key, task in agenda.trainings.items():
            agenda.before[key] = store.stamp(task.shelf, key)
            agenda._let_wait(key, [first.key for first in kept.first(task)])
        if order == "shortest-first":
            durations = Durations(store)
            known = {key: durations.expected(agenda._awaited(key)) for key in agenda.ready}
            agenda.ready = deque(sorted(agenda.ready, key=lambda key: inf if (took := known[key]) is None else took))
        return agenda

    def _let_wait(self, key: str, tasks: Iterable[str]) -> None:
        """Let a cell or training wait for tasks; where there are none, it is ready."""
        if not (awaited := set(tasks)):
            self.ready.append(key)
            return
        self.waiting[key] = awaited
        for task in awaited:
            self.waited_for.setdefault(task, []).append(key)

    def _awaited(self, key: str) -> Awaited:
        return self.trainings[key] if key in self.trainings else self.cells[key][0].cell

    def task(self, key: str) -> Task:
        """The task with this key."""
        return self.trainings[key] if key in self.trainings else self.cells[key][0].evaluation()

    def give_up(self, training: str) -> list[str]:
        """The keys of what waited for a training that did not go well and can do nothing without it."""
        lost = [key for key in self.waited_for.get(training, ()) if key in self.waiting and not self._has_sr(key)]
        for key in lost:
            del self.waiting[key]
        return lost

    def _has_sr(self, key: str) -> bool:
        """Whether it is a cell that has its SR, and so lacks only metrics."""
        return key in self.cells and self.cells[key][0].stored is not None

    def release(self, training: str) -> None:
        """Let go on what waited for a training alone, before all else."""
        for key in reversed(self.waited_for.pop(training, [])):
            if key in self.waiting:  # it has not been given up for another training
                self.waiting[key].discard(training)
                if not self.waiting[key]:
                    del self.waiting[key]
                    self.ready.appendleft(key)

    def lacking(self, task: Task, store: Store) -> Task | Outcome:
        """The task, of a cell without the metrics that have their result by now; or how it ended in another run."""
        record = store.read(task.shelf, task.key)
        if record is None or record.status == "killed":  # which says nothing about its method
            return task
        outcome = Outcome(record.status, record.reason)
        is_new = store.stamp(task.shelf, task.key) != self.before.get(task.key)
        if not isinstance(task, Evaluation):
            return outcome if is_new and (record.status != "ok" or Damage(store, verify=False).is_done(task)) else task
        planned = self.cells[task.key][0]
        known = planned.summary
        if not is_new or (planned.damage and (known is not None or store.damage("cells", record))):
            return task
        if record.status != "ok":
            return outcome
        metrics = tuple(scoring for scoring in task.metrics if not _has_news(scoring, record, known))
        return replace(task, metrics=metrics) if metrics else outcome


def _has_news(scoring: Scoring, record: Record, known: Summary | None) -> bool:
    """Whether a metric has a result that stays, and that was not there when its cell was planned."""
    result = record.metrics.get(scoring.key)
    if result is None or result.again:
        return False
    before = None if known is None else known.metrics.get(scoring.key)
    return (
        result.status != "failed" or before is None or (result.status, result.reason) != (before.status, before.reason)
    )
