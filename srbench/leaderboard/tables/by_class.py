"""Means by class: a table for each metric of single images, where the images of a dataset have labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.results.values import Notes, Value, mean_value
from srbench.leaderboard.tables.ranked import Column, Table
from srbench.leaderboard.words.numerals import plural
from srbench.statistics.intervals import FEW_UNITS


@dataclass(frozen=True)
class ClassRow:
    """A class: how many images are compared in it, how many of them are independent, and each entrant's mean."""

    label: str
    images: int
    units: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class ClassTable:
    """One metric by class. column: what its values have in common. entrants: of the columns, best on the whole first.

    worst: for each of them the class in which it is worst, empty where it is alike in all. unlabelled: images that are
    in no class.
    """

    column: Column
    entrants: tuple[Entrant, ...]
    rows: tuple[ClassRow, ...]
    worst: tuple[str, ...]
    unlabelled: int
    notes: tuple[str, ...]

    @property
    def reading(self) -> str:
        """How to read it: what there is in it, and no more."""
        said = ["Means, intervals and numbers of groups are those within the class."]
        if any(row.units < FEW_UNITS for row in self.rows):
            said.append(f"A class of fewer than {FEW_UNITS} images or groups has no interval.")
        if self.unlabelled:
            are = "is" if self.unlabelled == 1 else "are"
            said.append(f"{plural(self.unlabelled, 'image')} without a label {are} in no class.")
        return " ".join(said)


def class_tables(table: Table) -> tuple[ClassTable, ...]:
    """The tables by class of a ranked table, in the order of its columns; none where images have no classes."""
    return tuple(_class_table(table.standings[metric], classes) for metric, classes in table.classes.items())


def _class_table(whole: Standings, classes: Mapping[str, Standings]) -> ClassTable:
    notes = Notes()
    rows = tuple(
        ClassRow(
            label,
            within.comparison.total_images,
            within.comparison.total_units,
            tuple(mean_value(within, entrant, notes) for entrant in whole.entrants),
        )
        for label, within in classes.items()
    )
    return ClassTable(
        Column.over(
            whole.metric,
            whole.unit,
            whole.higher_is_better,
            [value for row in rows for value in row.values],
            [width for within in classes.values() for width in within.fineness],
        ),
        whole.entrants,
        rows,
        tuple(_worst(rows, place, whole.higher_is_better) for place in range(len(whole.entrants))),
        whole.scores.labels.count(None),
        tuple(notes.texts),
    )


def _worst(rows: Sequence[ClassRow], place: int, higher_is_better: bool) -> str:
    """The class in which the entrant of a column is worst; empty where it is alike in all that have a mean."""
    means = {row.label: number for row in rows if (number := row.values[place].number) is not None}
    if len(set(means.values())) < 2:
        return ""
    return (min if higher_is_better else max)(means, key=means.__getitem__)
