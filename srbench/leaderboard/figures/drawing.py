"""What all figures share: style, colours as CSS variables, inline SVG, and the same as a file for a paper.

A figure is drawn with stand-ins for colours, and written with `var(--m0)` to `var(--m7)`, `var(--ink)`, `var(--line)`
in their place, so that the same bytes serve light, dark and print. In files these are the colours of the light page.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from io import BytesIO, StringIO
from textwrap import fill
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = 8
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "*", "h", "<")
"""Eleven markers over eight colours: 88 methods before a pair repeats."""

# Stand-ins that matplotlib writes out and that are then replaced by variables.
INK, LINE, PAPER, BAD = "#fe0001", "#fe0002", "#fe0003", "#fe0004"
_VARIABLES = {INK: "var(--ink)", LINE: "var(--line)", PAPER: "var(--paper)", BAD: "var(--bad)"} | {
    f"#fd00{slot:02x}": f"var(--m{slot})" for slot in range(COLOURS)
}
_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "pdf.fonttype": 42,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "srbench",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
}
_LONGEST_NAME, _LONGEST_LINE = 22, 54
_TICKS_APART = 0.16
"""Of an axis: what the numbers at two ticks need."""
_COLOURED = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")
"""The properties of what matplotlib draws that may be colours."""


class Drawn(Markup):
    """A figure as an `<svg>` element. name: what its ids begin with."""

    name: str
    _figure: Figure

    @classmethod
    def of(cls, figure: Figure, name: str, element: str) -> Drawn:
        """The element of a figure."""
        drawn = cls(element)
        drawn.name, drawn._figure = name, figure
        return drawn

    def svg(self) -> bytes:
        """The figure as a file of its own, with a generic font and the colours of the light page."""
        text = re.sub(r"var\((--\w+)\)", lambda match: light()[match[1]], str(self))
        own = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"'
        return text.replace("<svg ", f"<svg {own} ", 1).encode() + b"\n"

    def pdf(self) -> bytes:
        """The figure as a page of PDF, likewise, its text as text."""
        buffer = BytesIO()
        with _style():
            _in_light(self._figure)
            nothing = {"Creator": None, "Producer": None, "CreationDate": None}
            self._figure.savefig(buffer, format="pdf", metadata=nothing)
        return buffer.getvalue()


@dataclass(frozen=True)
class Chart:
    """A figure and what it is made of, for those who read tables.

    metric: the metric that ranks where it is shown; empty where it does not hang on that.
    """

    caption: str
    svg: Drawn
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    remark: str = ""
    metric: str = ""


@contextmanager
def drawing(height: float, width: float = 4.5) -> Iterator[Figure]:
    """An empty figure in the page's style; height and width in inches. Draw, and call `as_svg`, inside."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with _style():
        figure = Figure(figsize=(width, height), dpi=72, layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        # In SVG the reader's font has them; in PDF a box is drawn in their place.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


@cache
def light() -> dict[str, str]:
    """The colours of the light page, by the names of their variables: `{"--ink": "#1c1f24", …}`."""
    style = (files("srbench.leaderboard") / "static" / "style.css").read_text(encoding="utf-8")
    return dict(re.findall(r"(--\w+): (#[0-9a-f]{6});", style[: style.index("@media")]))


def _in_light(figure: Figure) -> None:
    """Give everything in a figure that was drawn the colours that its stand-ins stand for."""
    from matplotlib.collections import Collection

    for artist in figure.findobj():
        for name in _COLOURED:
            colour: Any = getattr(artist, f"get_{name}", lambda: None)()
            if colour is None:
                continue
            several = isinstance(artist, Collection)
            lit = [_lit(one) for one in colour] if several else _lit(colour)
            getattr(artist, f"set_{name}", lambda _: None)(lit)


def _lit(colour: Any) -> Any:
    """What a colour of matplotlib's is on the light page; what is no stand-in stays as it is."""
    from matplotlib.colors import is_color_like, to_hex

    variable = _VARIABLES.get(to_hex(colour), "") if is_color_like(colour) else ""
    return light()[variable.removeprefix("var(").removesuffix(")")] if variable else colour


def lay_out(figure: Figure) -> None:
    """Give the axes their places, once; what is added to the figure later does not move them."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)  # a figure that has one is drawn twice when it is saved


def lengthen(figure: Figure, more: float) -> float:
    """Add room below a figure that is laid out, in points; what is in it stays where it is. Returns how much."""
    width, height = figure.get_size_inches() * 72
    for axes in figure.axes:
        place = axes.get_position()
        bottom, size = (place.y0 * height + more) / (height + more), place.height * height / (height + more)
        axes.set_position((place.x0, bottom, place.width, size))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((x, (y * height + more) / (height + more)))
    figure.set_size_inches(width / 72, (height + more) / 72)
    return more


def below(figure: Figure, words: str) -> None:
    """What the x axis means: in the middle of the figure, not of its axes, which long names push to the right."""
    figure.supxlabel(fill(words, _LONGEST_LINE), fontsize="medium")


def as_svg(figure: Figure, name: str, title: str, description: str) -> Drawn:
    """The figure as an `<svg>` element; ids begin with `name`, so that several fit one page."""
    lay_out(figure)
    buffer = StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    body = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body).replace("xlink:href", "href")
    body = re.sub(r' d="[^"]*"', lambda match: _short(match[0]), body)
    body = re.sub(r"#f[de]00[0-9a-f]{2}", lambda match: _VARIABLES.get(match[0], match[0]), body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    body = re.sub(r" font-family: [^;\"]*;?", "", body)
    width, height = figure.get_size_inches() * 72
    return Drawn.of(
        figure,
        name,
        f'<svg class="figure" role="img" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{body}</svg>',
    )


def _short(path: str) -> str:
    """A path to hundredths of a point."""
    return re.sub(r"(\.\d\d)\d+", r"\1", re.sub(r"\s+", " ", path))


def readable_decades(axis: Any, limits: tuple[float, float], zero: float | None = None) -> None:
    """Plain numbers on a logarithmic axis; within two decades also those between. zero: where 0 is marked, if it is."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    low, high = limits
    wide = low <= 0 or math.log10(high / low) > 2
    round_ones = [] if wide else [m * 10.0**e for e in _decades(low, high) for m in (1, 2, 5)]
    axis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=5 if wide else None))
    if not wide and sum(low <= place <= high for place in round_ones) < 3:
        axis.set_major_locator(MaxNLocator(4))
    if zero is not None:
        least = zero * (high / low) ** _TICKS_APART
        axis.set_major_locator(FixedLocator([zero, *(place for place in axis.get_majorticklocs() if place > least)]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: "0" if value == zero else _plain(value)))
    axis.set_minor_formatter(NullFormatter())


def _decades(low: float, high: float) -> range:
    """The powers of ten from below the one to above the other."""
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def _plain(value: float) -> str:
    for least, letter in ((1e9, "G"), (1e6, "M")):
        if value >= least:
            scaled = value / least
            return f"{scaled:,.0f} {letter}" if scaled >= 1000 else f"{scaled:g} {letter}"
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def colour_of(slot: int) -> str:
    """The stand-in for a method's or a series' colour."""
    return f"#fd00{slot % COLOURS:02x}"


def symbol_of(slot: int) -> str:
    """The method's marker, as matplotlib calls it."""
    return MARKERS[slot % len(MARKERS)]


def short_name(name: str) -> str:
    """A name that fits a figure."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
