"""What the numbers of generators say, dataset by dataset."""

from __future__ import annotations

from collections.abc import Sequence

from srbench.leaderboard.findings import Findings, cost, lead, missing, nothing_ranked, short_training, ties
from srbench.leaderboard.generation.samples import SampleGallery
from srbench.leaderboard.numerals import listing, number, plural
from srbench.leaderboard.results import Scope
from srbench.leaderboard.tables import Column, Row, Table


def generation_findings(tables: Sequence[Table], galleries: Sequence[SampleGallery]) -> Findings:
    """The sentences of one scope, from the tables of its datasets."""
    found = [_of_table(table) for table in tables]
    caveats = [sentence for table in tables for sentence in _few_trainings(table)]
    caveats += [sentence for one in found for sentence in one.caveats]
    return Findings(
        lead=tuple(dict.fromkeys(sentence for one in found for sentence in one.lead)),
        cost=tuple(dict.fromkeys(sentence for one in found[:1] for sentence in one.cost)),
        caveats=tuple(dict.fromkeys([*_remembered(tables[0].scope, galleries), *caveats])),
    )


def _of_table(table: Table) -> Findings:
    if (nothing := nothing_ranked(table)) is not None:
        return nothing
    first = _order(table) if table.rank_note else " ".join([lead(table, [table]), *ties(table)])
    return Findings(
        lead=(" ".join(filter(None, [first, _ceiling(table)])),),
        cost=cost(table),
        caveats=(*_disagreement(table), *missing(table), *short_training(table)),
    )


def _order(table: Table) -> str:
    """Who has the best value, without claiming that it is the better generator."""
    column = table.primary_column
    assert column is not None
    best, *others = table.ranked
    name, where = best.entrant.name, table.datasets[0]
    if not others:
        return (
            f"{name} is the only generator that can be ranked on {where}: {column.label} {_value(best, table, column)}."
        )
    return (
        f"On {where}, {name} has the best {column.label} of {plural(len(table.ranked), 'generator')}: "
        f"{_value(best, table, column)}, then {others[0].entrant.name} with {_value(others[0], table, column)}."
    )


def _few_trainings(table: Table) -> tuple[str, ...]:
    if not table.ranked or not table.rank_note:
        return ()
    trainings = "One training" if table.ranked[0].seeds == 1 else plural(table.ranked[0].seeds, "training")
    return (f"{trainings} of each generator, so no test: others may come out in another order.",)


def _disagreement(table: Table) -> tuple[str, ...]:
    """Which metrics would put another generator first."""
    leader = table.ranked[0].entrant
    firsts: dict[str, list[str]] = {}
    for place, column in enumerate(table.columns):
        values = {row.entrant.name: row.values[place].interval for row in table.ranked}
        known = {name: one.estimate for name, one in values.items() if one is not None and one.estimate is not None}
        if len(known) < len(values):
            continue
        best = (max if column.higher_is_better else min)(known.values())
        names = [name for name, value in known.items() if value == best]
        if leader.name not in names:
            firsts.setdefault(listing(names), []).append(column.label)
    where = f" on {table.dataset}" if len(table.scope.datasets()) > 1 else ""
    said = [f"by {listing(labels)} it is {names}" for names, labels in firsts.items()]
    return (f"Not every metric puts {leader.name} first{where}: {'; '.join(said)}.",) if said else ()


def _value(row: Row, table: Table, column: Column) -> str:
    interval = row.values[table.columns.index(column)].interval
    assert interval is not None and interval.estimate is not None
    return f"{number(interval.estimate, column.decimals)}{f' {column.unit}' if column.unit else ''}"


def _ceiling(table: Table) -> str:
    """What real images get by the same measure."""
    column = table.primary_column
    assert column is not None
    for reference in table.references:
        interval = reference.values[table.columns.index(column)].interval
        if reference.mark == "ceiling" and interval is not None and interval.estimate is not None:
            return f"Real images get {number(interval.estimate, column.decimals)}."
    return ""


def _remembered(scope: Scope, galleries: Sequence[SampleGallery]) -> list[str]:
    """Whose samples are suspiciously near to training images."""
    inside = {result.planned.cell.key for result in scope.results}
    suspects = [
        shown.result.entrant.name
        for gallery in galleries
        for shown in gallery.shown
        if shown.result.planned.cell.key in inside and shown.memory and shown.memory.memorisation.suspect
    ]
    if not suspects:
        return []
    names = listing(list(dict.fromkeys(suspects)))
    return [f"Samples of {names} are nearer to training images than chance explains: see Memory, below."]
