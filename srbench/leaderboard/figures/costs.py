"""Quality against each cost that was recorded, and perception against distortion: scatters with a Pareto front."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from srbench.contract.metric import Judges
from srbench.leaderboard.figures.comparisons import Axis, Point, pareto_front, scatter
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.results.hardware import Measured, measured
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.tables.ranked import Column, Row, Table
from srbench.leaderboard.tables.tracks import PERCEPTION, RESTORATION
from srbench.leaderboard.words.numerals import listing, number, significant

FEW_PRICES = 3
"""A cost other than time is a figure when so many entrants paid differently; two are told apart by the table."""


@dataclass(frozen=True)
class Price:
    """A cost, and what it is of each entrant. name: in the id of its figure. what: in its caption."""

    name: str
    what: str
    axis: str
    head: str
    of: Mapping[Entrant, Measured]


def cost_charts(table: Table, name: str) -> list[Chart]:
    """Quality against each cost: that of time first, then those of which two entrants have had to pay differently."""
    column = table.primary_column
    if column is None:
        return []
    return [chart for price in prices(table) for chart in _by_hardware(price, table, column, name)]


def prices(table: Table) -> list[Price]:
    """The costs of the ranked entrants."""
    words, cells = table.words.speed, {row.entrant: row.results for row in table.ranked}
    # What has learned nothing took no time to train; of weights that were published, nobody here knows how long.
    trained = {row.entrant: Measured(0.0) if row.parameters == 0 else row.training for row in table.ranked}
    return [
        Price("cost", "time", words.axis, words.head, {row.entrant: row.speed for row in table.ranked}),
        Price("cost-training", "training time", "seconds of training (left is cheaper)", "Training, s", trained),
        Price(
            "cost-parameters",
            "parameters",
            "learned parameters (left is smaller)",
            "Parameters",
            {row.entrant: Measured(row.parameters) for row in table.ranked},
        ),
        Price(
            "cost-memory",
            "memory",
            "peak memory of use, GB (left is smaller)",
            "Memory, GB",
            measured(cells, "peak_memory_gb"),
        ),
        Price(
            "cost-macs",
            "multiply-adds",
            "multiply-adds, G (left is cheaper)",
            "Multiply-adds, G",
            {entrant: Measured(_giga(row)) for entrant, row in zip(cells, table.ranked, strict=True)},
        ),
    ]


def tradeoff(table: Table, name: str) -> Chart | None:
    """Perception against distortion: the first metric of each kind of which two entrants have values."""
    pair = _pair(table)
    if pair is None:
        return None
    perceptual, column = pair
    points = _both(table, perceptual, column)
    axes = Axis(_directed(perceptual), perceptual.higher_is_better), Axis(_upright(column), column.higher_is_better)
    return Chart(
        caption="Perception against distortion",
        svg=scatter(points, axes, name),
        heads=(table.words.entrant, perceptual.title, column.title, "On the Pareto front"),
        lines=_lines(points, axes, column, perceptual.decimals),
        metric=table.primary if table.primary in (perceptual.metric, column.metric) else "",
    )


def no_tradeoff(table: Table) -> str:
    """Why there is no plane of perception and distortion; empty where there is one, or nobody to compare."""
    if len(table.ranked) < 2 or _pair(table) is not None:
        return ""
    lacking = [
        *_lacking(table, RESTORATION, "measures how far SR is from HR, as PSNR does"),
        *_lacking(table, PERCEPTION, "judges how SR looks, as LPIPS does"),
    ]
    why = " and ".join(lacking) or "no two methods have both"
    return f"No figure of perception against distortion: {why}."


def _lacking(table: Table, kinds: Collection[Judges], does: str) -> list[str]:
    """Why no metric of a kind can be drawn, if so."""
    own = [column for column in table.columns if _judges(table, column, kinds)]
    if not own:
        return [f"no metric of this board {does}"]
    known = [column for column in own if sum(_estimate(row, table, column) is not None for row in table.ranked) > 1]
    return [] if known else [f"{listing([one.label for one in own], 'or')} has no values of two methods here"]


def _by_hardware(price: Price, table: Table, column: Column, name: str) -> list[Chart]:
    """A figure for each kind of hardware that measured two entrants or more, which are never held together."""
    rows = [row for row in table.ranked if _has(price, row) and _estimate(row, table, column) is not None]
    known = [(row, price.of[row.entrant]) for row in rows]
    kinds = dict.fromkeys(
        one.hardware for _, one in sorted(known, key=lambda pair: not pair[1].compared) if one.hardware
    )
    found: list[Chart] = []
    for kind in kinds or ("",):
        own = [row for row, one in known if one.hardware in (kind, "")]
        spent = {price.of[row.entrant].number for row in own} - {0.0}
        if len(own) > 1 and (price.name == "cost" or len(spent) >= FEW_PRICES):
            where = f" on {kind}" if len(kinds) > 1 else ""
            own_name = f"{name}-{price.name}"
            found.append(_cost(price, own, table, column, where, f"{own_name}-{len(found)}" if found else own_name))
    return found


def _cost(price: Price, rows: Sequence[Row], table: Table, column: Column, where: str, name: str) -> Chart:
    points = [
        Point(
            row.entrant.name,
            row.entrant.slot,
            price.of[row.entrant].number or 0.0,
            _estimate(row, table, column) or 0.0,
        )
        for row in rows
    ]
    absent = [row.entrant.name for row in table.rows if row not in rows]
    axes = Axis(price.axis, False, logarithmic=True), Axis(_upright(column), column.higher_is_better)
    return Chart(
        caption=f"Quality against {price.what}{where}",
        svg=scatter(points, axes, name),
        heads=(table.words.entrant, price.head, column.title, "On the Pareto front"),
        lines=_lines(points, axes, column),
        remark=f"Not in the figure, for want of a rank or of this cost{where}: {listing(absent)}." if absent else "",
        metric=column.metric,
    )


def _has(price: Price, row: Row) -> bool:
    """Whether an entrant has the cost; a time of nothing is none."""
    known = price.of.get(row.entrant, Measured()).number
    return known is not None and (known > 0 or price.name != "cost")


def _pair(table: Table) -> tuple[Column, Column] | None:
    """The metrics of perception and of distortion: the one that ranks where it is such a one, else the first."""
    columns = sorted(table.columns, key=lambda column: column.metric != table.primary)
    for distortion in (column for column in columns if _judges(table, column, RESTORATION)):
        for perceptual in (column for column in columns if _judges(table, column, PERCEPTION)):
            if len(_both(table, perceptual, distortion)) > 1:
                return perceptual, distortion
    return None


def _judges(table: Table, column: Column, kinds: Collection[Judges]) -> bool:
    return table.scope.judges.get(column.metric) in kinds


def _both(table: Table, perceptual: Column, distortion: Column) -> list[Point]:
    found = []
    for row in table.ranked:
        x, y = _estimate(row, table, perceptual), _estimate(row, table, distortion)
        if x is not None and y is not None:
            found.append(Point(row.entrant.name, row.entrant.slot, x, y))
    return found


def _upright(column: Column) -> str:
    return column.title if column.higher_is_better else f"{column.title} (down is better)"


def _directed(column: Column) -> str:
    return f"{column.title} ({'right' if column.higher_is_better else 'left'} is closer to the eye)"


def _lines(
    points: Sequence[Point], axes: tuple[Axis, Axis], column: Column, decimals: int | None = None
) -> tuple[tuple[str, ...], ...]:
    front = pareto_front(points, axes[0].higher_is_better, axes[1].higher_is_better)
    return tuple(
        (
            point.name,
            significant(point.x, 3) if decimals is None else number(point.x, decimals),
            number(point.y, column.decimals),
            "yes" if point in front else "no",
        )
        for point in points
    )


def _giga(row: Row) -> float | None:
    counts = [result.record.cost.get("macs") for result in row.results if result.ok and result.record is not None]
    known = [count for count in counts if count is not None]
    return fmean(known) / 1e9 if known else None


def _estimate(row: Row, table: Table, column: Column) -> float | None:
    value = row.values[table.columns.index(column)].number
    return value if value is not None and math.isfinite(value) else None
