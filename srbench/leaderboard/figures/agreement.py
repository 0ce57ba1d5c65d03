"""Which metrics rank the methods alike: Kendall's tau-b of every pair, as a table of tinted numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srbench.leaderboard.figures.drawing import Chart, Drawn, as_svg, colour_of, drawing, short_name
from srbench.leaderboard.figures.labels import text_width
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import DASH, number, plural

FEW_METRICS, FEW_METHODS = 3, 4
"""With fewer there is nothing to see: one number, or an order that chance makes often."""
_NARROW = 34.0
"""A cell in which a zero before the point is left out."""


@dataclass(frozen=True)
class Measure:
    """A metric's values, by method. higher: whether more is better."""

    label: str
    higher_is_better: bool
    values: Mapping[str, float]


def agreement(table: Table, name: str) -> Chart | None:
    """The figure of a table's metrics; None where it would say nothing."""
    measures = _in_order(
        [
            Measure(
                column.label,
                column.higher_is_better,
                {
                    row.entrant.name: value
                    for row in table.rows
                    if (value := row.values[place].number) is not None and math.isfinite(value)
                },
            )
            for place, column in sorted(enumerate(table.columns), key=lambda one: one[1].metric != table.primary)
        ]
    )
    if len(measures) < FEW_METRICS:
        return None
    methods = max(len(one.values) for one in measures)
    return Chart(
        caption="Which metrics rank alike",
        svg=heat_table(measures, name),
        heads=("Metric", *(one.label for one in measures)),
        lines=tuple((one.label, *(_words(tau(one, other)) for other in measures)) for one in measures),
        remark=(
            f"Kendall’s tau-b over {plural(methods, table.words.entrant.lower())}: 1 is the same order, 0 none in "
            "common, −1 the reverse; better is up in every metric. A dash: fewer than "
            f"{FEW_METHODS} have both, or one of the two orders nothing."
        ),
    )


def tau(one: Measure, other: Measure) -> float | None:
    """Kendall's tau-b of the two orders, from -1 to 1, of the methods that have both; None where they are too few."""
    from scipy.stats import kendalltau

    both = [method for method in one.values if method in other.values]
    if len(both) < FEW_METHODS:
        return None
    sign = 1 if one.higher_is_better == other.higher_is_better else -1
    found = float(kendalltau([one.values[m] for m in both], [sign * other.values[m] for m in both]).statistic)
    return None if math.isnan(found) else found


def heat_table(measures: Sequence[Measure], name: str) -> Drawn:
    """The lower half of the matrix; each metric's name stands at the end of its row, above its column."""
    from matplotlib.patches import Rectangle

    count, size = len(measures), 10.5
    longest = max(text_width(short_name(one.label), size) for one in measures)
    cell = min(46.0, max(24.0, (320 - longest) / (count - 1)))
    width, height = (count - 1) * cell + longest + 8, (count - 1) * 0.62 * cell + 22
    words = []
    with drawing(height=height / 72, width=max(width, 324) / 72) as figure:
        figure.set_layout_engine(None)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, max(width, 324))
        axes.set_ylim(height, 0)
        for row, one in enumerate(measures):
            middle = 9 + row * 0.62 * cell
            for column, other in enumerate(measures[:row]):
                found = tau(one, other)
                tint = colour_of(0 if (found or 0) > 0 else 1)
                box = ((column + 0.04) * cell, middle - 0.29 * cell), 0.92 * cell, 0.58 * cell
                axes.add_patch(Rectangle(*box, color=tint, linewidth=0, alpha=0.5 * abs(found or 0)))
                at = ((column + 0.5) * cell, middle + 3.4)
                said = _words(found) if cell > _NARROW else _words(found).replace("0.", ".")
                text = axes.text(*at, said, ha="center", fontsize=min(10, 0.32 * cell))
                text.set_gid(f"tinted-{row}-{column}")  # the style sheet draws no edge around it
                words.append(f"{one.label} and {other.label}: {_words(found)}")
            axes.text(row * cell + 5, middle + 3.6, short_name(one.label), fontsize=size)
        return as_svg(figure, name, "Agreement of metrics", f"Kendall's tau-b. {'; '.join(words)}.")


def _in_order(measures: Sequence[Measure]) -> list[Measure]:
    """The first metric, then those that agree with it, most first; those without enough values are left out."""
    known = [one for one in measures if len(one.values) >= FEW_METHODS and tau(one, one) is not None]
    return sorted(known, key=lambda one: -_against(known[0], one)) if known else []


def _against(first: Measure, other: Measure) -> float:
    found = tau(first, other)
    return 2.0 if other is first else -2.0 if found is None else found


def _words(found: float | None) -> str:
    return DASH if found is None else number(found, 2)
