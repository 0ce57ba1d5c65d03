"""What the numbers say, in a few sentences: who leads, by how much, what cannot be told apart, and at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from srbench.leaderboard.findings.caveats import caveats, too_few
from srbench.leaderboard.findings.subgroups import heterogeneous, led_by_others
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import (
    amount_words,
    decimals_of,
    duration,
    half_width,
    in_words,
    listing,
    number,
    plural,
    significant,
)
from srbench.statistics.intervals import FEW_UNITS, Interval

_MOST_NAMES = 3


@dataclass(frozen=True)
class Findings:
    """lead: the answer, at most two sentences. cost: what the best costs. caveats: what keeps the answer from being
    more.
    """

    lead: tuple[str, ...]
    cost: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


def findings(table: Table, by_dataset: Sequence[Table], metric: str | None) -> Findings:
    """The sentences for one scope in one metric, from its table and those of its datasets, where it has several."""
    standings = table.standings.get(metric or "")
    if standings is None:
        return Findings((nothing_ranked(table, metric),), caveats=tuple(caveats(table)))
    return Findings(
        lead=(f"{claim(standings, table, by_dataset)}.", *others_first(standings, table)),
        cost=cost(table, standings),
        caveats=(
            *led_by_others(standings, by_dataset),
            *heterogeneous(standings, by_dataset),
            *caveats(table),
            *too_few(standings),
        ),
    )


def nothing_ranked(table: Table, metric: str | None) -> str:
    """What to say where nothing is ranked by a metric, None being any."""
    entrant = table.words.entrant.lower()
    if not any(row.problems == () for row in table.rows):
        return f"Nothing to compare yet: no {entrant} has finished all of its cells."
    if metric is None or not table.standings:
        return f"No metric was scored on every {table.words.picture}, so nothing is ranked."
    return f"Nothing is ranked by {table.scope.results[0].metric_label(metric)}."


def baseline(standings: Standings) -> Entrant | None:
    """What the best is held against: the yardstick, else the runner-up; None when it is the only one ranked."""
    others = standings.entrants[1:]
    return standings.yardstick if standings.yardstick in others else next(iter(others), None)


def difference_words(interval: Interval, unit: str) -> str:
    """`0.8 dB [0.5, 1.1]`; words where there is no finite number, and where the interval is unreliable."""
    unit = f" {unit}" if unit else ""
    if interval.estimate is None:
        return "not a finite difference"
    half = half_width(interval)
    if not half:
        return f"{significant(interval.estimate, 3)}{unit}"
    decimals = decimals_of(half)
    while round(interval.estimate, decimals) == 0 != interval.estimate and decimals < 12:
        decimals += 1  # a difference that is there is never printed as none
    assert interval.low is not None and interval.high is not None
    doubt = ": unreliable" if interval.beyond else ""
    ends = f"[{number(interval.low, decimals)}, {number(interval.high, decimals)}{doubt}]"
    return f"{number(interval.estimate, decimals)}{unit} {ends}"


def claim(standings: Standings, table: Table, by_dataset: Sequence[Table]) -> str:
    """Who is first by rank, where, and by how much, or that nobody is; a sentence without its full stop."""
    comparison = standings.comparison
    if len(standings.entrants) == 1:
        return f"{standings.entrants[0].name} is the only {table.words.entrant.lower()} that can be ranked so far"
    said = _first(standings, table, by_dataset)
    if standings.scores.units and comparison.total_units < FEW_UNITS:
        return f"Little can be told from {amount_words(comparison.total_images, comparison.total_units)}: {said}"
    return said


def _first(standings: Standings, table: Table, by_dataset: Sequence[Table]) -> str:
    best, label = standings.entrants[0], standings.label
    rival = baseline(standings)
    assert rival is not None
    left_out, many = _left_out(standings), f"{table.words.entrant.lower()}s"
    if standings.leader is not None:
        # It may rank above the yardstick by way of others alone: then it is held against one that it beats itself.
        rival = next(one for one in (rival, *standings.entrants) if standings.beats(best, one))
        where, everywhere = _where(standings, best, table, by_dataset)
        over = "" if everywhere else " over all"
        return f"{best.name} {where}{left_out}: {_better(standings, best, rival)}{over}"
    compared = _compared(standings, table)
    where = f" {'on' if len(compared) == 1 else 'over'} {_all(compared)}"
    alone = _alone(standings, by_dataset)
    if len(standings.first) == len(standings.entrants):
        return f"{_names(standings.entrants, many)} cannot be told apart by {label}{where}{left_out}{alone}"
    if len(standings.first) == 1:
        tied = _names(standings.tied(best), "others")
        told = f"{best.name}, than which nobody is better in {label}{where}, cannot be told apart from {tied}"
        return f"{told}{left_out}{alone}"
    shared = f"{_names(standings.first, many)} share the first ranks by {label}{where}{left_out}"
    if not standings.beats(best, rival):
        return f"{shared}{alone}"
    return f"{shared}: {best.name} is {_better(standings, best, rival)}{alone}"


def _alone(standings: Standings, by_dataset: Sequence[Table]) -> str:
    """Who leads on which dataset by itself, where nobody does over all: `; a leads on x and y`."""
    found: dict[str, list[str]] = {}
    for one in by_dataset if len(by_dataset) > 1 else ():
        ranked = one.standings.get(standings.metric)
        if ranked is not None and ranked.leader is not None:
            found.setdefault(ranked.leader.name, []).append(one.only_dataset)
    parts = [f"{name} leads on {listing(datasets)}" for name, datasets in found.items()]
    return f"; {listing(parts)}" if 0 < len(parts) <= _MOST_NAMES else ""


def _better(standings: Standings, a: Entrant, b: Entrant) -> str:
    """How much better the first is than the second, which it beats; or on which images, where that decides it."""
    ahead, label = standings.ahead(a, b), standings.label
    if ahead.sign > 0:
        return f"{difference_words(ahead, standings.unit)} better in {label} than {b.name}"
    counts = {"identical to HR": standings.identical, "infinitely bad": standings.infinitely_bad}
    total = plural(standings.comparison.total_images, "image")
    said = [f"{kind} on {of(a)} of {total} ({b.name}: {of(b)})" for kind, of in counts.items() if of(a) != of(b)]
    return f"{listing(said)} in {label}"


def _where(standings: Standings, best: Entrant, table: Table, by_dataset: Sequence[Table]) -> tuple[str, bool]:
    """The datasets on which the leader leads, by their own ranks; and whether that is all of them."""
    if table.only_dataset:
        return f"leads on {table.only_dataset}", True
    compared = _compared(standings, table)
    own = {
        one.only_dataset: ranked
        for one in by_dataset
        if one.only_dataset in compared and (ranked := one.standings.get(standings.metric)) and best in ranked
    }
    alone = [name for name, ranked in own.items() if ranked.leader == best]
    tied = {name: ranked.tied(best) for name, ranked in own.items() if name not in alone and ranked.rank(best).low == 1}
    behind = {
        name: [other for other in ranked.entrants if ranked.beats(other, best)]
        for name, ranked in own.items()
        if ranked.rank(best).low > 1
    }
    if len(alone) == len(compared):
        return f"leads on {_all(compared)}", True
    if len(compared) == 1:
        return f"leads on {compared[0]} among those that have results on every dataset", True
    parts = [
        f"leads on {in_words(len(alone))} of {in_words(len(compared))} datasets"
        if alone
        else f"leads over {_all(compared)} together, on none alone"
    ]
    if alone or behind:
        parts += _elsewhere("cannot be told apart from", tied) + _elsewhere("is behind", behind)
    return listing(parts), False


def _elsewhere(relation: str, found: dict[str, list[Entrant]]) -> list[str]:
    if len(found) == 1:
        ((name, others),) = found.items()
        return [f"{relation} {_names(others, 'others')} on {name}"]
    return [f"{relation} others on {in_words(len(found))}"] if found else []


def _compared(standings: Standings, table: Table) -> list[str]:
    return [name for name in table.datasets if name not in standings.left_out]


def _all(datasets: Sequence[str]) -> str:
    if len(datasets) == 1:
        return datasets[0]
    return "both datasets" if len(datasets) == 2 else f"all {in_words(len(datasets))} datasets"


def _left_out(standings: Standings) -> str:
    """Which dataset is in no number, and why."""
    found = [
        f"{name} is left out: a single {'image' if standings.scores.datasets.count(name) == 1 else 'group'}"
        for name in standings.left_out
    ]
    return f" ({listing(found)})" if found else ""


def _names(entrants: Sequence[Entrant], many: str) -> str:
    """`a, b and c`, or `7 methods` where they are many."""
    if len(entrants) > _MOST_NAMES:
        return f"{len(entrants)} {many}"
    return listing([entrant.name for entrant in entrants])


def others_first(standings: Standings, table: Table) -> tuple[str, ...]:
    """Which other metrics, of the same cells, do not put first who is first here; a sentence, or nothing."""
    said: dict[str, list[str]] = {}
    many = f"{table.words.entrant.lower()}s"
    for other in table.standings.values():
        if set(other.entrants) != set(standings.entrants) or set(standings.first) <= set(other.first):
            continue
        if other.leader is not None:
            words = f"{other.leader.name} is first"
        elif len(other.first) > 1:
            words = f"{_names(other.first, many)} share the first ranks"
        else:
            words = f"nobody is better than {other.first[0].name}"
        said.setdefault(words, []).append(other.label)
    parts = [f"by {listing(labels)} {words}" for words, labels in said.items()]
    return (f"{_capital('; '.join(parts))}.",) if parts else ()


def ties(standings: Standings) -> str:
    """Every pair that cannot be told apart."""
    order = standings.entrants
    if len(order) > 2 and len(standings.first) == len(order):
        return f"No two can be told apart by {standings.label}."
    said = []
    for place, entrant in enumerate(order):
        below = [other.name for other in order[place + 1 :] if not standings.told_apart(entrant, other)]
        said += [f"{entrant.name} from {listing(below)}"] if below else []
    return f"Cannot be told apart by {standings.label}: {'; '.join(said)}." if said else ""


def cost(table: Table, standings: Standings) -> tuple[str, ...]:
    """What the best costs, and on which hardware."""
    row = next(row for row in table.rows if row.entrant == standings.entrants[0])
    training, speed, words = row.training, row.speed, table.words.speed
    parts = []
    if training.number:
        parts.append(f"training {row.entrant.name} took {duration(training.number)}{_on(training.hardware)}")
    if speed.number is not None:
        it = "it" if parts else row.entrant.name
        told = speed.hardware == training.hardware if parts else not table.compared_on(one.speed for one in table.rows)
        parts.append(f"{it} {words.does} {significant(speed.number)} ms{'' if told else _on(speed.hardware)}")
    return (f"{_capital('; '.join(parts))}.",) if parts else ()


def _on(hardware: str) -> str:
    return f" on {hardware}" if hardware else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
