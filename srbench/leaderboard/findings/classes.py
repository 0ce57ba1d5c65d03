"""Where another leads than on the whole: in some class of images, for certain."""

from __future__ import annotations

from collections.abc import Sequence

from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import listing, plural
from srbench.statistics.ranking import ALPHA, holm

_MOST_CLASSES = 3


def led_by_others(standings: Standings, by_dataset: Sequence[Table]) -> tuple[str, ...]:
    """Which classes somebody else leads than who leads on the whole; a sentence, or nothing.

    Leading a class means there what it means everywhere, being better than every other; its p is corrected for the
    number of classes, of all datasets, by Holm's method. Who leads a whole dataset is told elsewhere.
    """
    leader, metric = standings.leader, standings.metric
    classes = [(one, name, within) for one in by_dataset for name, within in one.classes.get(metric, {}).items()]
    if leader is None:
        return ()
    found: dict[tuple[str, str], list[str]] = {}
    for (table, name, within), p in zip(classes, holm([within.leader_p for _, _, within in classes]), strict=True):
        first = within.leader
        if p <= ALPHA and first is not None and first not in (leader, table.standings[metric].leader):
            found.setdefault((first.name, table.only_dataset), []).append(name)
    parts = [
        f"{first} does in {_names(names)}{f' of {dataset}' if len(by_dataset) > 1 else ''}"
        for (first, dataset), names in found.items()
    ]
    return (f"{leader.name} does not lead in every class by {standings.label}: {listing(parts)}.",) if parts else ()


def _names(classes: Sequence[str]) -> str:
    return listing(classes) if len(classes) <= _MOST_CLASSES else plural(len(classes), "class", "classes")
