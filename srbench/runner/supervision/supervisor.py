"""Bring every cell of a plan to its record: what needs training waits for it, and no fault stops the others."""

from __future__ import annotations

import datetime
import warnings
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

import msgspec

from srbench.contract.executor import Limits, Resources, Wait
from srbench.matrix import Matrix, Order
from srbench.registry.registry import registry
from srbench.runner.job.exchange import Ending
from srbench.runner.job.file import jobs_in
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Task, Training
from srbench.runner.planning.planned import PlannedCell
from srbench.runner.supervision.agenda import Agenda, Outcome
from srbench.runner.supervision.tracking import training_left
from srbench.runner.supervision.watch import Delayed, Lost, Progressed, Watch, jobs_left
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
    def elsewhere(self, task: Task, who: str) -> None:
        """A task is done by another run, in words, whose result is waited for."""

    def delayed(self, key: str, wait: Wait | None) -> None:
        """The task with this key waits for this reason; None: it waits no more, or nobody knows why."""

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
    an earlier run submitted is not submitted again; what another run does meanwhile is waited for. order: of the jobs
    that can begin; what a training made ready goes before all others in any case. detach: submit what can be, and leave
    it; how many jobs are left.
    """
    display.planned(len(planned))
    todo = []
    for one in planned:
        if one.verdict is None:
            todo.append(one)
        else:
            _leave(one, *one.verdict, store, display)
    agenda = Agenda.of(todo, store, order)
    tasks: dict[str, Task] = {}
    repeated: Counter[str] = Counter()
    with watch:
        try:
            held = {job.parent.name for job in jobs_in(store)}
            for task, ending in _adopt([key for key in agenda.ready if key in held], tasks, agenda, watch, display):
                _tell_of(task, ending, store)
            news = True
            while agenda.ready or tasks or watch.elsewhere:
                news |= _claim(agenda, tasks, repeated, store, watch, display)
                watch.submit()
                if detach and not news:
                    return watch.leave()
                news = False
                for event in watch.events():
                    if isinstance(event, Delayed):
                        display.delayed(event.key, event.wait)
                        continue
                    if isinstance(event, Progressed):
                        display.progressed(event.key, event.done, event.message)
                        continue
                    news = True
                    task = tasks.pop(event.key)
                    if isinstance(event, Lost):
                        agenda.ready.append(task.key)
                    elif event.again and repeated[task.key] < MOST_REPEATS:
                        repeated[task.key] += 1
                        display.repeated(task, event.reason)
                        agenda.ready.append(task.key)
                    elif event.status is not None:
                        _end(task, event.status, event.reason, agenda, store, display)
                if not agenda.ready and (given_up := watch.elsewhere.given_up()):
                    agenda.ready.extend(given_up)
                    _adopt(given_up, tasks, agenda, watch, display)
                display.waited()
        except KeyboardInterrupt as interrupt:
            if watch.lasting and (interrupt.leaves if isinstance(interrupt, Terminated) else display.leaves()):
                interrupt.args = (jobs_left(watch.leave()),)
            else:
                watch.stop()
            raise
    return 0


def _adopt(
    wanted: Sequence[str], tasks: dict[str, Task], agenda: Agenda, watch: Watch, display: Display
) -> list[tuple[Task, Ending]]:
    """Go on with what runs that are over submitted of these tasks; what else of theirs has ended, and how."""
    adopted, ended = watch.adopt(map(agenda.task, wanted))
    for task in adopted:
        tasks[task.key] = task
        _announce(task, display)
    if adopted:
        agenda.ready = deque(key for key in agenda.ready if key not in tasks)
    return ended


def _claim(
    agenda: Agenda, tasks: dict[str, Task], repeated: Counter[str], store: Store, watch: Watch, display: Display
) -> bool:
    """Take the tasks that can begin now, for which there is a place, and that no other run does or has done.

    Whether something came to its end by that.
    """
    news = False
    while (task := watch.take(agenda.ready, agenda.task)) is not None:
        seen = store.stamp(task.shelf, task.key)
        lacking = agenda.lacking(task, store)
        if isinstance(lacking, Outcome):
            news = True
            _end(task, lacking.status, lacking.reason, agenda, store, display, own=False)
        elif not watch.claim(lacking):
            display.elsewhere(task, watch.elsewhere.add(task.key))
        elif store.stamp(task.shelf, task.key) != seen:  # another run did it a moment ago, perhaps
            watch.give_back(task)
            agenda.ready.appendleft(task.key)
        else:
            tasks[task.key] = task
            if not repeated[task.key]:
                _announce(task, display)
    return news


def resources_of(matrix: Matrix, task: Task) -> Resources:
    """What a task needs of a machine: what the matrix says of its method, and of all jobs."""
    if isinstance(task, ExtractorTraining):
        return matrix.resources
    return matrix.resources_of.get(task.method.name, Resources()).over(matrix.resources)


def limits_of(matrix: Matrix, task: Task) -> Limits:
    """What a task may use: what the matrix says of its method, and of all jobs."""
    if isinstance(task, ExtractorTraining):
        return matrix.limits
    return matrix.limits_of.get(task.method.name, Limits()).over(matrix.limits)


def submissions(planned: Sequence[PlannedCell], store: Store) -> tuple[list[Task], list[Task]]:
    """The tasks that a run would submit at once, and those that wait for trainings among them."""
    agenda = Agenda.of([one for one in planned if one.state != "done" and one.verdict is None], store)
    return list(map(agenda.task, agenda.ready)), list(map(agenda.task, agenda.waiting))


def _announce(task: Task, display: Display) -> None:
    display.started(task)
    if isinstance(task, Evaluation):
        _tell("srbench_cell_started", cell=task.cell)


def _end(
    task: Task, status: Status, reason: str, agenda: Agenda, store: Store, display: Display, *, own: bool = True
) -> None:
    """Report what ended, and let go on what waited for it.

    own: it was this run's job. Of another's, its own run tells plugins.
    """
    if isinstance(task, Evaluation):
        scored = {scoring.key for scoring in task.metrics}
        waiting = []
        for planned in agenda.cells[task.key]:
            if status == "ok" and not {scoring.key for scoring in planned.metrics} <= scored:
                waiting.append(planned)
            else:
                _report(planned, status, reason, store, display, own=own)
        agenda.cells[task.key] = waiting
        if waiting:
            agenda.ready.appendleft(task.key)
        return
    display.trained(task, status, reason)
    if own:
        _tell_of_training(task, status, reason, store)
    if isinstance(task, Training) and status != "ok":
        _give_up(task, status, f"training: {reason}", agenda, store, display)
    else:
        agenda.release(task.key)


def _give_up(training: Training, status: Status, reason: str, agenda: Agenda, store: Store, display: Display) -> None:
    """End what cannot do without a training that did not go well."""
    for key in agenda.give_up(training.key):
        task = agenda.trainings.get(key)
        if isinstance(task, Training):
            earlier = reason.removeprefix("training: ")
            _give_up(
                task, status, f"training: the earlier one, of {training.budget}: {earlier}", agenda, store, display
            )
            continue
        for planned in agenda.cells[key]:
            _leave(planned, status, reason, store, display)
    agenda.release(training.key)


def _report(planned: PlannedCell, status: Status, reason: str, store: Store, display: Display, *, own: bool) -> None:
    record = store.read("cells", planned.cell.key)
    if record is None:
        _leave(planned, status, reason, store, display)
        return
    if record.status == "ok" and status != "ok":  # scoring a new metric died; the results stay
        record = msgspec.structs.replace(record, status=status, reason=reason)
    _finish(planned, record, display, own=own)


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


def _finish(planned: PlannedCell, record: Record, display: Display, *, own: bool = True) -> None:
    record = record.as_asked(planned.keys)
    display.finished(planned, record)
    if own:
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
