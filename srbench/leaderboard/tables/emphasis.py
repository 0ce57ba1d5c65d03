"""What is best in a column of a ranked table, which pages print in bold."""

from __future__ import annotations

import math
from collections.abc import Mapping

from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.tables.ranked import Column, Table


def best(table: Table) -> Mapping[str, frozenset[Entrant]]:
    """By metric, the entrants whose values are best.

    Where the metric ranks, those that nobody is better than: the best and all that cannot be told apart from it. Where
    it does not, the best value alone, since nothing says what it can be told apart from. Nobody where one has a value.
    """
    return {column.metric: frozenset(_best(table, place, column)) for place, column in enumerate(table.columns)}


def _best(table: Table, place: int, column: Column) -> tuple[Entrant, ...]:
    standings = table.standings.get(column.metric)
    if standings is not None:
        return standings.first if len(standings.entrants) > 1 else ()
    values = {row.entrant: row.values[place].number for row in table.rows if not row.problems}
    known = {entrant: value for entrant, value in values.items() if value is not None and not math.isnan(value)}
    if len(set(known.values())) < 2:
        return ()
    top = (max if column.higher_is_better else min)(known.values())
    return tuple(entrant for entrant, value in known.items() if value == top)
