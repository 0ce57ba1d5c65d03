"""Figures that compare methods, as inline SVG: text stays text, each has words beside it.

A method keeps its colour and its marker in every figure and table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from srbench.leaderboard.figures.drawing import (
    COLOURS,
    INK,
    LINE,
    MARKERS,
    Drawn,
    as_svg,
    below,
    colour_of,
    drawing,
    lay_out,
    lengthen,
    readable_decades,
    short_name,
    symbol_of,
)
from srbench.leaderboard.figures.labels import Label, Segment, place_labels, text_width
from srbench.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST_COLUMN = 30
"""The length of words beside the figure, in characters: what fits."""
_ROW = 15.0
"""The height of a row of the key."""


@dataclass(frozen=True)
class Point:
    """One method in a figure. slot: its place in the plan, which decides colour and marker."""

    name: str
    slot: int
    x: float
    y: float


@dataclass(frozen=True)
class Axis:
    """What an axis shows. words: with the unit. logarithmic: with zeros, if there are any, in a lane of their own."""

    words: str
    higher_is_better: bool
    logarithmic: bool = False


def marker(slot: int) -> Markup:
    """The method's marker, small, for tables and legends."""
    from matplotlib.markers import MarkerStyle

    symbol = MARKERS[slot % len(MARKERS)]
    if symbol == "o":
        shape = '<circle cx="6" cy="6" r="4.2"/>'
    else:
        style = MarkerStyle(symbol)
        vertices = np.asarray(style.get_path().transformed(style.get_transform()).to_polygons()[0])
        size = 4.2 / max(float(np.abs(vertices).max()), 0.5)
        corners = " ".join(f"{6 + size * x:.1f},{6 - size * y:.1f}" for x, y in vertices[:-1])
        shape = f'<polygon points="{corners}"/>'
    return Markup(
        f'<svg class="marker" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" '
        f'style="fill:var(--m{slot % COLOURS})">{shape}</svg>'
    )


def whisker(interval: Interval, scale: tuple[float, float], slot: int) -> Markup:
    """A dot with its 95 % interval on the column's scale; the numbers stand beside it, so it is hidden to readers.

    An interval that is unreliable is dashed.
    """
    width, middle = 88, 8
    low, high = scale
    span = (high - low) or 1.0

    def at(value: float) -> float:
        return 5 + (width - 10) * (min(max(value, low), high) - low) / span

    if interval.estimate is None:
        return Markup()
    line = ""
    if interval.low is not None and interval.high is not None:
        doubt = ' class="doubt"' if interval.beyond else ""
        line = f'<path{doubt} d="M{at(interval.low):.1f} {middle}H{at(interval.high):.1f}"/>'
    return Markup(
        f'<svg class="whisker" viewBox="0 0 {width} 16" width="{width}" height="16" aria-hidden="true" '
        f'style="--c:var(--m{slot % COLOURS})"><path class="rail" d="M5 {middle}H{width - 5}"/>{line}'
        f'<circle cx="{at(interval.estimate):.1f}" cy="{middle}" r="3.6"/></svg>'
    )


def scatter(points: Sequence[Point], axes_shown: tuple[Axis, Axis], name: str) -> Drawn:
    """One measure against another, x and y, with the Pareto front as a stepped line where it has several methods.

    Names stand beside their points, or in a key below where there is no room for them.
    """
    across, up = axes_shown
    front = pareto_front(points, across.higher_is_better, up.higher_is_better)
    with drawing(height=3.1) as figure:
        axes = figure.add_subplot()
        axes.grid(visible=False)  # a name must not be struck through
        axes.tick_params(size=3, color=LINE)
        places = _across(axes, points, logarithmic=across.logarithmic)
        step = _steps([(places[points.index(one)], one.y) for one in front])
        if len(front) > 1:
            axes.plot(*zip(*step, strict=True), color=INK, linewidth=1, linestyle="--")
        for point, x in zip(points, places, strict=True):
            axes.plot(x, point.y, symbol_of(point.slot), color=colour_of(point.slot), markersize=8)
        axes.locator_params(axis="y", nbins=6)
        below(figure, across.words)
        axes.set_ylabel(fill(up.words, _LONGEST_COLUMN))
        lay_out(figure)  # names are placed by where the axes are, and must not move them to make room for themselves
        spots = [_spot(axes, x, point.y) for point, x in zip(points, places, strict=True)]
        corners = [_spot(axes, *corner) for corner in step]
        _write_names(figure, axes, points, spots, list(pairwise(corners)) if len(front) > 1 else [])
        best = ", ".join(point.name for point in front)
        return as_svg(figure, name, f"{up.words} against {across.words}", f"On the Pareto front: {best}.")


def pareto_front(points: Sequence[Point], right_is_better: bool, up_is_better: bool) -> list[Point]:
    """The points that no other beats in both, from the best in x on, each better in y than all before."""
    along, sign = -1 if right_is_better else 1, -1 if up_is_better else 1
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (along * point.x, sign * point.y)):
        if not front or sign * point.y < sign * front[-1].y:
            front.append(point)
    return front


def _across(axes: Any, points: Sequence[Point], logarithmic: bool) -> list[float]:
    """Make the x axis, and say where on it each point is."""
    axes.margins(0.18, 0.18)
    positive = [point.x for point in points if point.x > 0]
    if not logarithmic or not positive:
        axes.locator_params(axis="x", nbins=6)
        return [point.x for point in points]
    decades = math.log10(max(positive) / min(positive))
    lane = min(positive) / 10 ** max(0.4, 0.25 * decades)
    places = [point.x if point.x > 0 else lane for point in points]
    room = 10 ** (0.18 * max(0.3, math.log10(max(places) / min(places))))
    axes.set_xscale("log")
    axes.set_xlim(min(places) / room, max(places) * room)
    readable_decades(axes.xaxis, axes.get_xlim(), lane if lane in places else None)
    return places


def _steps(front: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of the front: what is reached up to the next of its points."""
    corners = list(front[:1])
    for (_, height), (x, y) in pairwise(front):
        corners += [(x, height), (x, y)]
    return corners


def _spot(axes: Any, x: float, y: float) -> tuple[float, float]:
    spot = axes.transData.transform((x, y))
    return float(spot[0]), float(spot[1])


def _write_names(
    figure: Figure, axes: Any, points: Sequence[Point], spots: Sequence[tuple[float, float]], lines: Sequence[Segment]
) -> None:
    """Write each name beside its point, and the rest into the key."""
    frame = axes.get_window_extent()
    width = figure.get_size_inches()[0] * 72
    names = [short_name(point.name) for point in points]
    labels = place_labels(names, spots, lines, (frame.x0 + 3, frame.y0 + 3, width - 2, frame.y1 + 4))
    columns = 2 if max((text_width(names[place], 9.5) for place in labels.key), default=0) < width / 2 - 46 else 1
    rows = math.ceil(len(labels.key) / columns)
    added = lengthen(figure, _ROW * rows + 4 if rows else 0.0)
    for label in (*labels.names.values(), *labels.numbers.values()):
        _write(figure, label, added)
    for number, place in enumerate(labels.key):
        left = 14 + (number // rows) * width / columns
        line = added - _ROW * (number % rows + 0.5) - 4
        _mark(figure, points[place].slot, left, line)
        if place in labels.numbers:
            _text(figure, labels.numbers[place].text, (left + 22, line - 3.3), "right", 9)
        _text(figure, names[place], (left + (26 if labels.numbers else 11), line - 3.3), "left", 9.5)


def _write(figure: Figure, label: Label, added: float) -> None:
    x, y = label.anchor
    _text(figure, label.text, (x, y + added), label.align, label.size)


def _text(figure: Figure, text: str, spot: tuple[float, float], align: str, size: float) -> None:
    width, height = figure.get_size_inches() * 72
    figure.text(spot[0] / width, spot[1] / height, text, ha=align, va="baseline", fontsize=size)


def _mark(figure: Figure, slot: int, x: float, y: float) -> None:
    """A marker anywhere in a figure."""
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches() * 72
    style: dict[str, Any] = {"marker": symbol_of(slot), "color": colour_of(slot), "markersize": 6, "linestyle": "none"}
    figure.add_artist(Line2D([x / width], [y / height], transform=figure.transFigure, **style))
