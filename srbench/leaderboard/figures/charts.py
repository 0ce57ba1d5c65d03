"""Which figures stand below a table: the most telling first, and none that would say nothing."""

from __future__ import annotations

from srbench.leaderboard.figures.agreement import agreement
from srbench.leaderboard.figures.costs import cost_charts, tradeoff
from srbench.leaderboard.figures.coverage import coverage_chart
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.figures.profiles import profile
from srbench.leaderboard.figures.spectra import spectra_chart
from srbench.leaderboard.figures.strips import differences
from srbench.leaderboard.findings.lead import baseline
from srbench.leaderboard.gallery.spectra import Spectra
from srbench.leaderboard.tables.ranked import Table
from srbench.pictures import scale_of

FIRST = 3
"""How many figures a page shows before it is asked for more."""


def charts(table: Table, prefix: str) -> list[Chart]:
    """The figures of a table; none while fewer than two methods are ranked."""
    standings = table.ranking
    if table.primary_column is None or standings is None or len(standings.entrants) < 2:
        return []
    best, against = standings.entrants[0], baseline(standings)
    # Untested values differ by what the table shows already.
    tested = not table.rank_note
    to_best = differences(table, standings, best, f"{prefix}-best") if tested else None
    several = against is not None and len(standings.entrants) > 2
    to_baseline = (
        differences(table, standings, against, f"{prefix}-baseline") if tested and several and against else None
    )
    costs = cost_charts(table, prefix)
    found = [
        to_baseline or to_best,
        *costs[:1],
        tradeoff(table, f"{prefix}-tradeoff"),
        to_best if to_baseline else None,
        *costs[1:],
        agreement(table, f"{prefix}-agreement"),
        profile(table, f"{prefix}-profile"),
    ]
    return present(*found)


def dataset_charts(table: Table, spectra: Spectra | None, prefix: str) -> list[Chart]:
    """The figures of one dataset: how sure samples are, and what spectra SR has."""
    entrants = [row.entrant for row in table.rows]
    scale = scale_of(table.scope.results[0].protocol.scale)
    found = [coverage_chart(table, f"{prefix}-coverage")]
    if spectra is not None:
        found.append(spectra_chart(spectra, entrants, scale, table.only_dataset, f"{prefix}-spectra"))
    return present(*found)


def present(*found: Chart | None) -> list[Chart]:
    """Those of them that there are."""
    return [chart for chart in found if chart is not None]
