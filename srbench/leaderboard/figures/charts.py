"""Which figures stand below a table, with their captions and their numbers as rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from srbench.leaderboard.figures.comparisons import Difference, Point, differences, pareto_front, quality_against_cost
from srbench.leaderboard.figures.drawing import Drawn
from srbench.leaderboard.findings.lead import baseline, difference_words
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import Column, Row, Table
from srbench.leaderboard.words.numerals import listing, number, significant

UNRELIABLE = "Dashed: the interval reaches beyond every value seen, so it is unreliable."


@dataclass(frozen=True)
class Chart:
    """A figure and what it is made of, for those who read tables."""

    caption: str
    svg: Drawn
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    remark: str = ""


def charts(table: Table, prefix: str) -> list[Chart]:
    """The figures of a pooled table; none while fewer than two methods are ranked."""
    column, standings = table.primary_column, table.ranking
    if column is None or standings is None or len(standings.entrants) < 2:
        return []
    best, against = standings.entrants[0], baseline(standings)
    # Untested values differ by what the table shows already.
    found = [] if table.rank_note else [_differences(table, standings, best, f"{prefix}-best")]
    if found and against is not None and len(standings.entrants) > 2:
        found.append(_differences(table, standings, against, f"{prefix}-baseline"))
    found += _costs(table, column, f"{prefix}-cost")
    found.append(_tradeoff(table, column, f"{prefix}-tradeoff"))
    return [chart for chart in found if chart is not None]


def _differences(table: Table, standings: Standings, against: Entrant, name: str) -> Chart | None:
    """Differences with their intervals; none where there is no interval to draw."""
    rows = [
        Difference(entrant.name, entrant.slot, gap)
        for entrant in standings.entrants
        if entrant != against and (gap := standings.difference(entrant, against)).low is not None
    ]
    if not rows:
        return None
    label, unit = standings.label, f", {standings.unit}" if standings.unit else ""
    better = "right" if standings.higher_is_better else "left"
    return Chart(
        caption=f"Difference to {against.name}, {table.compared}",
        svg=differences(rows, against.name, f"{label} minus that of {against.name}{unit} ({better} is better)", name),
        heads=(table.words.entrant, f"Difference in {label} [95 % interval]"),
        lines=tuple((row.name, difference_words(row.interval, standings.unit)) for row in rows),
        remark=UNRELIABLE if any(row.interval.beyond for row in rows) else "",
    )


def _costs(table: Table, column: Column, name: str) -> list[Chart]:
    """A figure for each kind of hardware that measured two entrants or more, whose times are never held together."""
    rows = [row for row in table.ranked if row.speed.number and _estimate(row, table, column) is not None]
    kinds = list(dict.fromkeys(row.speed.hardware for row in sorted(rows, key=lambda row: not row.speed.compared)))
    found: list[Chart] = []
    for kind in kinds:
        own = [row for row in rows if row.speed.hardware == kind]
        if len(own) > 1:
            where = f" on {kind}" if len(kinds) > 1 else ""
            found.append(_cost(own, table, column, where, f"{name}-{len(found)}" if found else name))
    return found


def _cost(rows: Sequence[Row], table: Table, column: Column, where: str, name: str) -> Chart:
    points = [
        Point(row.entrant.name, row.entrant.slot, row.speed.number or 0.0, _estimate(row, table, column) or 0.0)
        for row in rows
    ]
    absent = [row.entrant.name for row in table.rows if row not in rows]
    return Chart(
        caption=f"Quality against cost{where}",
        svg=quality_against_cost(
            points,
            column.higher_is_better,
            (table.words.speed.axis, column.title),
            name,
        ),
        heads=(table.words.entrant, table.words.speed.head, column.title, "On the Pareto front"),
        lines=_lines(points, column, column.higher_is_better),
        remark=f"Not in the figure, for want of a rank or a time{where}: {listing(absent)}." if absent else "",
    )


def _tradeoff(table: Table, column: Column, name: str) -> Chart | None:
    """Perception against distortion, where an LPIPS-like metric stands beside the one that ranks."""
    perceptual = next((other for other in table.columns if "lpips" in other.metric.lower()), None)
    if perceptual is None or perceptual == column:
        return None
    points = []
    for row in table.ranked:
        x, y = _estimate(row, table, perceptual), _estimate(row, table, column)
        if x is not None and y is not None:
            points.append(Point(row.entrant.name, row.entrant.slot, x, y))
    if len(points) < 2:
        return None
    words = (f"{perceptual.label} (left is closer to the eye)", column.title)
    return Chart(
        caption="Perception against distortion",
        svg=quality_against_cost(points, column.higher_is_better, words, name, logarithmic=False),
        heads=(table.words.entrant, perceptual.label, column.title, "On the Pareto front"),
        lines=_lines(points, column, column.higher_is_better),
    )


def _lines(points: list[Point], column: Column, higher_is_better: bool) -> tuple[tuple[str, ...], ...]:
    front = pareto_front(points, higher_is_better)
    return tuple(
        (point.name, significant(point.x, 3), number(point.y, column.decimals), "yes" if point in front else "no")
        for point in points
    )


def _estimate(row: Row, table: Table, column: Column) -> float | None:
    value = row.values[table.columns.index(column)].number
    return value if value is not None and math.isfinite(value) else None
