"""What keeps the answer of a board from being more: who is missing, what was seen before, what is wrong with data."""

from __future__ import annotations

from collections.abc import Iterable

from srbench.leaderboard.results.hardware import hardware
from srbench.leaderboard.results.results import Result
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.results.values import lacking
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import amount_words, duration, listing, plural
from srbench.statistics.intervals import FEW_UNITS
from srbench.statistics.ranking import units_needed

FIRST_LOOK_SECONDS = 300.0
"""Trainings shorter than this are called what they are: a first look."""
UNSTEADY = 3.0
"""So many times apart, times of the same work are no measure of it."""


def caveats(table: Table) -> Iterable[str]:
    """Every caveat of a table, a sentence each, the gravest first."""
    results = [result for row in table.rows for result in row.results]
    return dict.fromkeys(
        [
            *missing(table),
            *_dropped(table),
            *_seen(results),
            *_warnings(results),
            *short_training(table),
            *unsteady_times(table),
        ]
    )


def missing(table: Table) -> Iterable[str]:
    """Who is not ranked at all, and why."""
    for row in table.rows:
        if row.problems:
            bad = [result for problem in row.problems for _, result in problem.cells]
            where = listing(list(dict.fromkeys(result.cell.dataset for result in bad)))
            kinds = listing(list(dict.fromkeys(result.status for result in bad)), "or")
            yield f"{row.entrant.name} is incomplete and not ranked: {kinds} on {where}."


def _dropped(table: Table) -> Iterable[str]:
    """Who lacks a metric that another has, where, and why."""
    whole = [row for row in table.rows if not row.problems]
    for column in table.columns:
        reasons = {row.entrant: lacking(row.results, column.metric) for row in whole}
        if all(reasons.values()):
            continue  # nobody has it: the footnote says why
        standings = table.standings.get(column.metric)
        for row in whole:
            parts = [
                f"on {listing(places)} ({word}: {reason.strip().rstrip('.')})"
                for (word, reason), places in reasons[row.entrant].items()
            ]
            if not parts and standings is not None and row.entrant not in standings:
                parts = _few_images(row.results, standings)
            if parts:
                yield f"{row.entrant.name} has no {column.label} {listing(parts)}, so it is not compared in it."


def _few_images(results: Iterable[Result], standings: Standings) -> list[str]:
    """The datasets of which a metric was not scored on all the images that others have."""
    counts = {result.cell.dataset: len(result.scores[standings.metric]) for result in results}
    wanted = {name: standings.scores.datasets.count(name) for name in counts}
    return [
        f"on {wanted[name] - counts[name]} of {plural(wanted[name], 'image')} of {name}"
        for name in counts
        if counts[name] < wanted[name]
    ]


def _seen(results: Iterable[Result]) -> Iterable[str]:
    """Whose model learned from other regions of tested pictures."""
    found: dict[tuple[str | None, str, int, int], list[str]] = {}
    for result in results:
        record, cell = result.record, result.cell
        if record is not None and record.seen_groups:
            place = (cell.trained_on, cell.dataset, len(record.seen_groups), len(set(record.groups.values())))
            found.setdefault(place, []).append(result.entrant.name)
    for (trained_on, dataset, seen, tested), names in found.items():
        who = listing(list(dict.fromkeys(names)))
        trained = f" (trained on {trained_on})" if trained_on not in (None, "same") else ""
        some = f"{seen} of the {plural(tested, 'tested picture')}"
        every = "the tested picture" if tested == 1 else f"{'both' if tested == 2 else f'all {tested}'} tested pictures"
        pictures = f"{every if seen == tested else some} of {dataset}"
        yield f"{who}{trained} learned from other regions of {pictures}."


def _warnings(results: Iterable[Result]) -> Iterable[str]:
    """What records warn of: each sentence once, with the datasets, and the methods where it is not all of them."""
    said: dict[str, list[Result]] = {}
    known: list[Result] = []
    for result in results:
        known += [result] if result.record is not None else []
        for sentence in result.record.warnings if result.record is not None else ():
            said.setdefault(sentence, []).append(result)
    for sentence, found in said.items():
        datasets = list(dict.fromkeys(result.cell.dataset for result in found))
        names = list(dict.fromkeys(result.entrant.name for result in found))
        there = {result.entrant.name for result in known if result.cell.dataset in datasets}
        whose = "" if len(there) == len(names) else f", {listing(names)}"
        named = len(datasets) == 1 and not whose and sentence.startswith((f"{datasets[0]}: ", f"{datasets[0]}, "))
        yield sentence if named else f"{listing(datasets)}{whose}: {sentence}"


def too_few(standings: Standings) -> Iterable[str]:
    """The remark that nothing can be told apart, whatever the scores."""
    comparison, methods = standings.comparison, len(standings.entrants)
    if methods > 1 and FEW_UNITS <= comparison.total_units < (needed := units_needed(methods)):
        yield (
            f"{amount_words(comparison.total_images, comparison.total_units)} cannot tell "
            f"{plural(methods, 'method')} apart, whatever the scores: that takes {needed} or more."
        )


def unsteady_times(table: Table) -> Iterable[str]:
    """Whose times of use differ between seeds, which are of the same work: something else was using the machine."""
    cost = table.words.speed.cost
    for row in table.ranked:
        times: dict[tuple[str, str], list[float]] = {}
        for result in row.results:
            if result.record is not None and (known := result.record.cost.get(cost)):
                times.setdefault((result.cell.dataset, hardware(result.record, cost)), []).append(known)
        worst = max((max(some) / min(some) for some in times.values()), default=1.0)
        if worst >= UNSTEADY:
            yield f"Times of {row.entrant.name} differ {worst:.0f} times between seeds: the machine did other work."


def short_training(table: Table) -> Iterable[str]:
    """Which trainings were too short for more than a first look."""
    short = [
        row for row in table.ranked if row.training.number is not None and 0 < row.training.number < FIRST_LOOK_SECONDS
    ]
    if short:
        longest = max(row.training.number or 0 for row in short)
        most = "at most " if len(short) > 1 else ""
        names = listing([row.entrant.name for row in short])
        yield f"{names} trained for {most}{duration(longest)}: too short for more than a first look."
