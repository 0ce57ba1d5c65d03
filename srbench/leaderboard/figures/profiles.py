"""The error of each image, a line a method: which images are hard, and for whom."""

from __future__ import annotations

import numpy as np

from srbench.leaderboard.figures.drawing import Chart, as_svg, below, colour_of, drawing, short_name, symbol_of
from srbench.leaderboard.tables.ranked import Table
from srbench.leaderboard.words.numerals import number, plural

ERRORS = ("rmse", "nrmse", "mae")
"""The metrics that are drawn rather than the one that ranks."""
MOST_METHODS, FEW_IMAGES, MOST_IMAGES = 5, 8, 240
_PARTS = (0, 0.25, 0.5, 0.75, 1)


def profile(table: Table, name: str) -> Chart | None:
    """Scores of images, the hardest first; None where lines would be too many, or images too few."""
    metric = next((metric for metric in ERRORS if metric in table.standings), table.primary)
    standings = table.standings.get(metric or "")
    if standings is None or not 1 < len(standings.entrants) <= MOST_METHODS or not standings.scores.units:
        return None
    kept = np.flatnonzero(standings.common)
    if len(kept) < FEW_IMAGES:
        return None
    first = standings.held_against
    hard = kept[np.argsort(standings.scores.of(first)[kept], kind="stable")]
    hard = hard if standings.higher_is_better else hard[::-1]
    shown = hard[np.linspace(0, len(hard) - 1, min(len(hard), MOST_IMAGES)).round().astype(int)]
    column = table.column(standings.metric)
    axis = f"images, from the hardest for {first.name} to the easiest"
    with drawing(height=3.1) as figure:
        axes = figure.add_subplot()
        for place, entrant in enumerate(standings.entrants):
            axes.plot(
                1 + np.linspace(0, len(hard) - 1, len(shown)),
                standings.scores.of(entrant)[shown],
                color=colour_of(entrant.slot),
                marker=symbol_of(entrant.slot),
                markevery=(place, max(1, len(shown) // 6)),
                markersize=5,
                linewidth=1.2,
                label=short_name(f" {entrant.name}" if entrant.name.startswith("_") else entrant.name),
            )
        below(figure, axis)
        axes.set_ylabel(column.title)
        axes.locator_params(axis="y", nbins=6)
        figure.legend(frameon=False, fontsize=9, loc="outside upper center", ncols=3)
        lines = tuple(
            (
                entrant.name,
                *(
                    number(float(end), column.decimals + 1)
                    for end in np.quantile(standings.scores.of(entrant)[kept], _PARTS)
                ),
            )
            for entrant in standings.entrants
        )
        words = "; ".join(f"{line[0]}: from {line[1]} to {line[-1]}" for line in lines)
        svg = as_svg(figure, name, f"{column.label} of each image", f"{axis}. {words}.")
    fewer = f" {len(shown)} of {plural(len(hard), 'image')} are drawn, evenly." if len(shown) < len(hard) else ""
    return Chart(
        caption=f"{column.label} of each image",
        svg=svg,
        heads=(table.words.entrant, "Lowest", "Lower quartile", "Median", "Upper quartile", "Highest"),
        lines=lines,
        remark=f"All lines have the images in one order.{fewer}",
        metric=standings.metric if standings.metric == table.primary else "",
    )
