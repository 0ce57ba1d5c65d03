"""Bring every cell of a plan to its record: what needs training waits for it, and no fault stops the others."""

from __future__ import annotations

import datetime
import warnings
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import msgspec

from srbench.contract.executor import Resources
from srbench.matrix import Matrix, Order
from srbench.registry.registry import registry
from srbench.runner.job.exchange import Ending
from srbench.runner.job.file import jobs_in
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Task, Training
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.estimate import Awaited, Durations
from srbench.runner.planning.planned import PlannedCell
from srbench.runner.supervision.tracking import training_left
from srbench.runner.supervision.watch import Ended, Watch, jobs_left
from srbench.store.cell import SCHEMA, Cell
from srbench.store.files import StoreError
from srbench.store.record import Record, Status
from srbench.store.records import Store


class Terminated(KeyboardInterrupt):
    """The run is to end without a question: nobody is there who could answer. leaves: its jobs are to go on."""

    def __init__(self, leaves: bool = False) -> None:
        super().__init__()
        self.leaves = leaves


MOST_REPEATS = 2
"""How often a run begins a job again that ended by a fault of the machine; the next run does, in any case."""


class Display(ABC):
    """A watcher of a run."""

    @abstractmethod
    def warned(self, warning: str) -> None:
        """Show what is probably wrong with the data of cells that are about to run."""

    @abstractmethod
    def planned(self, cells: int) -> None:
        """Show how many cells are about to run."""

    @abstractmethod
    def started(self, task: Task) -> None:
        """A task began."""

    @abstractmethod
    def progressed(self, key: str, done: float, message: str) -> None:
        """The task with this key got on: `done` in [0, 1]."""

    @abstractmethod
    def repeated(self, task: Task, reason: str) -> None:
        """A task ended by a fault of the machine, and is begun again."""

    @abstractmethod
    def trained(self, task: Training | ExtractorTraining, status: Status, reason: str) -> None:
        """The training of a model or an extractor ended."""

    def leaves(self) -> bool:
        """Whether the jobs of a run that is interrupted are to go on without it, where they can."""
        return False

    @abstractmethod
    def finished(self, planned: PlannedCell, record: Record) -> None:
        """A cell has its record."""

    @abstractmethod
    def waited(self) -> None:
        """A moment passed, whatever happened in it; called a few times a second while jobs are at work."""

    @abstractmethod
    def expected(self, seconds: float | None) -> None:
        """Show how long the run still takes; None where that is not known."""


@dataclass
class _Work:
    """What is to be done, and what waits for what.

    cells: the planned cells by key; those that also ask for the same metrics are evaluated once, those that ask for
    others (which look at other training splits) one after the other. trainings: by key. first: the keys of what waits
    for nothing. waiting: of a cell, the keys of the tasks that it still waits for. waited_for: of such a task, the keys
    of the cells. ready: tasks that can run, each made when it is taken: there may be many.
    """

    cells: dict[str, list[PlannedCell]] = field(default_factory=dict)
    trainings: dict[str, Training | ExtractorTraining] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)
    waiting: dict[str, set[str]] = field(default_factory=dict)
    waited_for: dict[str, list[str]] = field(default_factory=dict)
    ready: deque[Iterator[Task]] = field(default_factory=deque)

    def task(self, key: str) -> Task:
        """The task with this key."""
        return self.trainings[key] if key in self.trainings else self.cells[key][0].evaluation()

    def take(self, count: int) -> list[Task]:
        """The next tasks that can run, so many at most."""
        taken: list[Task] = []
        while self.ready and len(taken) < count:
            task = next(self.ready[0], None)
            if task is None:
                self.ready.popleft()
            else:
                taken.append(task)
        return taken

    def released(self, training: str) -> Iterator[Task]:
        """What waited for a training alone, now that it has ended."""
        for key in self.waited_for.pop(training, ()):
            if key in self.waiting:  # it has not been given up for another training
                self.waiting[key].discard(training)
                if not self.waiting[key]:
                    del self.waiting[key]
                    yield self.task(key)


def run_cells(
    planned: Sequence[PlannedCell],
    store: Store,
    watch: Watch,
    display: Display,
    *,
    order: Order = "file",
    detach: bool = False,
) -> int:
    """Run cells until each has a record. Raises `KeyboardInterrupt` when interrupted, with checkpoints written.

    Cells that share a model or an extractor wait for the one job that trains it; cells with the same key run once. What
    an earlier run submitted is not submitted again. order: of the jobs that can begin; what a training made ready goes
    before all others in any case. detach: submit what can be, and leave it; how many jobs are left.
    """
    display.planned(len(planned))
    todo = []
    for one in planned:
        if one.verdict is None:
            todo.append(one)
        else:
            _leave(one, *one.verdict, store, display)
    work = _sorted_out(todo, store, order)
    tasks: dict[str, Task] = {}
    repeated: Counter[str] = Counter()
    with watch:
        try:
            held = {job.parent.name for job in jobs_in(store)}
            adopted, ended = watch.adopt(work.task(key) for key in work.first if key in held)
            for task, ending in ended:
                _tell_of(task, ending, store)
            for task in adopted:
                tasks[task.key] = task
                _announce(task, display)
            begun = frozenset(tasks)
            work.ready.append(work.task(key) for key in work.first if key not in begun)
            news = True
            while work.ready or tasks:
                ready = work.take(watch.free())
                for task in ready:
                    tasks[task.key] = task
                    _announce(task, display)
                watch.submit([_renewed(task, store) if repeated[task.key] else task for task in ready])
                if detach and not news:
                    return watch.leave()
                news = False
                for event in watch.events():
                    if isinstance(event, Ended):
                        news = True
                        task = tasks.pop(event.key)
                        if event.again and repeated[task.key] < MOST_REPEATS:
                            repeated[task.key] += 1
                            display.repeated(task, event.reason)
                            work.ready.append(iter([task]))
                        else:
                            _end(task, event, work, store, display)
                    else:
                        display.progressed(event.key, event.done, event.message)
                display.waited()
        except KeyboardInterrupt as interrupt:
            if watch.lasting and (interrupt.leaves if isinstance(interrupt, Terminated) else display.leaves()):
                interrupt.args = (jobs_left(watch.leave()),)
            else:
                watch.stop()
            raise
    return 0


def resources_of(matrix: Matrix, task: Task) -> Resources:
    """What a task needs of a machine: what the matrix says of its method, and of all jobs."""
    if isinstance(task, ExtractorTraining):
        return matrix.resources
    return matrix.resources_of.get(task.method.name, Resources()).over(matrix.resources)


def submissions(planned: Sequence[PlannedCell], store: Store) -> tuple[list[Task], list[Task]]:
    """The tasks that a run would submit at once, and those that wait for trainings among them."""
    work = _sorted_out([one for one in planned if one.state != "done" and one.verdict is None], store, "file")
    return list(map(work.task, work.first)), list(map(work.task, work.waiting))


def _sorted_out(todo: Sequence[PlannedCell], store: Store, order: Order) -> _Work:
    work = _Work()
    kept = Damage(store, verify=False)
    for one in todo:
        work.cells.setdefault(one.cell.key, []).append(one)
    for key, same in work.cells.items():
        missing = {task.key: task for one in same for task in one.prerequisites() if not kept.is_done(task)}
        if missing:
            work.trainings |= missing
            work.waiting[key] = set(missing)
            for task in missing:
                work.waited_for.setdefault(task, []).append(key)
        else:
            work.first.append(key)
    work.first.extend(work.trainings)
    if order == "shortest-first":
        durations = Durations(store)
        known = {key: durations.expected(_awaited(work, key)) for key in work.first}
        work.first.sort(key=lambda key: inf if (took := known[key]) is None else took)
    return work


def _awaited(work: _Work, key: str) -> Awaited:
    return work.trainings[key] if key in work.trainings else work.cells[key][0].cell


def _announce(task: Task, display: Display) -> None:
    display.started(task)
    if isinstance(task, Evaluation):
        _tell("srbench_cell_started", cell=task.cell)


def _end(task: Task, event: Ended, work: _Work, store: Store, display: Display) -> None:
    if event.status is None:
        return
    if isinstance(task, Evaluation):
        scored = {scoring.key for scoring in task.metrics}
        waiting = []
        for planned in work.cells[task.key]:
            if event.status == "ok" and not {scoring.key for scoring in planned.metrics} <= scored:
                waiting.append(planned)
            else:
                _report(planned, event, store, display)
        work.cells[task.key] = waiting
        if waiting:
            work.ready.appendleft(iter([waiting[0].evaluation()]))
        return
    display.trained(task, event.status, event.reason)
    _tell_of_training(task, event.status, event.reason, store)
    if isinstance(task, Training) and event.status != "ok":
        # Without its model a cell has no SR; without an extractor it only lacks the metrics that run on it.
        for key in work.waited_for.get(task.key, ()):
            if key in work.waiting and not _has_sr(work.cells[key][0]):
                del work.waiting[key]
                for planned in work.cells[key]:
                    _leave(planned, event.status, f"training: {event.reason}", store, display)
    work.ready.appendleft(work.released(task.key))


def _renewed(task: Task, store: Store) -> Task:
    """The task once more; of a cell without the metrics that have their result by now."""
    if not isinstance(task, Evaluation):
        return task
    record = store.read("cells", task.key)
    if record is None or record.status != "ok":
        return task
    settled = {key for key, result in record.metrics.items() if not result.again}
    return replace(task, metrics=tuple(scoring for scoring in task.metrics if scoring.key not in settled))


def _has_sr(planned: PlannedCell) -> bool:
    return planned.stored is not None


def _report(planned: PlannedCell, event: Ended, store: Store, display: Display) -> None:
    assert event.status is not None
    record = store.read("cells", planned.cell.key)
    if record is None:
        _leave(planned, event.status, event.reason, store, display)
        return
    if record.status == "ok" and event.status != "ok":  # scoring a new metric died; the results stay
        record = msgspec.structs.replace(record, status=event.status, reason=event.reason)
    _finish(planned, record, display)


def _leave(planned: PlannedCell, status: Status, reason: str, store: Store, display: Display) -> None:
    """Write the record of a cell that never ran, or whose keeper could not."""
    cell: Cell = planned.cell
    record = Record(
        key=cell.key,
        schema=SCHEMA,
        status=status,
        reason=reason,
        point=cell.point(),
        ingredients=cell.ingredients,
        warnings=list(planned.warnings),
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        model=None if planned.training is None else planned.training.key,
    )
    try:
        store.write("cells", record)
    except StoreError as error:  # its folder is another user's, say; the other cells go on
        record.reason = f"{reason}; its record cannot be kept either: {error}"
    _finish(planned, record, display)


def _finish(planned: PlannedCell, record: Record, display: Display) -> None:
    record = record.as_asked(planned.keys)
    display.finished(planned, record)
    _tell("srbench_cell_finished", cell=planned.cell, record=record)


def _tell_of(task: Task, ending: Ending, store: Store) -> None:
    """Tell plugins of a job that ended while no run watched it."""
    if not isinstance(task, Evaluation):
        _tell_of_training(task, ending.status or "killed", ending.reason, store)
    elif (found := store.read("cells", task.key)) is not None:
        _tell("srbench_cell_finished", cell=task.cell, record=found.by_name())


def _tell_of_training(task: Training | ExtractorTraining, status: Status, reason: str, store: Store) -> None:
    record, history = training_left(task, status, reason, store)
    _tell("srbench_training_finished", record=record, history=history)


def _tell(event: str, **facts: Any) -> None:
    """Call an event's hooks; one that fails is reported and costs nothing else."""
    try:
        getattr(registry().hook, event)(**facts)
    except Exception as error:
        warnings.warn(f"a plugin's {event} failed: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)
