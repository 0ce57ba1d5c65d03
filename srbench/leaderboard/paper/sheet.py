"""A ranked table as CSV: the numbers themselves, in full precision, for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from srbench.leaderboard.tables.ranked import Row, Table
from srbench.store.texts import visible


def sheet(table: Table) -> str:
    """One row an entrant, best first; an empty place where there is no number, whose reason stands under `problem`.

    Of each metric: its value, and the ends of the 95 % interval as `METRIC_low` and `METRIC_high`. `difference`: to
    `against`, in the metric that ranks. Infinite values are `inf` and `-inf`.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_heads(table))
    for row in table.rows:
        writer.writerow(["" if value is None else value for value in _values(row, table)])
    return visible(buffer.getvalue())


def _heads(table: Table) -> list[str]:
    metrics = [f"{column.metric}{end}" for column in table.columns for end in ("", "_low", "_high")]
    return [
        *("rank_low", "rank_high", "method", "trained_on"),
        *metrics,
        *("against", "difference", "difference_low", "difference_high"),
        *("images", "groups", "seeds", "train_seconds", table.words.speed.name, "parameters", "problem"),
    ]


def _values(row: Row, table: Table) -> Iterator[str | int | float | None]:
    yield from (row.rank.low, row.rank.high) if row.rank else (None, None)
    yield from (row.entrant.method, row.entrant.trained_on)
    reasons = [f"{where}: {problem.text}" for problem in row.problems for where, _ in problem.cells]
    for column, value in zip(table.columns, row.values, strict=True):
        yield value.number
        yield from (value.interval.low, value.interval.high) if value.has_whisker and value.interval else (None, None)
        if value.missing and not row.problems:
            reasons.append(f"{column.metric}: {value.missing}")
    gap = table.gaps.get(row.entrant)
    yield table.ranking.yardstick.name if gap and table.ranking and table.ranking.yardstick else None
    yield from (gap.estimate, gap.low, gap.high) if gap else (None, None, None)
    yield from (row.images, row.units, row.seeds, row.training.number, row.speed.number, row.parameters)
    yield "; ".join(reasons)
