"""Strips of differences: every image a mark, every group a line of its own, above them the mean with its interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from srbench.leaderboard.figures.drawing import (
    INK,
    Chart,
    Drawn,
    as_svg,
    below,
    colour_of,
    drawing,
    short_name,
    symbol_of,
)
from srbench.leaderboard.findings.lead import difference_words
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import number, plural
from srbench.statistics.intervals import Interval

UNRELIABLE = "Dashed: the interval reaches beyond every value seen, so it is unreliable."
MOST_ROWS = 20
"""In the order of the ranks: as many as can be seen at once."""
_MOST_MARKS = 1200
"""In a figure: with more, marks are left out evenly, from the lowest to the highest."""
_BAND, _LINE = (-0.4, 0.1), 0.3
"""Where in a row, which is 1 high, the marks are, and where the interval."""


@dataclass(frozen=True)
class Strip:
    """One method's differences to another.

    interval: of the mean; its estimate is finite. units: the differences of images that belong together, lowest unit
    first; empty where differences are of no single images.
    """

    name: str
    slot: int
    interval: Interval
    units: tuple[tuple[float, ...], ...] = ()

    @property
    def images(self) -> list[float]:
        """The difference of every image."""
        return list(chain.from_iterable(self.units))


def differences(table: Table, standings: Standings, against: Entrant, name: str) -> Chart | None:
    """The figure of differences to one entrant; None where there is no interval to draw."""
    rows = [
        Strip(entrant.name, entrant.slot, gap, _units(standings, entrant, against))
        for entrant in standings.entrants
        if entrant != against and (gap := standings.difference(entrant, against)).low is not None
    ]
    if not rows:
        return None
    label, unit = standings.label, f", {standings.unit}" if standings.unit else ""
    better = "right" if standings.higher_is_better else "left"
    axis = f"{label} minus that of {against.name}{unit} ({better} is better)"
    by_image = any(row.units for row in rows)
    heads = ("Better on", "Lowest of an image", "Highest of an image") if by_image else ()
    decimals = table.gap_decimals + 1
    return Chart(
        caption=f"Difference to {against.name}, {table.compared}",
        svg=strips(rows[:MOST_ROWS], against.name, axis, name),
        heads=(table.words.entrant, f"Difference in {label} [95 % interval]", *heads),
        lines=tuple(
            (
                row.name,
                difference_words(row.interval, standings.unit),
                *_told(row, standings, decimals if heads else -1),
            )
            for row in rows
        ),
        remark=" ".join(_remarks(rows[:MOST_ROWS], len(rows))),
        metric=standings.metric,
    )


def strips(rows: Sequence[Strip], baseline: str, axis: str, name: str) -> Drawn:
    """Differences to a baseline, zero marked. axis: the x axis in words, with its unit."""
    height = 0.34 if len(rows) > 16 or not any(row.units for row in rows) else 0.6 if len(rows) < 9 else 0.46
    with drawing(height=0.9 + height * len(rows)) as figure:
        axes = figure.add_subplot()
        axes.axvline(0, color=INK, linewidth=1)
        for place, row in enumerate(reversed(rows)):
            _marks(axes, _thinned(row, _MOST_MARKS // len(rows)), place, colour_of(row.slot))
            _interval(axes, row, place + (_LINE if row.units else 0))
        middle = _LINE / 2 if any(row.units for row in rows) else 0
        places = [place + middle for place in range(len(rows))]
        axes.set_yticks(places, [short_name(row.name) for row in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(axis="y", visible=False)
        axes.locator_params(axis="x", nbins=6)
        axes.spines["left"].set_visible(False)
        below(figure, axis)
        words = "; ".join(f"{row.name}: {row.interval.estimate:.3g}" for row in rows)
        return as_svg(figure, name, f"Differences to {baseline}", f"{axis}. {words}.")


def _units(standings: Standings, entrant: Entrant, against: Entrant) -> tuple[tuple[float, ...], ...]:
    """The differences of the images that are in the mean, by what they belong to; none where scores are of seeds."""
    scores = standings.scores
    if not scores.units:
        return ()
    common = standings.common
    gaps = scores.of(entrant)[common] - scores.of(against)[common]
    found: dict[Hashable, list[float]] = {}
    for unit, gap in zip(np.flatnonzero(common).tolist(), gaps.tolist(), strict=True):
        found.setdefault(scores.units[unit], []).append(gap)
    return tuple(sorted(map(tuple, map(sorted, found.values())), key=lambda unit: (sum(unit) / len(unit), unit)))


def _told(row: Strip, standings: Standings, decimals: int) -> tuple[str, ...]:
    if decimals < 0:
        return ()
    gaps = row.images
    better = sum(gap > 0 if standings.higher_is_better else gap < 0 for gap in gaps)
    return f"{better} of {plural(len(gaps), 'image')}", *(number(end, decimals, True) for end in (min(gaps), max(gaps)))


def _remarks(rows: Sequence[Strip], all_rows: int) -> list[str]:
    """What to know of the rows that are drawn, of so many."""
    said = []
    if any(row.units for row in rows):
        grouped = any(len(row.units) < len(row.images) for row in rows)
        lines = "the images of a group on one line, " if grouped else ""
        said.append(f"Each mark is an image, {lines}in order of size; above them the mean with its 95 % interval.")
    most = _MOST_MARKS // len(rows)
    fewer = max(((len(row.images), len(_thinned(row, most).images)) for row in rows), default=(0, 0))
    if fewer[1] < fewer[0]:
        said.append(f"Of {fewer[0]:,} images {fewer[1]:,} are drawn, evenly over their order.")
    if len(rows) < all_rows:
        said.append(f"The first {len(rows)} of {all_rows} are drawn; the numbers have all.")
    if any(row.interval.beyond for row in rows):
        said.append(UNRELIABLE)
    return said


def _thinned(row: Strip, most: int) -> Strip:
    """Leave as many marks as a figure has room for, its lowest and highest unit among them."""
    if len(row.images) <= most:
        return row
    each = max(2, most // len(row.units)) if len(row.units) < most else 1
    units = [tuple(unit[place] for place in _evenly(len(unit), each)) for unit in row.units]
    kept = _evenly(len(units), max(2, most // max(map(len, units))))
    return Strip(row.name, row.slot, row.interval, tuple(units[place] for place in kept))


def _evenly(count: int, most: int) -> list[int]:
    """So many places among `count`, both ends included; the middle where there is but one."""
    if most == 1:
        return [count // 2]
    return sorted(set(np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist()))


def _marks(axes: Any, row: Strip, place: int, colour: str) -> None:
    """The marks of a row, in one path, so that thousands stay small; a line through those of each group."""
    low, high = _BAND
    height = (high - low) / max(len(row.units), 1)
    marks, lines = [], []
    half = max(height / 2, 0.05)
    for lane, unit in enumerate(row.units):
        middle = place + low + height * (lane + 0.5)
        marks += [((gap, middle - half), (gap, middle + half)) for gap in unit]
        lines += [((unit[0], middle), (unit[-1], middle))] if len(unit) > 1 else []
    _segments(axes, lines, colour, 0.8, 0.4)
    _segments(axes, marks, colour, 1.1, 0.75)


def _segments(axes: Any, segments: Sequence[Any], colour: str, width: float, alpha: float) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not segments:
        return
    path = Path(list(chain.from_iterable(segments)), [Path.MOVETO, Path.LINETO] * len(segments))
    axes.add_patch(PathPatch(path, fill=False, edgecolor=colour, linewidth=width, alpha=alpha, capstyle="butt"))
    axes.update_datalim(path.vertices)
    axes.autoscale_view()


def _interval(axes: Any, row: Strip, height: float) -> None:
    interval, colour = row.interval, colour_of(row.slot)
    if interval.low is not None and interval.high is not None:
        style = ":" if interval.beyond else "-"
        axes.plot([interval.low, interval.high], [height, height], style, color=colour, linewidth=2.2)
    assert interval.estimate is not None
    axes.plot(interval.estimate, height, symbol_of(row.slot), color=colour, markersize=7)
