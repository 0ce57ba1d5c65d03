"""Head to head: which method beats which, overall and on how many datasets (or images): wins, ties, losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.leaderboard.numerals import listing, plural
from srbench.leaderboard.results import Entrant
from srbench.leaderboard.tables import Table
from srbench.stats import Count, wins

Verdict = Literal["better", "tied", "worse"]


@dataclass(frozen=True)
class Duel:
    """The method of the row against that of the column. count: over datasets where there are several, else images."""

    verdict: Verdict
    count: Count
    words: str


@dataclass(frozen=True)
class HeadToHead:
    """Ranked methods against each other, best first. duels: `(rows, columns)`, None against itself. unit: counted."""

    metric: str
    unit: str
    entrants: tuple[Entrant, ...]
    duels: tuple[tuple[Duel | None, ...], ...]


def head_to_head(pooled: Table, by_dataset: Sequence[Table]) -> HeadToHead | None:
    """The matrix of a table; by_dataset: the tables of its datasets, where it has several. None for fewer than two.

    Better and worse are those of the ranking, so that the matrix never contradicts the ranks: the difference must be
    significant after Holm's correction and its interval exclude zero. On a dataset, likewise. On an image, the better
    score wins.
    """
    column = pooled.primary_column
    entrants = tuple(row.entrant for row in pooled.ranked)
    if column is None or len(entrants) < 2:
        return None
    # A dataset whose table is ranked by another metric (this one was not scored on it) has nothing to say here.
    parts = [table for table in by_dataset if table.primary == pooled.primary]
    unit = "dataset" if len(pooled.datasets) > 1 else "image"

    def duel(a: Entrant, b: Entrant) -> Duel:
        verdict = _verdict(pooled, a, b)
        if unit == "dataset":
            found = [_verdict(table, a, b) for table in parts]
            count = Count(found.count("better"), found.count("tied"), found.count("worse"))
        else:
            scores = pooled.scores[column.metric]
            one, other = (list(scores[entrant].values()) for entrant in (a, b))
            count = wins(one, other, higher_is_better=column.higher_is_better)
        tallies = zip(("better", "tied", "worse"), count, strict=True)
        tally = listing([f"{word} on {plural(number, unit)}" for word, number in tallies if number])
        return Duel(verdict, count, f"{a.name} against {b.name}: {verdict}; {tally}")

    duels = tuple(tuple(None if a == b else duel(a, b) for b in entrants) for a in entrants)
    return HeadToHead(column.label, unit, entrants, duels)


def _verdict(table: Table, a: Entrant, b: Entrant) -> Verdict:
    return "better" if table.beats(a, b) else "worse" if table.beats(b, a) else "tied"
