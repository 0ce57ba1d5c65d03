"""The figures of a training: losses and validation over its steps, several seeds in one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from srbench.leaderboard.figures.drawing import (
    BAD,
    INK,
    Drawn,
    as_svg,
    below,
    colour_of,
    drawing,
    readable_decades,
    short_name,
)
from srbench.leaderboard.words.numerals import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VALIDATION = "validation"
_DASHES = ("-", "--", ":", "-.")


class Series(NamedTuple):
    """What a column of a history holds, without its holes: numbers, and the steps at which they were noted."""

    steps: list[float]
    values: list[float]

    @property
    def last(self) -> float:
        """The number at the last step."""
        return self.values[-1]


@dataclass(frozen=True)
class Curve:
    """One training in a figure.

    history: columns `step`, `stage`, learning rates (`lr` or `lr NAME`), losses, `validation`, as long as each other;
        numbers, but for the stage, and None for holes. best: step and score of the best validation of each stage.
        broke: it ended because it diverged.
    """

    name: str
    history: Mapping[str, Sequence[float | str | None]]
    best: tuple[tuple[int, float], ...] = ()
    broke: bool = False

    def series(self, column: str) -> Series:
        """A column; empty where there is none."""
        both = zip(self.history.get("step", ()), self.history.get(column, ()), strict=False)
        found = [
            (step, value) for step, value in both if isinstance(step, float | int) and isinstance(value, float | int)
        ]
        return Series([step for step, _ in found], [value for _, value in found])

    @property
    def stages(self) -> list[tuple[str, int, int]]:
        """Name, first and last step of each stage."""
        found: dict[str, list[float]] = {}
        for stage, step in zip(self.history.get("stage", ()), self.history.get("step", ()), strict=False):
            if stage is not None and isinstance(step, float | int):
                found.setdefault(str(stage), []).append(step)
        return [(stage, int(min(steps)), int(max(steps))) for stage, steps in found.items()]


def loss_columns(curves: Sequence[Curve]) -> list[str]:
    """The losses, in the order in which they were written."""
    every = dict.fromkeys(column for curve in curves for column in curve.history)
    others = {"stage", "step", "seconds", "event", VALIDATION}
    return [name for name in every if name not in others and not _is_rate(name)]


def _is_rate(column: str) -> bool:
    return column == "lr" or column.startswith("lr ")


def losses(curves: Sequence[Curve], name: str) -> Drawn | None:
    """Losses over steps, a colour each, logarithmic where all are positive; learning rates as thin lines."""
    columns = [column for column in loss_columns(curves) if any(curve.series(column).values for curve in curves)]
    if not columns:
        return None
    with drawing(height=2.9) as figure:
        axes = figure.add_subplot()
        lowest = float("inf")
        for slot, column in enumerate(columns):
            for place, curve in enumerate(curves):
                series = curve.series(column)
                if not series.values:
                    continue
                lowest = min(lowest, *series.values)
                label = _label(column) if place == _first_with(curves, column) else None
                _line(axes, series, colour_of(slot), slot, place, label)
        if lowest > 0:
            axes.set_yscale("log")
            readable_decades(axes.yaxis, axes.get_ylim())
        rates = _rates(axes, curves)
        _breaks(axes, curves, columns)
        _stages(axes, curves)
        axes.set_xlabel("step")
        axes.set_ylabel("loss" + (" (log)" if lowest > 0 else ""))
        _legend(figure, axes, rates)
        title = f"Training losses of {', '.join(curve.name for curve in curves)}"
        return as_svg(figure, name, title, _loss_words(curves, columns))


def validation(curves: Sequence[Curve], name: str) -> Drawn | None:
    """The score on held-out images over steps, a colour a seed, the best marked."""
    shown = [(slot, curve) for slot, curve in enumerate(curves) if curve.series(VALIDATION).values]
    if not shown:
        return None
    words = []
    with drawing(height=2.9) as figure:
        axes = figure.add_subplot()
        for slot, curve in shown:
            series = curve.series(VALIDATION)
            _line(axes, series, colour_of(slot), slot, 0, _label(curve.name))
            for step, score in curve.best:
                axes.plot(step, score, "o", color=colour_of(slot), markersize=8, fillstyle="none", markeredgewidth=1.6)
            told = [f"best {number(score, 2)} at step {step:,}" for step, score in curve.best]
            told.append(f"last {number(series.last, 2)}")
            words.append(f"{curve.name}: {', '.join(told)}")
        _breaks(axes, curves, [VALIDATION])
        _stages(axes, curves)
        axes.margins(y=0.1)
        axes.locator_params(axis="y", nbins=6)
        axes.set_xlabel("step")
        axes.set_ylabel("score")
        _legend(figure, axes, [])
        return as_svg(figure, name, "Validation while training", f"{'; '.join(words)}.")


def progress(panels: Sequence[tuple[str, Sequence[Curve]]], name: str) -> Drawn | None:
    """Small multiples: a panel for the trainings of each name, with their validation or, without one, first loss.

    Every panel has its own scale: held-out images and losses are not the same. None where there is nothing to draw.
    """
    drawn = [(title, curves, column) for title, curves in panels if (column := _told_by(curves)) is not None]
    if not drawn:
        return None
    rows, words = -(-len(drawn) // 2), []
    with drawing(height=0.3 + 1.45 * rows) as figure:
        for place, (title, curves, column) in enumerate(drawn):
            axes = figure.add_subplot(rows, 2, place + 1)
            for slot, curve in enumerate(curves):
                series = curve.series(column)
                if series.values:
                    _line(axes, series, colour_of(slot), slot, 0, None)
                    words.append(f"{title}, {curve.name}: last {column} {series.last:.4g}")
            _breaks(axes, curves, [column])
            axes.set_title(short_name(title), fontsize=8.5, loc="left")
            axes.set_ylabel(short_name(column), fontsize=8)
            axes.tick_params(labelsize=8)
            axes.locator_params(nbins=4)
        below(figure, "step")
        return as_svg(figure, name, "Trainings", f"{'; '.join(words)}.")


def _told_by(curves: Sequence[Curve]) -> str | None:
    """The column that says how far trainings are: the validation, else the first loss."""
    columns = [VALIDATION, *loss_columns(curves)]
    return next((column for column in columns if any(len(curve.series(column).values) > 1 for curve in curves)), None)


def _line(axes: Axes, series: Series, ink: str, dash: int, place: int, label: str | None) -> None:
    axes.plot(
        series.steps,
        series.values,
        _DASHES[dash % len(_DASHES)],
        color=ink,
        linewidth=1.5 if place == 0 else 0.8,
        marker="." if len(series.values) == 1 else "",
        label=label,
    )


def _first_with(curves: Sequence[Curve], column: str) -> int:
    return next(place for place, curve in enumerate(curves) if curve.series(column).values)


def _label(name: str) -> str:
    # matplotlib leaves labels that begin with an underscore out of its legend.
    return short_name(f" {name}" if name.startswith("_") else name)


def _rates(axes: Axes, curves: Sequence[Curve]) -> list[Any]:
    """Learning rates of the first training, from zero to the largest over the height of the figure."""
    rates = {column: curves[0].series(column) for column in curves[0].history if _is_rate(column)}
    highest = max((max(series.values, default=0.0) for series in rates.values()), default=0.0)
    if highest <= 0:
        return []
    beside: Axes = axes.twinx()
    lines = []
    for slot, (column, series) in enumerate((column, one) for column, one in rates.items() if one.values):
        words = f"{short_name(column)}, up to {max(series.values):.3g}"
        lines += beside.step(
            series.steps, series.values, where="post", color=INK, linewidth=0.7, dashes=(1 + slot, 2), label=words
        )
    beside.set_ylim(0, highest * 1.05)
    beside.set_axis_off()
    return lines


def _breaks(axes: Axes, curves: Sequence[Curve], columns: Sequence[str]) -> None:
    """A cross where a training that diverged ends."""
    for series in (curve.series(column) for curve in curves if curve.broke for column in columns):
        if series.values:
            axes.plot(series.steps[-1], series.last, "x", color=BAD, markersize=9, markeredgewidth=2)


def _stages(axes: Axes, curves: Sequence[Curve]) -> None:
    """Names and borders of the stages of the training that came furthest, where there are several."""
    stages = max((curve.stages for curve in curves), key=len)
    if len(stages) < 2:
        return
    for place, (stage, first, _) in enumerate(stages):
        if place:
            axes.axvline(first, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            short_name(stage),
            (first, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, 3),
            textcoords="offset points",
            fontsize=9,
            annotation_clip=False,
        )


def _legend(figure: Figure, axes: Axes, more: Sequence[Any]) -> None:
    handles, labels = axes.get_legend_handles_labels()
    handles, labels = [*handles, *more], [*labels, *(str(line.get_label()) for line in more)]
    if len(handles) > 1:
        figure.legend(handles, labels, frameon=False, fontsize=9, loc="outside lower center", ncols=2)


def _loss_words(curves: Sequence[Curve], columns: Sequence[str]) -> str:
    words = []
    for curve in curves:
        last = {column: series.last for column in columns if (series := curve.series(column)).values}
        ends = ", ".join(f"{column} {value:.4g}" for column, value in last.items())
        words.append(f"{curve.name}: last {ends}" + (", where it diverged" if curve.broke else ""))
    return f"{'; '.join(words)}."
