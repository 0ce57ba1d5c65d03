"""Trackers hear of a run as plugins do, each in a thread of its own, so that none can hold the run up, or end it."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from queue import SimpleQueue

from srbench.contract.hookspecs import hookimpl
from srbench.contract.tracker import Row, Tracker
from srbench.errors import SrbenchError, in_words
from srbench.registry.configured import Use
from srbench.registry.registry import registry
from srbench.runner.job.tasks import ExtractorTraining, Training
from srbench.store.cell import SCHEMA, Cell
from srbench.store.files import StoreError
from srbench.store.record import Record, Status
from srbench.store.records import Store
from srbench.training.loop.history import HISTORY, read_history

PATIENCE_SECONDS = 60.0
"""How long a run that is over waits for a tracker."""
Warned = Callable[[str], None]


def made_trackers(uses: Sequence[Use]) -> list[tuple[str, Tracker]]:
    """The trackers that a matrix asks for, by name. Raises `SrbenchError` where one cannot be made."""
    made: list[tuple[str, Tracker]] = []
    for use in uses:
        try:
            made.append((use.name, use.create()))
        except Exception as error:  # a plugin may fail in any way
            raise SrbenchError(f"tracker {use.name!r}: {in_words(error)}") from error
    return made


@contextmanager
def tracked(trackers: Sequence[tuple[str, Tracker]], matrix: str, warned: Warned) -> Iterator[None]:
    """Inside, have trackers hear of what happens in a run of a matrix; at the end wait for them. warned: of faults."""
    with ExitStack() as stack:
        hearing = [stack.enter_context(_Hearing(name, tracker, matrix, warned)) for name, tracker in trackers]
        stack.enter_context(registry().heard_by(*hearing))
        yield


def training_left(
    task: Training | ExtractorTraining, status: Status, reason: str, store: Store
) -> tuple[Record, list[Row]]:
    """What a training left that ended so: its record, and its history; where it left none, what the one would say."""
    folder = store.folder(task.shelf, task.key)
    record, history = None, list[Row]()
    with suppress(StoreError):
        record = store.read(task.shelf, task.key)
    with suppress(OSError, ValueError, csv.Error):
        history += read_history(folder / HISTORY)
    if record is None or record.status != status:
        point, made_of = task.point(), task.ingredients
        record = Record(key=task.key, schema=SCHEMA, status=status, reason=reason, point=point, ingredients=made_of)
    return record, history


class _Hearing:
    """Hears the hooks for a tracker, and passes on what it hears, until the tracker fails."""

    def __init__(self, name: str, tracker: Tracker, matrix: str, warned: Warned) -> None:
        self._name, self._tracker, self._warned = name, tracker, warned
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._fault = ""
        self._thread = threading.Thread(target=self._pass_on, name=f"tracker {name}", daemon=True)
        self._calls.put(lambda: tracker.begin(matrix))

    def __enter__(self) -> _Hearing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._calls.put(None)
        self._thread.join(PATIENCE_SECONDS)
        if self._thread.is_alive():
            self._fault = f"has not come to an end {PATIENCE_SECONDS:g} s after the run, and is left alone"
        self._tell_fault()

    @hookimpl
    def srbench_cell_started(self, cell: Cell) -> None:
        """Pass it on."""
        self._hear(lambda: self._tracker.cell_started(cell))

    @hookimpl
    def srbench_cell_finished(self, cell: Cell, record: Record) -> None:
        """Pass it on."""
        self._hear(lambda: self._tracker.cell_finished(cell, record))

    @hookimpl
    def srbench_training_finished(self, record: Record, history: Sequence[Row]) -> None:
        """Pass it on."""
        self._hear(lambda: self._tracker.training_finished(record, history))

    def _hear(self, call: Callable[[], None]) -> None:
        self._calls.put(call)
        self._tell_fault()

    def _tell_fault(self) -> None:
        if self._fault:
            self._warned(f"tracker {self._name!r}: {self._fault}")
            self._fault = ""

    def _pass_on(self) -> None:
        while (call := self._calls.get()) is not None and self._goes_well(call):
            pass
        self._goes_well(self._tracker.end)

    def _goes_well(self, call: Callable[[], None]) -> bool:
        try:
            call()
        except BaseException as error:  # a plugin may fail in any way
            self._fault = self._fault or f"{in_words(error)}; it hears no more of this run"
            return False
        return True
