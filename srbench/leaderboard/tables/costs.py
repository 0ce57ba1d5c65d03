"""Cost in words: what a record's numbers are called on the pages, and in which unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from srbench.contract.task import Task
from srbench.contract.wording import Cost, Format
from srbench.leaderboard.words.numerals import DASH, count, duration, number, significant

Costs = Mapping[str, float | None]
"""The costs of a record, by name."""


def _whole(value: float) -> str:
    return number(value, 0)


def _giga(value: float) -> str:
    return f"{significant(value / 1e9, 3)} G"


_WORDS: Mapping[Format, Callable[[float], str]] = {
    "significant": significant,
    "whole": _whole,
    "count": count,
    "giga": _giga,
    "duration": duration,
    "latency": significant,
}
_LEARNED = (
    Cost("parameters", "Parameters", "count", head="Parameters", title="learned numbers"),
    Cost(
        "macs",
        "Multiply-adds for a 1280 x 720 output",
        "giga",
        head="Multiply-adds",
        title="for an output of 1280 x 720 pixels",
    ),
    Cost("macs_scaled_from_pixels", "Multiply-adds scaled from an output of so many pixels", "whole"),
    Cost("train_seconds", "Training", "duration", head="Training", title="time"),
    Cost("train_steps", "Training steps", "whole"),
    Cost("going_on_seconds", "Training after the earlier one that it went on from", "duration"),
    Cost("going_on_steps", "Training steps after those of the earlier one", "whole"),
    Cost("start_seconds", "Trainings before, from whose weights it started", "duration"),
    Cost("start_steps", "Steps of trainings before, from whose weights it started", "whole"),
    Cost("train_peak_memory_gb", "Peak memory of training, GB"),
    Cost("train_peak_memory_allocated_gb", "Peak memory of training held by tensors, GB"),
    Cost("train_energy_cpu_j", "Energy of the CPU while training, J"),
    Cost("train_energy_gpu_j", "Energy of the GPU while training, J"),
)
"""The costs that tasks share: of what was learned."""
_LATENCY = ("latency_ms", "latency_ms_q1", "latency_ms_q3", "latency_repeats", "latency_lr_height", "latency_lr_width")


def cost_lines(costs: Costs, task: Task) -> list[tuple[str, str]]:
    """Every cost of a record, as label and text; the numbers of latency in one line."""
    shown, lines = (*_LEARNED, *task.costs), []
    for cost in shown:
        if cost.format == "latency":
            lines += [_latency_line(costs)] if all(costs.get(part) is not None for part in _LATENCY) else []
        elif cost.label and cost.name in costs:
            value = costs[cost.name]
            missing = "none counted" if cost.name == "macs" else "not measured"
            lines.append((cost.label, missing if value is None else cost_words(cost, value)))
    known = {*(cost.name for cost in shown), *_LATENCY}
    lines += [(name.replace("_", " "), _significant(value)) for name, value in costs.items() if name not in known]
    return lines


def cost_words(cost: Cost, value: float) -> str:
    """The value of a record's cost as it is written."""
    return _WORDS[cost.format](cost.factor * value)


def _latency_line(costs: Costs) -> tuple[str, str]:
    median, low, high, repeats, height, width = (costs[name] or 0.0 for name in _LATENCY)
    times = "one call" if repeats == 1 else f"quartiles {significant(low)} and {significant(high)}, {repeats:.0f} calls"
    return f"Latency of one LR of {width:.0f} x {height:.0f} pixels, ms", f"{significant(median)} ({times})"


def _quartiles(costs: Costs) -> str:
    low, high, repeats = costs.get("latency_ms_q1"), costs.get("latency_ms_q3"), costs.get("latency_repeats")
    if low is None or high is None or repeats is None or repeats < 2:
        return ""
    return f"[{significant(low)}, {significant(high)}]"


def cost_columns(records: Sequence[Costs], task: Task) -> list[Cost]:
    """The columns of the table of costs: those of which any of these records has a number."""
    columns = [cost for cost in (*_LEARNED, *task.costs) if cost.head]
    return [column for column in columns if any(costs.get(column.name) is not None for costs in records)]


def cost_cell(column: Cost, costs: Costs) -> dict[str, Any]:
    """What the template shows of a cost: text, a second line, what to sort by."""
    value = costs.get(column.name)
    if value is None:
        return {"text": DASH, "aside": "", "sort": ""}
    aside = _quartiles(costs) if column.format == "latency" else ""
    return {"text": cost_words(column, value), "aside": aside, "sort": value}


def _significant(value: float | None) -> str:
    return "not measured" if value is None else significant(value)
