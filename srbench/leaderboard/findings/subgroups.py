"""Where another leads than on the whole, and what differences depend on: classes, sites, devices; for certain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from srbench.leaderboard.results.results import CLASS, Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.results.subgroups import interaction
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import half_width, listing, number, plural, warranted_decimals
from srbench.statistics.ranking import ALPHA, holm

_MOST_NAMED = 3


def led_by_others(standings: Standings, by_dataset: Sequence[Table]) -> tuple[str, ...]:
    """Which subgroups somebody else leads than who leads on the whole; a sentence for each thing that divides images.

    Leading a subgroup means there what it means everywhere, being better than every other; its p is corrected for the
    number of subgroups, of all datasets, by Holm's method. Who leads a whole dataset is told elsewhere.
    """
    leader, metric = standings.leader, standings.metric
    subgroups = [
        (one, by, name, within)
        for one in by_dataset
        for by, found in one.subgroups.get(metric, {}).items()
        for name, within in found.items()
    ]
    if leader is None:
        return ()
    found: dict[str, dict[tuple[str, str], list[str]]] = {}
    corrected = holm([within.leader_p for *_, within in subgroups])
    for (table, by, name, within), p in zip(subgroups, corrected, strict=True):
        first = within.leader
        if p <= ALPHA and first is not None and first not in (leader, table.standings[metric].leader):
            found.setdefault(by, {}).setdefault((first.name, table.only_dataset), []).append(name)
    said = []
    for by, places in found.items():
        one, many = (CLASS, "classes") if by == CLASS else (f"subgroup by {by}", f"subgroups by {by}")
        parts = [
            f"{first} does in {_names(names, one, many)}{_of(dataset, by_dataset)}"
            for (first, dataset), names in places.items()
        ]
        said.append(f"{leader.name} does not lead in every {one} by {standings.label}: {listing(parts)}.")
    return tuple(said)


def heterogeneous(standings: Standings, by_dataset: Sequence[Table]) -> tuple[str, ...]:
    """What the differences of entrants depend on, a sentence for each thing that divides the images of a dataset.

    The p of every entrant, thing and dataset are corrected together by Holm's method.
    """
    metric = standings.metric
    tested = [
        (table, by, entrant, p)
        for table in by_dataset
        for by in table.subgroups.get(metric, {})
        for entrant, p in interaction(table.standings[metric], by).p.items()
    ]
    found: dict[tuple[str, str], list[Entrant]] = {}
    for (table, by, entrant, _), p in zip(tested, holm([p for *_, p in tested]), strict=True):
        if p <= ALPHA:
            found.setdefault((table.only_dataset, by), []).append(entrant)
    tables = {table.only_dataset: table for table in by_dataset}
    return tuple(
        _depends(tables[dataset], metric, by, entrants, _of(dataset, by_dataset))
        for (dataset, by), entrants in found.items()
    )


def _depends(table: Table, metric: str, by: str, entrants: Sequence[Entrant], of: str) -> str:
    """How far entrants are ahead in the subgroups where that is most and least."""
    whole, subgroups = table.standings[metric], table.subgroups[metric][by]
    far = [_most_and_least(whole, subgroups, entrant) for entrant in entrants[:_MOST_NAMED]]
    if len(entrants) == 1:
        who, told = f"{entrants[0].name} is", far
    else:
        who = "methods are"
        told = [f"{entrant.name} {words}".rstrip() for entrant, words in zip(entrants, far, strict=False)]
        told += [plural(len(entrants) - len(told), "more", "more")] if len(entrants) > len(told) else []
    words = "; ".join(filter(None, told))
    return f"How far {who} ahead of {whole.held_against.name} in {whole.label} depends on the {by}{of}: {words}."


def _most_and_least(whole: Standings, subgroups: Mapping[str, Standings], entrant: Entrant) -> str:
    """`+0.9 dB in Lyon and +0.1 dB in Graz`, of those that are large enough to be tested."""
    ahead = {name: within.ahead(entrant, whole.held_against) for name, within in subgroups.items()}
    known = {name: one.estimate for name, one in ahead.items() if one.estimate is not None and not one.few}
    if not known:
        return ""
    ends = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    widths = [width for name in ends if (width := half_width(ahead[name]))]
    decimals = warranted_decimals(widths, [known[name] for name in ends])
    unit = f" {whole.unit}" if whole.unit else ""
    return listing([f"{number(known[name], decimals, signed=True)}{unit} in {name}" for name in ends])


def _of(dataset: str, by_dataset: Sequence[Table]) -> str:
    return f" of {dataset}" if len(by_dataset) > 1 else ""


def _names(names: Sequence[str], one: str, many: str) -> str:
    return listing(names) if len(names) <= _MOST_NAMED else plural(len(names), one, many)
