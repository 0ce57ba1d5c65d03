"""A ranked table as papers print it: texts in rows and columns, with what is bold, underlined and in footnotes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from srbench.leaderboard.findings.caveats import short_training
from srbench.leaderboard.results.hardware import Measured
from srbench.leaderboard.results.published import PublishedRow
from srbench.leaderboard.results.references import ReferenceRow
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.values import Notes, Value
from srbench.leaderboard.tables.emphasis import best
from srbench.leaderboard.tables.ranked import Column, Row, Table, caption
from srbench.leaderboard.words.numerals import DASH, count, duration, number, significant
from srbench.statistics.intervals import Interval
from srbench.statistics.ranking import Rank

Emphasis = Literal["best", "second", ""]
Direction = Literal["up", "down", ""]


@dataclass(frozen=True)
class Entry:
    """What stands in one place of the grid.

    interval: the ends of its 95 % interval, as they are printed. spread: its standard deviation, likewise. notes: the
    numbers of its footnotes.
    """

    text: str
    interval: tuple[str, str] | None = None
    spread: str = ""
    notes: tuple[int, ...] = ()
    emphasis: Emphasis = ""


@dataclass(frozen=True)
class Head:
    """The head of a column. better: the direction in which its numbers are. notes: the numbers of its footnotes."""

    text: str
    better: Direction = ""
    notes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Grid:
    """A table for a paper.

    lines: one an entrant, best first; one that is shorter than `heads` ends with words over all that is left.
    references: rows that are not in the competition, below the others. notes: the footnotes, numbered from 1.
    """

    caption: str
    heads: tuple[Head, ...]
    lines: tuple[tuple[Entry, ...], ...]
    references: tuple[tuple[Entry, ...], ...] = ()
    notes: tuple[str, ...] = ()


def grid(table: Table, budget: str = "") -> Grid:
    """A ranked table as a grid.

    What is best in a metric, or cannot be told apart from it, is emphasised as such; a second only where it is told
    apart from the first and from the third. budget: of the trainings, in words.
    """
    return _Columns(table, budget).grid()


class _Columns:
    """Which columns a table has on paper: of costs those that some row knows."""

    def __init__(self, table: Table, budget: str) -> None:
        self._table = table
        self._best = best(table)
        self._notes = Notes()
        self._notes.texts.extend(table.notes)
        self._learns = any(row.seeds for row in table.rows)
        said = [f"Every training had {budget}."] if self._learns and budget else []
        self._trainings = tuple(map(self._notes.number, (*said, *short_training(table))))
        self._parameters = any(row.parameters for row in table.rows)
        self._timed = any(row.speed.number is not None for row in table.rows)

    def grid(self) -> Grid:
        table = self._table
        heads = tuple(self._heads())
        lines = tuple(tuple(self._line(row)) for row in table.rows)
        references = tuple(tuple(self._reference(one, len(heads))) for one in table.references)
        references += tuple(tuple(self._published(one, len(heads))) for one in table.published)
        return Grid(self._caption(lines), heads, lines, references, tuple(self._notes.texts))

    def _caption(self, lines: tuple[tuple[Entry, ...], ...]) -> str:
        table, entries = self._table, [entry for line in lines for entry in line]
        said = [caption(table), table.scope.results[0].protocol.describe()]
        if table.ranking is not None:
            whole = "; each dataset weighs the same" if len(table.datasets) > 1 else ""
            said.append(f"Ranked by {table.ranking.label}{whole}")
        if any(entry.emphasis == "best" for entry in entries):
            tied = any(len(one.first) > 1 for one in table.standings.values()) and not table.rank_note
            said.append(f"Bold: the best{' and what cannot be told apart from it' if tied else ''}")
        if any(entry.emphasis == "second" for entry in entries):
            said.append("Underlined: the second, told apart from all others")
        if any(entry.interval for entry in entries):
            said.append("In brackets: 95 % intervals")
        return "".join(f"{sentence}. " for sentence in said).rstrip()

    def _heads(self) -> Iterator[Head]:
        table = self._table
        yield Head("Rank")
        yield Head(table.words.entrant)
        for column in table.columns:
            better: Direction = "up" if column.higher_is_better else "down"
            yield Head(column.title, better)
            if self._has_gap(column) and table.ranking is not None and table.ranking.yardstick is not None:
                yield Head(f"{column.unit or column.label} vs {table.ranking.yardstick.name}", better)
        if self._learns:
            yield Head("Seeds")
            yield Head("Training", notes=self._trainings)
        if self._timed:
            yield Head(table.words.speed.head, "down")
        if self._parameters:
            yield Head("Parameters")

    def _has_gap(self, column: Column) -> bool:
        return bool(self._table.gaps) and column.metric == self._table.primary

    def _line(self, row: Row) -> Iterator[Entry]:
        rank_note = (self._table.rank_note,) if row.rank is not None and self._table.rank_note else ()
        yield Entry(str(row.rank).replace("-", DASH) if row.rank else DASH, notes=rank_note)
        yield Entry(row.entrant.name)
        if row.problems:
            reasons = [f"{problem.text} ({'; '.join(where for where, _ in problem.cells)})" for problem in row.problems]
            number_ = self._notes.number(f"{row.entrant.name}: {'. '.join(reasons)}")
            yield Entry("incomplete", notes=(number_,))
            return
        for column, value in zip(self._table.columns, row.values, strict=True):
            yield self._value(value, column, self._emphasis(column.metric, row.entrant))
            if self._has_gap(column):
                yield self._gap(row.entrant)
        if self._learns:
            yield Entry(str(row.seeds or DASH), notes=(row.seeds_note,) if row.seeds_note else ())
            yield self._measured(row.training, duration(row.training.number) if row.training.number else DASH)
        if self._timed:
            known = row.speed.number
            yield self._measured(row.speed, DASH if known is None else significant(known))
        if self._parameters:
            yield Entry(count(row.parameters) if row.parameters else DASH)

    def _value(self, value: Value, column: Column, emphasis: Emphasis = "") -> Entry:
        notes = tuple(note for note in (value.note, value.doubt) if note)
        if value.number is None:
            return Entry(value.missing or DASH, notes=notes)
        ends = _ends(value.interval, column.decimals) if value.has_whisker else None
        asides = value.aside.split(", ") if value.aside else []
        spread = next((one for one in asides if one.startswith("±")), "")
        if others := [one for one in asides if one != spread]:
            notes += (self._notes.number(", ".join(others)),)
        return Entry(number(value.number, column.decimals), ends, spread, notes, emphasis)

    def _emphasis(self, metric: str, entrant: Entrant) -> Emphasis:
        if entrant in self._best[metric]:
            return "best"
        standings = self._table.standings.get(metric)
        if standings is None or entrant not in standings:
            return ""
        # Ranks that are an order alone say of nobody that it is the second for certain; the second of two is the last.
        certain = len(standings.entrants) > 2 and not self._table.rank_note
        return "second" if certain and standings.rank(entrant) == Rank(2, 2) else ""

    def _gap(self, entrant: Entrant) -> Entry:
        gap, decimals = self._table.gaps.get(entrant), self._table.gap_decimals
        if gap is None or gap.estimate is None:
            return Entry(DASH)
        notes = (self._table.gap_note,) if gap.beyond and self._table.gap_note else ()
        return Entry(number(gap.estimate, decimals, True), _ends(gap, decimals, True), notes=notes)

    def _measured(self, cost: Measured, text: str) -> Entry:
        if cost.compared or not cost.hardware:
            return Entry(text)
        return Entry(text, notes=(self._notes.number(f"Measured on {cost.hardware}; not to be compared."),))

    def _reference(self, reference: ReferenceRow, width: int) -> Iterator[Entry]:
        yield Entry(reference.mark, notes=(reference.note,))
        yield Entry(reference.name)
        for column, value in zip(self._table.columns, reference.values, strict=True):
            yield self._value(value, column)
            if self._has_gap(column):
                yield Entry(DASH)
        columns = len(self._table.columns) + (1 if self._table.gaps else 0)
        yield from [Entry(DASH)] * (width - 2 - columns)

    def _published(self, row: PublishedRow, width: int) -> Iterator[Entry]:
        yield Entry("published", notes=(row.note,))
        yield Entry(f"{row.method} ({row.source})")
        for column in self._table.columns:
            yield Entry(row.values.get(column.metric, DASH))
            if self._has_gap(column):
                yield Entry(DASH)
        columns = len(self._table.columns) + (1 if self._table.gaps else 0)
        yield from [Entry(DASH)] * (width - 2 - columns)


def _ends(interval: Interval | None, decimals: int, signed: bool = False) -> tuple[str, str] | None:
    if interval is None or interval.low is None or interval.high is None:
        return None
    return number(interval.low, decimals, signed), number(interval.high, decimals, signed)


def title(table: Table) -> str:
    """A table in a few words: `x4-y, set5`, `x4-y, all datasets, ranked by PSNR`."""
    where = table.only_dataset or "all datasets"
    arm = f", trained on {table.scope.trained_on}" if table.scope.trained_on else ""
    ranked = f", ranked by {table.ranking.label}" if table.ranking is not None else ""
    return f"{table.scope.protocol}{arm}, {where}{ranked}"
