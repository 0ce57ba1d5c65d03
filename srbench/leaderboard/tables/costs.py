"""Cost in words: what a record's numbers are called on the pages, and in which unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from srbench.contract.protocol import Task
from srbench.leaderboard.words.numerals import DASH, count, duration, number, significant

Cost = Mapping[str, float | None]
"""The cost of a record, by name."""


def _whole(value: float) -> str:
    return number(value, 0)


def _giga(value: float) -> str:
    return f"{significant(value / 1e9, 3)} G"


_Lines = Mapping[str, tuple[str, Callable[[float], str]]]
_LEARNED: _Lines = {
    "parameters": ("Parameters", count),
    "macs": ("Multiply-adds for a 1280 x 720 output", _giga),
    "macs_scaled_from_pixels": ("Multiply-adds scaled from an output of so many pixels", _whole),
    "train_seconds": ("Training", duration),
    "train_steps": ("Training steps", _whole),
    "train_peak_memory_gb": ("Peak memory of training, GB", significant),
    "train_peak_memory_allocated_gb": ("Peak memory of training held by tensors, GB", significant),
    "train_energy_cpu_j": ("Energy of the CPU while training, J", significant),
    "train_energy_gpu_j": ("Energy of the GPU while training, J", significant),
}
_UPSCALING: _Lines = {
    "upscale_seconds": ("Upscaling the test set", duration),
    "ms_per_megapixel": ("Upscaling, ms per megapixel of SR", significant),
    "peak_memory_gb": ("Peak memory of upscaling, GB", significant),
    "peak_memory_allocated_gb": ("Peak memory of upscaling held by tensors, GB", significant),
    "upscale_energy_cpu_j": ("Energy of the CPU while upscaling the test set, J", significant),
    "upscale_energy_gpu_j": ("Energy of the GPU while upscaling the test set, J", significant),
}
_SAMPLING: _Lines = {
    "sample_seconds": ("Making a sample, ms", lambda value: significant(1000 * value)),
    "peak_memory_gb": ("Peak memory of sampling, GB", significant),
    "peak_memory_allocated_gb": ("Peak memory of sampling held by tensors, GB", significant),
    "sampling_energy_cpu_j": ("Energy of the CPU while sampling, J", significant),
    "sampling_energy_gpu_j": ("Energy of the GPU while sampling, J", significant),
}
_LINES: Mapping[Task, _Lines] = {
    "super-resolution": {**_LEARNED, **_UPSCALING},
    "generation": {**_LEARNED, **_SAMPLING},
}
"""Costs in the order of the page."""
_UNTOLD: Mapping[Task, frozenset[str]] = {
    "super-resolution": frozenset(),
    "generation": frozenset({"ms_per_megapixel"}),  # the same as a sample's time, in another unit
}
_LATENCY = ("latency_ms", "latency_ms_q1", "latency_ms_q3", "latency_repeats", "latency_lr_height", "latency_lr_width")


def cost_lines(cost: Cost, task: Task = "super-resolution") -> list[tuple[str, str]]:
    """Every cost of a record, as label and text; the numbers of latency in one line."""
    known, lines = _LINES[task], []
    for name, (label, words) in known.items():
        if name in cost:
            value = cost[name]
            missing = "none counted" if name == "macs" else "not measured"
            lines.append((label, missing if value is None else words(value)))
        if name == "ms_per_megapixel" and all(cost.get(part) is not None for part in _LATENCY):
            lines.append(_latency_line(cost))
    others = [name for name in cost if name not in {*known, *_LATENCY, *_UNTOLD[task]}]
    lines += [(name.replace("_", " "), _significant(cost[name])) for name in others]
    return lines


def _latency_line(cost: Cost) -> tuple[str, str]:
    median, low, high, repeats, height, width = (cost[name] or 0.0 for name in _LATENCY)
    times = "one call" if repeats == 1 else f"quartiles {significant(low)} and {significant(high)}, {repeats:.0f} calls"
    return f"Latency of one LR of {width:.0f} x {height:.0f} pixels, ms", f"{significant(median)} ({times})"


@dataclass(frozen=True)
class CostColumn:
    """A column of the table of costs. title: for the pointer. aside: a second line under the value, or nothing."""

    name: str
    label: str
    title: str
    words: Callable[[float], str]
    aside: Callable[[Cost], str] = lambda cost: ""


def _quartiles(cost: Cost) -> str:
    low, high, repeats = cost.get("latency_ms_q1"), cost.get("latency_ms_q3"), cost.get("latency_repeats")
    if low is None or high is None or repeats is None or repeats < 2:
        return ""
    return f"[{significant(low)}, {significant(high)}]"


_LEARNED_COLUMNS = (
    CostColumn("parameters", "Parameters", "learned numbers", count),
    CostColumn("macs", "Multiply-adds", "for an output of 1280 x 720 pixels", _giga),
    CostColumn("train_seconds", "Training", "time", duration),
)
_COLUMNS: Mapping[Task, tuple[CostColumn, ...]] = {
    "super-resolution": (
        *_LEARNED_COLUMNS,
        CostColumn("ms_per_megapixel", "ms/Mpx", "per megapixel of SR, median over the test images", significant),
        CostColumn("latency_ms", "Latency, ms", "of one small LR: median, and quartiles", significant, _quartiles),
        CostColumn("peak_memory_gb", "Memory, GB", "peak while upscaling", significant),
        CostColumn("upscale_energy_cpu_j", "CPU, J", "energy while upscaling the test set", significant),
        CostColumn("upscale_energy_gpu_j", "GPU, J", "energy while upscaling the test set", significant),
    ),
    "generation": (
        *_LEARNED_COLUMNS,
        CostColumn("sample_seconds", "ms/sample", "time of making one sample", lambda value: significant(1000 * value)),
        CostColumn("peak_memory_gb", "Memory, GB", "peak while sampling", significant),
        CostColumn("sampling_energy_cpu_j", "CPU, J", "energy while sampling", significant),
        CostColumn("sampling_energy_gpu_j", "GPU, J", "energy while sampling", significant),
    ),
}


def cost_columns(costs: Sequence[Cost], task: Task = "super-resolution") -> list[CostColumn]:
    """The columns of which any of these records has a number."""
    return [column for column in _COLUMNS[task] if any(cost.get(column.name) is not None for cost in costs)]


def cost_cell(column: CostColumn, cost: Cost) -> dict[str, Any]:
    """What the template shows of a cost: text, a second line, what to sort by."""
    value = cost.get(column.name)
    if value is None:
        return {"text": DASH, "aside": "", "sort": ""}
    return {"text": column.words(value), "aside": column.aside(cost), "sort": value}


def _significant(value: float | None) -> str:
    return "not measured" if value is None else significant(value)
