"""How a method did on each dataset: its rank, its value in the metric that ranks, its worst and its best picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from srbench.leaderboard.gallery.shots import Place, Shot
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.values import Value
from srbench.leaderboard.tables.ranked import Column, Row, Table

Linked = tuple[Table, Mapping[Entrant, str]]
"""A table of one dataset, and where each entrant's numbers lead."""


@dataclass(frozen=True)
class Standing:
    """One entrant on one dataset, in one scope.

    where: the scope in words. rank, of: its rank, and among how many; rank is empty where it has none. value: in the
    metric of `column`; None, as that is, where nothing ranks. href: where the number leads. trouble: why it has none.
    """

    dataset: str
    where: str
    entrant: Entrant
    rank: str
    place: int | None
    of: int
    column: Column | None
    value: Value | None
    href: str
    trouble: str
    shots: tuple[Shot, ...]


def standings(tables: Sequence[Linked], shots: Mapping[Place, Sequence[Shot]]) -> dict[str, list[Standing]]:
    """Those of each method, in the order of the tables. shots: the pictures of each entrant."""
    found: dict[str, list[Standing]] = {}
    for table, links in tables:
        for row in table.rows:
            found.setdefault(row.entrant.method, []).append(_standing(row, table, links, shots))
    return found


def told(found: Sequence[Standing]) -> Iterator[str]:
    """How often a method is first alone, and how often it shares the first rank, in a sentence."""
    ranked = [one for one in found if one.rank]
    first = sum(one.rank == "1" for one in ranked)
    shared = sum(one.place == 1 and one.rank != "1" for one in ranked)
    if len(ranked) > 1:
        alone = f"First alone in {first} of" if first else "First alone in none of"
        more = f"; in {shared} it cannot be told from the first" if shared else ""
        yield f"{alone} {len(ranked)} comparisons{more}."


def _standing(row: Row, table: Table, links: Mapping[Entrant, str], shots: Mapping[Place, Sequence[Shot]]) -> Standing:
    scope, column = table.scope, table.primary_column
    at = None if column is None else table.columns.index(column)
    value = None if at is None or row.problems else row.values[at]
    return Standing(
        dataset=table.only_dataset,
        where=f"{scope.protocol}, trained on {scope.trained_on}" if scope.trained_on else scope.protocol,
        entrant=row.entrant,
        rank=str(row.rank).replace("-", "–") if row.rank is not None else "",
        place=None if row.rank is None else row.rank.low,
        of=len(table.ranked),
        column=column,
        value=value,
        href=links[row.entrant],
        trouble="; ".join(problem.text for problem in row.problems),
        shots=tuple(shots.get((table.only_dataset, scope.protocol, row.entrant.name), ())),
    )
