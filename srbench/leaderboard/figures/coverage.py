"""The figure of a calibration curve: how much of HR lies in the intervals that samples span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srbench.leaderboard.figures.drawing import INK, Chart, Drawn, as_svg, colour_of, drawing, short_name, symbol_of
from srbench.leaderboard.tables.ranked import Table
from srbench.store.record import MetricResult


@dataclass(frozen=True)
class CoverageCurve:
    """Points of one cell: of each interval the probability that is claimed and the share found in it, in [0, 1].

    slot: of its colour and marker; None for the next one.
    """

    name: str
    points: Sequence[tuple[float, float]]
    slot: int | None = None


def coverage_chart(table: Table, name: str) -> Chart | None:
    """The calibration of a dataset's methods whose samples were looked at, the first seed of each; None without any."""
    curves = []
    for row in table.rows:
        told = row.results[0].record.metrics if row.results[0].ok and row.results[0].record else {}
        found = {metric: facts.details.coverage for metric, facts in told.items() if facts.details.coverage}
        for metric, points in found.items():
            label = f"{row.entrant.name}, {row.results[0].metric_label(metric)}" if len(found) > 1 else row.entrant.name
            curves.append(CoverageCurve(label, points, row.entrant.slot))
    if not curves:
        return None
    return Chart(
        caption="How much of HR lies in the intervals of samples",
        svg=coverage_curves(curves, name),
        heads=(table.words.entrant, "Of HR in the intervals"),
        lines=tuple((one.name, coverage_words(one.points)) for one in curves),
        remark="On the dashed line samples differ from each other as much as HR differs from them.",
    )


def coverage_curves(curves: Sequence[CoverageCurve], name: str) -> Drawn:
    """Shares over probabilities, a colour each; the diagonal is where both are the same."""
    with drawing(height=3.4, width=4.2) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 100], [0, 100], color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        for place, curve in enumerate(curves):
            slot = place if curve.slot is None else curve.slot
            claimed, found = ([100 * point[part] for point in curve.points] for part in (0, 1))
            axes.plot(
                claimed,
                found,
                color=colour_of(slot),
                marker=symbol_of(slot),
                markersize=4.5,
                linewidth=1.5,
                label=short_name(f" {curve.name}" if curve.name.startswith("_") else curve.name),
            )
        axes.annotate("too wide", (4, 93), color=INK, fontsize=9)
        axes.annotate("too narrow", (96, 4), color=INK, fontsize=9, ha="right")
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 100)
        axes.set_xlabel("intervals of the samples should hold, %")
        axes.set_ylabel("of HR is in them, %")
        if len(curves) > 1:
            figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=2)
        words = "; ".join(f"{curve.name}: {coverage_words(curve.points)}" for curve in curves)
        return as_svg(figure, name, "Coverage by the intervals of samples", f"{words}.")


def coverage_words(points: Sequence[tuple[float, float]]) -> str:
    """A curve in words."""
    return ", ".join(f"{100 * found:.1f} % of HR in the {100 * claimed:.4g} % interval" for claimed, found in points)


def coverage_figure(known: Sequence[tuple[str, MetricResult]], name: str) -> dict[str, Any] | None:
    """The calibration curves of results, each with what it is called in the figure; None where there are none."""
    curves = [CoverageCurve(label, facts.details.coverage) for label, facts in known if facts.details.coverage]
    if not curves:
        return None
    return {"svg": coverage_curves(curves, name), "words": [(one.name, coverage_words(one.points)) for one in curves]}
