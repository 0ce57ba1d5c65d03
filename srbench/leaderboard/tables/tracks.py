"""Two ranks of every method, as challenges have two tracks: how close SR is to HR, and how natural it looks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from srbench.contract.metric import Judges
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import Table
from srbench.statistics.ranking import Rank

RESTORATION: frozenset[Judges] = frozenset({"distortion"})
PERCEPTION: frozenset[Judges] = frozenset({"perception", "no-reference"})


@dataclass(frozen=True)
class TrackLine:
    """An entrant, with its place from 0 and its rank in each track; None where it is not ranked."""

    entrant: Entrant
    ranks: tuple[tuple[int, Rank | None], tuple[int, Rank | None]]


@dataclass(frozen=True)
class Tracks:
    """The ranks of two tracks. restoration, perception: the labels of the metrics that rank them."""

    restoration: str
    perception: str
    lines: tuple[TrackLine, ...]


def tracks(table: Table) -> Tracks | None:
    """The tracks of a ranked table, entrants in the order of restoration; None where it has not both.

    A track is ranked by the metric that ranks the table where that is of its kind, else by its first that ranks.
    """
    restoration, perception = _standings(table, RESTORATION), _standings(table, PERCEPTION)
    if restoration is None or perception is None:
        return None
    order = dict.fromkeys((*restoration.entrants, *perception.entrants))
    lines = (TrackLine(one, (_rank(restoration, one), _rank(perception, one))) for one in order)
    return Tracks(restoration.label, perception.label, tuple(lines))


def _standings(table: Table, kinds: Collection[Judges]) -> Standings | None:
    own = [column.metric for column in table.columns if table.scope.judges.get(column.metric) in kinds]
    ranked = [metric for metric in own if metric in table.standings]
    first = table.primary if table.primary in ranked else next(iter(ranked), None)
    return None if first is None else table.standings[first]


def _rank(standings: Standings, entrant: Entrant) -> tuple[int, Rank | None]:
    if entrant not in standings:
        return len(standings.entrants), None
    return standings.entrants.index(entrant), standings.rank(entrant)
