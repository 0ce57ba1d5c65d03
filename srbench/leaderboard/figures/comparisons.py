"""Figures that compare methods, as inline SVG: text stays text, each has words beside it.

A method keeps its colour and its marker in every figure and table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from srbench.leaderboard.figures.drawing import (
    COLOURS,
    INK,
    MARKERS,
    Drawn,
    as_svg,
    colour_of,
    drawing,
    lay_out,
    readable_decades,
    short_name,
    symbol_of,
)
from srbench.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST_LINE, _LONGEST_COLUMN = 54, 30
"""The length of words below the figure and beside it, in characters: what fits."""


@dataclass(frozen=True)
class Point:
    """One method in a figure. slot: its place in the plan, which decides colour and marker."""

    name: str
    slot: int
    x: float
    y: float


@dataclass(frozen=True)
class Difference:
    """One method's difference to the baseline; its estimate is finite."""

    name: str
    slot: int
    interval: Interval


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


def differences(rows: Sequence[Difference], baseline: str, axis: str, name: str) -> Drawn:
    """Differences to a baseline, dot and whisker, zero marked. axis: the x axis in words, with its unit."""
    with drawing(height=0.9 + 0.34 * len(rows)) as figure:
        axes = figure.add_subplot()
        axes.axvline(0, color=INK, linewidth=1)
        for place, row in enumerate(reversed(rows)):
            interval, colour = row.interval, colour_of(row.slot)
            if interval.low is not None and interval.high is not None:
                style = ":" if interval.beyond else "-"
                axes.plot([interval.low, interval.high], [place, place], style, color=colour, linewidth=2.2)
            assert interval.estimate is not None
            axes.plot(interval.estimate, place, symbol_of(row.slot), color=colour, markersize=7)
        axes.set_yticks(range(len(rows)), [short_name(row.name) for row in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(axis="y", visible=False)
        axes.locator_params(axis="x", nbins=6)
        axes.spines["left"].set_visible(False)
        _below(figure, axis)
        words = "; ".join(f"{row.name}: {row.interval.estimate:.3g}" for row in rows)
        return as_svg(figure, name, f"Differences to {baseline}", f"{axis}. {words}.")


def quality_against_cost(
    points: Sequence[Point], higher_is_better: bool, axes_words: tuple[str, str], name: str, logarithmic: bool = True
) -> Drawn:
    """A scatter of quality (y) against cost (x, less is better), with the Pareto front as a stepped line."""
    front = pareto_front(points, higher_is_better)
    with drawing(height=3.1) as figure:
        axes = figure.add_subplot()
        if len(front) > 1:
            axes.step([p.x for p in front], [p.y for p in front], where="post", color=INK, linewidth=1, linestyle="--")
        for point in points:
            axes.plot(point.x, point.y, symbol_of(point.slot), color=colour_of(point.slot), markersize=8)
        axes.margins(0.18, 0.18)
        if logarithmic:
            axes.set_xscale("log")
            readable_decades(axes.xaxis, axes.get_xlim())
        axes.locator_params(axis="y", nbins=6)
        _below(figure, axes_words[0])
        axes.set_ylabel(fill(axes_words[1], _LONGEST_COLUMN))
        lay_out(figure)  # names are placed by where the axes are, and must not move them to make room for themselves
        _label(axes, points)
        best = ", ".join(point.name for point in front)
        return as_svg(figure, name, f"{axes_words[1]} against {axes_words[0]}", f"On the Pareto front: {best}.")


def _below(figure: Figure, words: str) -> None:
    """What the x axis means: in the middle of the figure, not of its axes, which long names push to the right."""
    figure.supxlabel(fill(words, _LONGEST_LINE), fontsize="medium")


def pareto_front(points: Sequence[Point], higher_is_better: bool) -> list[Point]:
    """The points that no other beats in both: cheapest first, each better than all cheaper ones."""
    sign = -1 if higher_is_better else 1
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (point.x, sign * point.y)):
        if not front or sign * point.y < sign * front[-1].y:
            front.append(point)
    return front


def _label(axes: Any, points: Sequence[Point]) -> None:
    """Write each name beside its point: at the first of a few places that covers nothing, else at the least bad one."""
    frame = axes.get_window_extent()
    spots = [tuple(axes.transData.transform((point.x, point.y))) for point in points]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in spots]
    for point, (x, y) in zip(points, spots, strict=True):
        text = short_name(point.name)
        width, height = 6.7 * len(text), 14.0
        places = [
            (x + 9, y - height / 2, "left"),
            (x - 9 - width, y - height / 2, "right"),
            (x - width / 2, y + 9, "center"),
            (x - width / 2, y - 9 - height, "center"),
            (x + 7, y + 7, "left"),
            (x + 7, y - 7 - height, "left"),
            (x - 7 - width, y + 7, "right"),
            (x - 7 - width, y - 7 - height, "right"),
        ]

        def harm(place: tuple[float, float, str], width: float = width, height: float = height) -> tuple[float, float]:
            """How far a name sticks out of the frame there, then how much it covers: of names and points."""
            left, bottom, _ = place
            box = (left, bottom, left + width, bottom + height)
            out = max(frame.x0 - 4 - box[0], box[2] - frame.x1 - 8, 0.0)
            return out, sum(_overlap(box, other) for other in taken)

        left, bottom, align = min(places, key=harm)
        taken.append((left, bottom, left + width, bottom + height))
        anchor = {"left": left, "right": left + width, "center": left + width / 2}[align]
        axes.annotate(
            text,
            (anchor, bottom + 3),
            xycoords="figure pixels",
            ha=align,
            va="bottom",
            fontsize=10.5,
            annotation_clip=False,
        )


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """The area that two boxes share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
