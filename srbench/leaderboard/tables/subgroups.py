"""Means by subgroup: a table for each metric of single images and each thing that divides the images of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srbench.leaderboard.results.results import CLASS, Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.results.subgroups import Interaction, interaction
from srbench.leaderboard.results.values import Notes, Value, mean_value
from srbench.leaderboard.tables.ranked import Column, Table
from srbench.leaderboard.words.numerals import plural
from srbench.statistics.intervals import FEW_UNITS
from srbench.statistics.ranking import Rank


@dataclass(frozen=True)
class SubgroupRow:
    """A subgroup: how many images are compared in it, how many of them are independent, and each entrant's mean and
    rank within it.
    """

    name: str
    images: int
    units: int
    values: tuple[Value, ...]
    ranks: tuple[Rank, ...]


@dataclass(frozen=True)
class SubgroupTable:
    """One metric by subgroup. by: what divides the images. column: what its values have in common.

    entrants: of the columns, best on the whole first; overall: their row of all images. worst: for each of them the
    place of the row in which it is worst, None where it is alike in all. outside: images in no subgroup. interaction:
    whether differences depend on the subgroup.
    """

    by: str
    column: Column
    entrants: tuple[Entrant, ...]
    rows: tuple[SubgroupRow, ...]
    overall: SubgroupRow
    worst: tuple[int | None, ...]
    outside: int
    interaction: Interaction
    notes: tuple[str, ...]

    @property
    def reading(self) -> str:
        """How to read it: what there is in it, and no more."""
        noun = CLASS if self.by == CLASS else "subgroup"
        said = [f"Means, intervals, ranks and numbers of groups are those within the {noun}."]
        if any(row.units < FEW_UNITS for row in self.rows):
            said.append(f"A {noun} of fewer than {FEW_UNITS} images or groups has no interval.")
        if self.outside:
            are, what = "is" if self.outside == 1 else "are", "label" if self.by == CLASS else "value"
            said.append(f"{plural(self.outside, 'image')} without a {what} {are} in no {noun}.")
        if self.interaction.untested:
            said.append(f"Whether differences depend on it is not tested: {self.interaction.untested}.")
        return " ".join(said)


def subgroup_tables(table: Table) -> tuple[SubgroupTable, ...]:
    """The tables by subgroup of a ranked table: what divides first, then metrics in the order of its columns."""
    divided = dict.fromkeys(by for found in table.subgroups.values() for by in found)
    return tuple(
        _subgroup_table(table.standings[metric], by, found[by])
        for by in divided
        for metric, found in table.subgroups.items()
        if by in found
    )


def _subgroup_table(whole: Standings, by: str, subgroups: Mapping[str, Standings]) -> SubgroupTable:
    notes = Notes()
    rows = tuple(_row(name, within, whole.entrants, notes) for name, within in subgroups.items())
    overall = _row("", whole, whole.entrants, notes)
    division = next(one for one in whole.scores.divisions if one.by == by)
    return SubgroupTable(
        by,
        Column.over(
            whole.metric,
            whole.label,
            whole.unit,
            whole.higher_is_better,
            [value for row in (*rows, overall) for value in row.values],
            [width for within in subgroups.values() for width in within.fineness],
        ),
        whole.entrants,
        rows,
        overall,
        tuple(_worst(rows, place, whole.higher_is_better) for place in range(len(whole.entrants))),
        division.of.count(None),
        interaction(whole, by),
        tuple(notes.texts),
    )


def _row(name: str, within: Standings, entrants: Sequence[Entrant], notes: Notes) -> SubgroupRow:
    return SubgroupRow(
        name,
        within.comparison.total_images,
        within.comparison.total_units,
        tuple(mean_value(within, entrant, notes) for entrant in entrants),
        tuple(within.rank(entrant) for entrant in entrants),
    )


def _worst(rows: Sequence[SubgroupRow], place: int, higher_is_better: bool) -> int | None:
    """The row in which the entrant of a column is worst; None where it is alike in all that have a mean."""
    means = {at: number for at, row in enumerate(rows) if (number := row.values[place].number) is not None}
    if len(set(means.values())) < 2:
        return None
    return (min if higher_is_better else max)(means, key=means.__getitem__)
