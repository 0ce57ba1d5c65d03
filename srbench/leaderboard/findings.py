"""What the numbers say, in a few sentences: who leads, by how much, what cannot be told apart, and at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from srbench.leaderboard.numerals import (
    duration,
    in_words,
    listing,
    number,
    plural,
    significant,
    warranted_decimals,
)
from srbench.leaderboard.results import Entrant
from srbench.leaderboard.tables import Column, Row, Table
from srbench.ranking import units_needed
from srbench.stats import Interval

FIRST_LOOK_SECONDS = 300.0
"""Trainings shorter than this are called what they are: a first look."""


@dataclass(frozen=True)
class Findings:
    """lead: the answer. cost: what the leader costs. caveats: what keeps the answer from being more."""

    lead: tuple[str, ...]
    cost: tuple[str, ...]
    caveats: tuple[str, ...]


def findings(pooled: Table, by_dataset: Sequence[Table]) -> Findings:
    """The sentences for one scope, from its pooled table and those of its datasets."""
    if (nothing := nothing_ranked(pooled)) is not None:
        return nothing
    return Findings(
        lead=(lead(pooled, by_dataset), *ties(pooled)),
        cost=cost(pooled),
        caveats=(*_too_few_images(pooled), *missing(pooled), *short_training(pooled)),
    )


def nothing_ranked(table: Table) -> Findings | None:
    """What to say of a table in which nothing is ranked; None where something is."""
    entrant = table.words.entrant.lower()
    if not any(row.problems == () for row in table.rows):
        said = f"Nothing to compare yet: no {entrant} has finished all of its cells."
        return Findings((said,), (), missing(table))
    if not table.ranked:
        return Findings(
            (f"No metric was scored on every {table.words.picture}, so nothing is ranked.",), (), missing(table)
        )
    return None


def baseline(table: Table, leader: Entrant) -> Entrant | None:
    """What the leader is held against: the yardstick, else the runner-up; None when it is the only one ranked."""
    others = [row.entrant for row in table.ranked if row.entrant != leader]
    return table.yardstick if table.yardstick in others else next(iter(others), None)


def difference_words(interval: Interval, column: Column) -> str:
    """`0.8 dB [0.5, 1.1]`; words where there is no finite number."""
    unit = f" {column.unit}" if column.unit else ""
    if interval.estimate is None:
        return "not a finite difference"
    if interval.low is None or interval.high is None:
        return f"{number(interval.estimate, column.decimals)}{unit}"
    decimals = warranted_decimals([(interval.high - interval.low) / 2], [])
    ends = f"[{number(interval.low, decimals)}, {number(interval.high, decimals)}]"
    return f"{number(interval.estimate, decimals)}{unit} {ends}"


def lead(pooled: Table, by_dataset: Sequence[Table]) -> str:
    """Who leads, by how much, or that nobody does."""
    column = pooled.primary_column
    assert column is not None
    best, *others = pooled.ranked
    name = best.entrant.name
    if not others:
        return f"{name} is the only {pooled.words.entrant.lower()} that can be ranked so far."
    rivals = [row.entrant for row in others if not pooled.told_apart(best.entrant, row.entrant)]
    if len(rivals) == len(others):
        names = listing([row.entrant.name for row in pooled.ranked])
        return f"{names} cannot be told apart by {column.label}."
    if rivals:
        return f"{name} has the best {column.label}, but cannot be told apart from {listing([r.name for r in rivals])}."
    rival = baseline(pooled, best.entrant)
    assert rival is not None
    gap = _oriented(pooled.difference(best.entrant, rival), column)
    ahead = f"{difference_words(gap, column)} better in {column.label} than {rival.name}"
    return f"{name} leads{_where(pooled, by_dataset, best)}: {ahead}."


def _where(pooled: Table, by_dataset: Sequence[Table], best: Row) -> str:
    if len(pooled.datasets) < 2:
        return f" on {pooled.datasets[0]}"
    first = [
        table.dataset
        for table in by_dataset
        if table.dataset and table.ranked and table.ranked[0].entrant == best.entrant
    ]
    total = len(pooled.datasets)
    if len(first) == total:
        return f" on {'both' if total == 2 else f'all {in_words(total)}'} datasets"
    return f" overall, and is first on {in_words(len(first))} of {in_words(total)} datasets"


def _oriented(interval: Interval, column: Column) -> Interval:
    """The same difference, positive where the first is better."""
    return interval if column.higher_is_better else -interval


def ties(pooled: Table) -> tuple[str, ...]:
    """The longest runs of neighbours below the first in which no pair can be told apart."""
    below = [row.entrant for row in pooled.ranked[1:]]
    if len(below) > 1 and not any(pooled.told_apart(pooled.ranked[0].entrant, other) for other in below):
        return ()  # said already: nobody can be told apart
    runs: list[tuple[int, int]] = []
    for start in range(len(below)):
        end = start + 1
        while end < len(below) and not any(pooled.told_apart(below[end], other) for other in below[start:end]):
            end += 1
        if end - start > 1 and (not runs or end > runs[-1][1]):
            runs.append((start, end))
    names = [listing([entrant.name for entrant in below[start:end]]) for start, end in runs]
    return tuple(f"{words} cannot be told apart." for words in names)


def _too_few_images(pooled: Table) -> tuple[str, ...]:
    methods = len(pooled.ranked)
    if methods < 2 or pooled.images >= (needed := units_needed(methods)):
        return ()
    return (
        f"{plural(pooled.images, 'image')} cannot tell {plural(methods, 'method')} apart, whatever the scores: "
        f"that takes {needed} or more.",
    )


def cost(table: Table) -> tuple[str, ...]:
    """What the leader costs."""
    row, speed = table.ranked[0], table.words.speed
    parts = []
    if row.train_seconds:
        parts.append(f"training {row.entrant.name} took {duration(row.train_seconds)}{_machine(row)}")
    if row.speed is not None:
        it = "it" if parts else row.entrant.name
        parts.append(f"{it} {speed.does} {significant(row.speed)} ms")
    return (f"{_capital('; '.join(parts))}.",) if parts else ()


def _machine(row: Row) -> str:
    """` on NAME OF THE CPU OR GPU (2 cores)`, when every record says the same."""
    found = {
        (result.record.environment.get("device"), result.record.environment.get("cores"))
        for result in row.results
        if result.record is not None
    }
    device, cores = found.pop() if len(found) == 1 else (None, None)
    known = f" on {device}" if device else ""
    return f"{known} ({plural(cores, 'core')})" if known and isinstance(cores, int) else known


def missing(pooled: Table) -> tuple[str, ...]:
    """Who is not ranked, and why."""
    sentences = []
    for row in pooled.rows:
        if row.problems:
            bad = [result for problem in row.problems for _, result in problem.cells]
            where = listing(list(dict.fromkeys(result.planned.cell.dataset for result in bad)))
            kinds = listing(list(dict.fromkeys(result.status for result in bad)), "or")
            sentences.append(f"{row.entrant.name} is incomplete and not ranked: {kinds} on {where}.")
    return tuple(sentences)


def short_training(table: Table) -> tuple[str, ...]:
    """Which trainings were too short for more than a first look."""
    short = [
        row for row in table.ranked if row.train_seconds is not None and 0 < row.train_seconds < FIRST_LOOK_SECONDS
    ]
    if not short:
        return ()
    longest = max(row.train_seconds or 0 for row in short)
    names = listing([row.entrant.name for row in short])
    most = "at most " if len(short) > 1 else ""
    return (f"{names} trained for {most}{duration(longest)}: too short for more than a first look.",)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
