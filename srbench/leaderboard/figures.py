"""Figures as inline SVG: text stays text, colours come from the page's style sheet, each has words beside it.

A method keeps its colour and its marker in every figure and table. Colours are written as CSS variables (`--m0` to
`--m7`, `--ink`, `--line`), so that the same bytes serve light, dark and print.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from srbench.stats import Interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLOURS = 8
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "*", "h", "<")
"""Eleven markers over eight colours: 88 methods before a pair repeats."""

# Stand-ins that matplotlib writes out and that are then replaced by variables.
_INK, _LINE, _PAPER = "#fe0001", "#fe0002", "#fe0003"
_VARIABLES = {_INK: "var(--ink)", _LINE: "var(--line)", _PAPER: "var(--paper)"} | {
    f"#fd00{slot:02x}": f"var(--m{slot})" for slot in range(COLOURS)
}
_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": _LINE,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": _INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "srbench",
    "text.color": _INK,
    "text.parse_math": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
}
_LONGEST_NAME = 22


@dataclass(frozen=True)
class Point:
    """One method in a figure. slot: its place in the plan, which decides colour and marker."""

    name: str
    slot: int
    x: float
    y: float


@dataclass(frozen=True)
class Difference:
    """One method's paired difference to the baseline; its estimate is finite."""

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
    """A dot with its 95 % interval on the column's scale; the numbers stand beside it, so it is hidden to readers."""
    width, middle = 88, 8
    low, high = scale
    span = (high - low) or 1.0

    def at(value: float) -> float:
        return 5 + (width - 10) * (min(max(value, low), high) - low) / span

    if interval.estimate is None:
        return Markup()
    line = ""
    if interval.low is not None and interval.high is not None:
        line = f'<path d="M{at(interval.low):.1f} {middle}H{at(interval.high):.1f}"/>'
    return Markup(
        f'<svg class="whisker" viewBox="0 0 {width} 16" width="{width}" height="16" aria-hidden="true" '
        f'style="--c:var(--m{slot % COLOURS})"><path class="rail" d="M5 {middle}H{width - 5}"/>{line}'
        f'<circle cx="{at(interval.estimate):.1f}" cy="{middle}" r="3.6"/></svg>'
    )


def differences(rows: Sequence[Difference], baseline: str, axis: str, name: str) -> Markup:
    """Paired differences to a baseline, dot and whisker, zero marked. axis: the x axis in words, with its unit."""
    with _figure(height=0.9 + 0.34 * len(rows)) as figure:
        axes = figure.add_subplot()
        axes.axvline(0, color=_INK, linewidth=1)
        for place, row in enumerate(reversed(rows)):
            interval, colour = row.interval, _colour(row.slot)
            if interval.low is not None and interval.high is not None:
                axes.plot([interval.low, interval.high], [place, place], color=colour, linewidth=2.2)
            assert interval.estimate is not None
            axes.plot(interval.estimate, place, _symbol(row.slot), color=colour, markersize=7)
        axes.set_yticks(range(len(rows)), [_short(row.name) for row in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(axis="y", visible=False)
        axes.locator_params(axis="x", nbins=6)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(axis)
        words = "; ".join(f"{row.name}: {row.interval.estimate:.3g}" for row in rows)
        return _svg(figure, name, f"Paired differences to {baseline}", f"{axis}. {words}.")


def quality_against_cost(
    points: Sequence[Point], higher_is_better: bool, axes_words: tuple[str, str], name: str, logarithmic: bool = True
) -> Markup:
    """A scatter of quality (y) against cost (x, less is better), with the Pareto front as a stepped line."""
    front = pareto_front(points, higher_is_better)
    with _figure(height=3.1) as figure:
        axes = figure.add_subplot()
        if len(front) > 1:
            axes.step([p.x for p in front], [p.y for p in front], where="post", color=_INK, linewidth=1, linestyle="--")
        for point in points:
            axes.plot(point.x, point.y, _symbol(point.slot), color=_colour(point.slot), markersize=8)
        axes.margins(0.18, 0.18)
        if logarithmic:
            axes.set_xscale("log")
            _readable_decades(axes.xaxis, axes.get_xlim())
        axes.locator_params(axis="y", nbins=6)
        axes.set_xlabel(axes_words[0])
        axes.set_ylabel(axes_words[1])
        figure.canvas.draw()
        _label(axes, points)
        best = ", ".join(point.name for point in front)
        return _svg(figure, name, f"{axes_words[1]} against {axes_words[0]}", f"On the Pareto front: {best}.")


def history(frame: pd.DataFrame, name: str) -> Markup:
    """Training losses over steps, logarithmic where all are positive. Columns: step, seconds, losses..., lr."""
    losses = [column for column in frame.columns if column not in ("step", "seconds", "lr", "stage")]
    with _figure(height=2.6) as figure:
        axes = figure.add_subplot()
        shown = []
        for slot, column in enumerate(losses):
            series = frame[["step", column]].apply(_numeric).dropna()
            if series.empty:
                continue
            shown.append(column)
            dashes = ("-", "--", ":", "-.")[slot % 4]
            axes.plot(series["step"], series[column], dashes, color=_colour(slot), linewidth=1.4, label=column)
        positive = bool(shown) and bool((frame[shown].apply(_numeric).stack() > 0).all())
        if positive:
            axes.set_yscale("log")
            _readable_decades(axes.yaxis, axes.get_ylim())
        axes.set_xlabel("step")
        axes.set_ylabel("loss" + (" (log)" if positive else ""))
        if len(shown) > 1:
            axes.legend(frameon=False, fontsize=9)
        ends = "; ".join(f"{column}: last {float(_numeric(frame[column]).dropna().iloc[-1]):.4g}" for column in shown)
        return _svg(figure, name, "Training history", f"{ends}.")


def pareto_front(points: Sequence[Point], higher_is_better: bool) -> list[Point]:
    """The points that no other beats in both: cheapest first, each better than all cheaper ones."""
    sign = -1 if higher_is_better else 1
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (point.x, sign * point.y)):
        if not front or sign * point.y < sign * front[-1].y:
            front.append(point)
    return front


def _numeric(series: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.to_numeric(series, errors="coerce")


def _readable_decades(axis: Any, limits: tuple[float, float]) -> None:
    """Plain numbers on a logarithmic axis; within two decades also those between."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = limits
    subs = (1.0,) if low <= 0 or math.log10(high / low) > 2 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _label(axes: Any, points: Sequence[Point]) -> None:
    """Write each name beside its point, at the first of a few places where it covers no other name or point."""
    frame = axes.get_window_extent()
    spots = [tuple(axes.transData.transform((point.x, point.y))) for point in points]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in spots]
    for point, (x, y) in zip(points, spots, strict=True):
        text = _short(point.name)
        width, height = 6.7 * len(text), 14.0
        places = [
            (x + 9, y - height / 2, "left"),
            (x - 9 - width, y - height / 2, "right"),
            (x - width / 2, y + 9, "center"),
            (x - width / 2, y - 9 - height, "center"),
            (x + 7, y + 7, "left"),
            (x + 7, y - 7 - height, "left"),
        ]

        def free(place: tuple[float, float, str], width: float = width, height: float = height) -> bool:
            left, bottom, _ = place
            box = (left, bottom, left + width, bottom + height)
            inside = box[0] >= frame.x0 - 4 and box[2] <= frame.x1 + 8
            return inside and not any(_overlap(box, other) for other in taken)

        left, bottom, align = next(filter(free, places), places[0])
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


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _colour(slot: int) -> str:
    return f"#fd00{slot % COLOURS:02x}"


def _symbol(slot: int) -> str:
    return MARKERS[slot % len(MARKERS)]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


@contextmanager
def _figure(height: float, width: float = 4.5) -> Iterator[Figure]:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=(width, height), dpi=72, layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


def _svg(figure: Figure, name: str, title: str, description: str) -> Markup:
    """The figure as an `<svg>` element; ids begin with `name`, so that several fit one page."""
    buffer = StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    body = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body).replace("xlink:href", "href")
    body = re.sub(r"#f[de]00[0-9a-f]{2}", lambda match: _VARIABLES.get(match[0], match[0]), body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    width, height = figure.get_size_inches() * 72
    return Markup(
        f'<svg class="figure" role="img" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{body}</svg>'
    )
