"""The rows of papers in a table: what is printed there, at its place by value. Never ranked, compared, or averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srbench.leaderboard.board.contents import BoardPublished
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.results.values import Notes

_NOTE = (
    "As printed in the paper that is named, measured with its own code and LR. A published row has no rank and no "
    "interval, and no other row is compared with it."
)


@dataclass(frozen=True)
class PublishedRow:
    """A row of a paper. values: as they are printed, by metric. places: between those of the measured rows, by metric.

    note: its footnote.
    """

    method: str
    source: str
    values: Mapping[str, str]
    places: Mapping[str, float]
    note: int


def published_rows(
    published: Sequence[BoardPublished], datasets: Sequence[str], standings: Mapping[str, Standings], notes: Notes
) -> tuple[PublishedRow, ...]:
    """The rows of one dataset, best first by each metric; of several datasets no paper's mean is known."""
    rows = [row for row in published if [row.dataset] == list(datasets)]
    note = notes.number(_NOTE) if rows else 0
    places: dict[int, dict[str, float]] = {at: {} for at in range(len(rows))}
    for metric, one in standings.items():
        known = [(float(row.values[metric]), at) for at, row in enumerate(rows) if metric in row.values]
        known.sort(key=lambda pair: (-pair[0] if one.higher_is_better else pair[0], pair[1]))
        for later, (value, at) in enumerate(known):
            # In the gap before the first measured row that is worse, those of papers in their own order.
            places[at][metric] = _place(value, one) - 0.5 + 0.4 * later / len(known)
    return tuple(PublishedRow(row.method, row.source, row.values, places[at], note) for at, row in enumerate(rows))


def _place(value: float, standings: Standings) -> int:
    """How many measured rows stand above a value, in their order: all before the first whose mean is worse."""
    sign = 1 if standings.higher_is_better else -1
    for place, entrant in enumerate(standings.entrants):
        mean = standings.value(entrant).estimate
        number = standings.infinite(entrant) if mean is None else mean
        if number is not None and sign * number < sign * value:
            return place
    return len(standings.entrants)
