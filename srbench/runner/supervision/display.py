"""How a run looks: live bars on a terminal, one plain line a cell elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.prompt import Prompt
from rich.text import Text

from srbench.contract.executor import Wait
from srbench.runner.job.tasks import ExtractorTraining, Task, Training
from srbench.runner.planning.estimate import seconds_left
from srbench.runner.planning.planned import PlannedCell
from srbench.runner.supervision.supervisor import Display
from srbench.store.record import Record, Status
from srbench.store.texts import brief

LINE_SECONDS = 60.0
"""Between two lines of progress where there is no terminal."""

_ERRORS = Console(stderr=True, highlight=False)
_STYLES: dict[str, str] = {"ok": "green", "skipped": "yellow"}


class Silent(Display):
    """Shows nothing."""

    def warned(self, warning: str) -> None:
        """Show nothing."""

    def planned(self, cells: int) -> None:
        """Show nothing."""

    def started(self, task: Task) -> None:
        """Show nothing."""

    def progressed(self, key: str, done: float, message: str) -> None:
        """Show nothing."""

    def elsewhere(self, task: Task, who: str) -> None:
        """Show nothing."""

    def delayed(self, key: str, wait: Wait | None) -> None:
        """Show nothing."""

    def repeated(self, task: Task, reason: str) -> None:
        """Show nothing."""

    def trained(self, task: Training | ExtractorTraining, status: Status, reason: str) -> None:
        """Show nothing."""

    def finished(self, planned: PlannedCell, record: Record) -> None:
        """Show nothing."""

    def waited(self) -> None:
        """Show nothing."""

    def expected(self, seconds: float | None) -> None:
        """Show nothing."""


@dataclass(frozen=True)
class _Running:
    """A task: its name, its bar, and when it began."""

    label: str
    bar: TaskID
    began: float


class Lines(Display):
    """One line a cell, as it ends. Used as a context manager.

    What is running has bars on a terminal, and elsewhere a line a minute.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._waiting: dict[str, str] = {}
        self._waits: dict[str, Wait] = {}
        self._stuck: set[str] = set()
        self._running: dict[str, _Running] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[message]}", style="dim", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._total: TaskID | None = None
        self._cells, self._done, self._told = 0, 0, clock()
        self._left = ""
        self._others: set[str] = set()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def warned(self, warning: str) -> None:
        """A line on standard error."""
        _ERRORS.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)

    def planned(self, cells: int) -> None:
        """A bar for the whole."""
        self._cells = cells
        self._total = self._progress.add_task("cells", total=cells, message=f"0 of {cells}", left="")

    def started(self, task: Task) -> None:
        """One more that waits: what has begun tells how far it is."""
        self._waiting[task.key] = brief(task.label)
        self._show_total()

    def progressed(self, key: str, done: float, message: str) -> None:
        """The task's bar moves; elsewhere than on a terminal a line, once a minute."""
        if key in self._waiting:
            label = self._waiting.pop(key)
            bar = self._progress.add_task(label, total=1.0, message="", left="")
            self._running[key] = _Running(label, bar, self._clock())
            self._show_total()
        if key not in self._running:
            return
        running, now = self._running[key], self._clock()
        left = time_left(seconds_left(done, now - running.began))
        self._progress.update(running.bar, completed=done, message=brief(message), left=left)
        if not self._console.is_terminal and now - self._told >= LINE_SECONDS:
            self._told = now
            self._tell(running.label, f"{done:.0%}", brief(message), left, self._cells_done())

    def delayed(self, key: str, wait: Wait | None) -> None:
        """The reason stands beside the number of those that have not begun."""
        self._waits.pop(key, None)
        if wait is not None:
            self._waits[key] = wait
        self._show_total()

    def elsewhere(self, task: Task, who: str) -> None:
        """A line with whoever it is, once for each."""
        if who not in self._others:
            self._others.add(who)
            self._console.print(Text(f"at work on some of this: {who}", style="dim"), soft_wrap=True)

    def repeated(self, task: Task, reason: str) -> None:
        """A line with the reason."""
        self._drop(task.key)
        self._line("killed", task.label, f"{reason}; once more")

    def trained(self, task: Training | ExtractorTraining, status: Status, reason: str) -> None:
        """A line."""
        self._drop(task.key)
        self._line(status, task.label, reason)

    def finished(self, planned: PlannedCell, record: Record) -> None:
        """A line, with the first scores or the reason."""
        self._drop(record.key)
        self._done += 1
        self._show_total()
        self._line(record.status, planned.cell.label, summary(record))

    def waited(self) -> None:
        """A warning for what will not begin by itself; where there is no terminal, a line a minute for what waits."""
        for reason, count in Counter(wait.reason for wait in self._waits.values() if wait.stuck).items():
            if reason not in self._stuck:
                self._stuck.add(reason)
                which = "1 job will not begin by itself" if count == 1 else f"{count} jobs will not begin by themselves"
                self.warned(f"{which}: {brief(reason)}")
        waits = self._waiting and not (self._console.is_terminal or self._running)
        if waits and self._clock() - self._told >= LINE_SECONDS:
            self._told = self._clock()
            self._tell(self._cells_done())

    def expected(self, seconds: float | None) -> None:
        """The time that is left, at the bar for the whole."""
        self._left = time_left(seconds)
        if self._total is not None:
            self._progress.update(self._total, left=self._left)

    def leaves(self) -> bool:
        """Ask, on a terminal; elsewhere jobs are not left."""
        if not (self._console.is_terminal and sys.stdin.isatty()):
            return False
        self._progress.stop()
        question = "Jobs wait or run. Cancel them, or leave them for the next `srbench run`?"
        try:
            return Prompt.ask(question, choices=["cancel", "leave"], console=self._console) == "leave"
        except (KeyboardInterrupt, EOFError):  # no answer: the choice that loses nothing
            return True

    def _tell(self, *words: str) -> None:
        """A line, with what is known of all jobs."""
        every = (*words, self._not_begun(), self._left and f"{self._left} in all")
        self._console.print(Text(", ".join(filter(None, every)), style="dim"), soft_wrap=True)

    def _cells_done(self) -> str:
        return f"{self._done} of {self._cells} cells"

    def _not_begun(self) -> str:
        """How many jobs wait, and why most of them do, where that is known."""
        if not self._waiting:
            return ""
        reasons = Counter(wait.reason for key, wait in self._waits.items() if key in self._waiting).most_common(1)
        return f"{len(self._waiting)} not begun" + (f": {brief(reasons[0][0])}" if reasons else "")

    def _show_total(self) -> None:
        if self._total is not None:
            message = ", ".join(filter(None, (f"{self._done} of {self._cells}", self._not_begun())))
            self._progress.update(self._total, completed=self._done, message=message)

    def _drop(self, key: str) -> None:
        self._waiting.pop(key, None)
        self._waits.pop(key, None)
        if key in self._running:
            self._progress.remove_task(self._running.pop(key).bar)

    def _line(self, status: Status, label: str, words: str) -> None:
        line = Text(f"{status:<14}", style=_STYLES.get(status, "red"))
        line.append(f"{brief(label)}  ", style="default")
        line.append(brief(words), style="dim")
        self._console.print(line, soft_wrap=True)


def time_left(seconds: float | None) -> str:
    """So many seconds as roughly as they are known: `3 min left`; empty for None."""
    if seconds is None:
        return ""
    for limit, unit, name in ((100, 1, "s"), (5400, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{max(1, round(seconds / unit))} {name} left"
    return f"{seconds / 86400:.0f} days left"


def summary(record: Record) -> str:
    """A record in a few words: its scores, or why there are none."""
    if record.status != "ok":
        return record.reason.splitlines()[0] if record.reason else record.status
    parts = []
    for name, result in record.metrics.items():
        if result.status != "ok":
            parts.append(f"{name} {result.status}: {result.reason}")
        elif result.value is None:
            parts.append(f"{name} infinite")
        else:
            parts.append(f"{name} {result.value:.4g}{' ' + result.unit if result.unit else ''}")
    return ", ".join(parts)
