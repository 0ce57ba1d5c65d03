"""Head to head: which method beats which, overall and on how many datasets (or images): wins, ties, losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import listing, plural
from srbench.statistics.intervals import Count, wins

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

    Better and worse are those of the comparison, overall and on each dataset, so that the matrix never contradicts the
    ranks. On an image, the better score wins.
    """
    standings = pooled.ranking
    if standings is None or len(standings.entrants) < 2:
        return None
    # A dataset on which the metric was not scored has nothing to say here.
    parts = [table.standings[standings.metric] for table in by_dataset if standings.metric in table.standings]
    unit = "dataset" if len(pooled.datasets) > 1 else "image"

    def duel(a: Entrant, b: Entrant) -> Duel:
        verdict = _verdict(standings, a, b)
        if unit == "dataset":
            found = [_verdict(part, a, b) for part in parts if a in part and b in part]
            count = Count(found.count("better"), found.count("tied"), found.count("worse"))
        else:
            scores = standings.scores
            count = wins(scores.of(a), scores.of(b), higher_is_better=standings.higher_is_better)
        tallies = zip(("better", "tied", "worse"), count, strict=True)
        tally = listing([f"{word} on {plural(number, unit)}" for word, number in tallies if number])
        return Duel(verdict, count, f"{a.name} against {b.name}: {verdict}; {tally}")

    entrants = standings.entrants
    duels = tuple(tuple(None if a == b else duel(a, b) for b in entrants) for a in entrants)
    return HeadToHead(standings.label, unit, entrants, duels)


def _verdict(standings: Standings, a: Entrant, b: Entrant) -> Verdict:
    return "better" if standings.beats(a, b) else "worse" if standings.beats(b, a) else "tied"
