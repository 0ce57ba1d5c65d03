"""What the numbers of generators say, dataset by dataset."""

from __future__ import annotations

from collections.abc import Sequence

from srbench.leaderboard.findings.caveats import caveats
from srbench.leaderboard.findings.lead import Findings, claim, cost, nothing_ranked, others_first
from srbench.leaderboard.generation.samples import SampleGallery
from srbench.leaderboard.results.results import Entrant, Scope
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import listing, number, plural

_MOST_SENTENCES = 2


def generation_findings(tables: Sequence[Table], galleries: Sequence[SampleGallery], metric: str | None) -> Findings:
    """The sentences of one scope in one metric, from the tables of its datasets."""
    chosen = [(table, table.standings.get(metric or "")) for table in tables]
    lead = [_lead(table, standings, metric) for table, standings in chosen]
    said = _remembered(tables[0].scope, galleries)
    for table, standings in chosen:
        where = f"{table.only_dataset}: " if len(tables) > 1 else ""
        if standings is not None:
            lead += [f"{where}{sentence}" for sentence in others_first(standings, table)]
            said += _few_trainings(table, standings)
        said += caveats(table)
    lead = list(dict.fromkeys(lead))
    costs = next((cost(table, standings) for table, standings in chosen[:1] if standings), ())
    return Findings(
        lead=tuple(lead[:_MOST_SENTENCES]),
        cost=costs,
        caveats=tuple(dict.fromkeys([*lead[_MOST_SENTENCES:], *said])),
    )


def _lead(table: Table, standings: Standings | None, metric: str | None) -> str:
    if standings is None:
        return nothing_ranked(table, metric)
    said = _order(table, standings) if table.rank_note else claim(standings, table, [table])
    return f"{said}{_ceiling(table, standings)}."


def _order(table: Table, standings: Standings) -> str:
    """Who has the best value, without claiming that it is the better generator."""
    best, *others = standings.entrants
    where, value = table.only_dataset, _value(table, standings, best)
    if not others:
        return f"{best.name} is the only generator that can be ranked on {where}: {standings.label} {value}"
    if len(standings.first) > 1:
        names = listing([entrant.name for entrant in standings.first])
        return f"On {where}, {names} have the same {standings.label}, the best: {value}"
    return (
        f"On {where}, {best.name} has the best {standings.label} of {plural(len(standings.entrants), 'generator')}: "
        f"{value}, then {others[0].name} with {_value(table, standings, others[0])}"
    )


def _few_trainings(table: Table, standings: Standings) -> list[str]:
    if not table.rank_note:
        return []
    seeds = next(row.seeds for row in table.rows if row.entrant == standings.entrants[0])
    trainings = "One training" if seeds == 1 else plural(seeds, "training")
    return [f"{trainings} of each generator, so no test: others may come out in another order."]


def _value(table: Table, standings: Standings, entrant: Entrant) -> str:
    estimate = standings.value(entrant).estimate
    assert estimate is not None
    unit = f" {standings.unit}" if standings.unit else ""
    return f"{number(estimate, table.column(standings.metric).decimals)}{unit}"


def _ceiling(table: Table, standings: Standings) -> str:
    """What real images get by the same measure."""
    column = table.column(standings.metric)
    for reference in table.references:
        value = reference.values[table.columns.index(column)].number
        if reference.mark == "ceiling" and value is not None:
            return f"; real images get {number(value, column.decimals)}"
    return ""


def _remembered(scope: Scope, galleries: Sequence[SampleGallery]) -> list[str]:
    """Whose samples are suspiciously near to training images."""
    inside = {result.cell.key for result in scope.results}
    suspects: dict[str, list[str]] = {}
    for shown in (shown for gallery in galleries for shown in gallery.shown):
        if shown.key in inside and shown.memory:
            for measure in shown.memory.suspect:
                suspects.setdefault(measure, []).append(shown.generator)
    return [
        f"By {measure}, samples of {listing(list(dict.fromkeys(names)))} are nearer to training images than chance "
        "explains: see Memory, below."
        for measure, names in suspects.items()
    ]
