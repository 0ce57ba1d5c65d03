"""What trackers tell of a cell or of a training: the same, wherever it goes."""

from __future__ import annotations

import datetime
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

import srbench

Value = str | int | float | bool
_NO_CURVES = ("stage", "step", "event")


class Point(NamedTuple):
    """A value at a step of a stage of a training; what it is the value of."""

    stage: str
    step: int
    of: str
    value: float

    @property
    def curve(self) -> str:
        """The name of the curve that it is on."""
        return f"{self.stage}/{self.of}"


@dataclass(frozen=True)
class Tracked:
    """A cell, or the training of a model or an extractor.

    name: as people know it. parameters: its coordinates, and those of its method. values: scores by the metrics' names,
    cost and time. words: status, reason, key and the like. points: of a training's curves. begun: seconds since 1970;
    seconds: that it took.
    """

    kind: Literal["cell", "training"]
    name: str
    ok: bool
    parameters: Mapping[str, Value]
    values: Mapping[str, float]
    words: Mapping[str, str]
    points: Sequence[Point]
    begun: float
    seconds: float


class RecordTracker(srbench.Tracker):
    """A tracker that takes each record to its place as a whole, when it is there."""

    @abstractmethod
    def take(self, tracked: Tracked) -> None:
        """Take this to its place."""

    def cell_finished(self, cell: srbench.Cell, record: srbench.Record) -> None:
        """Take the cell to its place."""
        self.take(tracked_cell(record))

    def training_finished(self, record: srbench.Record, history: Sequence[Mapping[str, float | str]]) -> None:
        """Take the training to its place, with its curves."""
        self.take(tracked_training(record, history))


def needs(module: str) -> None:
    """Raise `SrbenchError` where a module is not installed. module: it has the name of its extra."""
    if find_spec(module) is None:
        raise srbench.SrbenchError(f"{module} is not installed; `pip install 'srbench-trackers[{module}]'` brings it")


def tracked_cell(record: srbench.Record) -> Tracked:
    """Return what there is to tell of a cell."""
    scores = {name: result.value for name, result in record.metrics.items() if result.status == "ok"}
    return _tracked("cell", record, record.label, scores, ())


def tracked_training(record: srbench.Record, history: Sequence[Mapping[str, float | str]]) -> Tracked:
    """Return what there is to tell of a training, and its curves: a point for each number of its history."""
    return _tracked("training", record, f"training {record.label}", record.facts, tuple(_points(history)))


def _tracked(
    kind: Literal["cell", "training"],
    record: srbench.Record,
    name: str,
    values: Mapping[str, float | None],
    points: Sequence[Point],
) -> Tracked:
    made_of = record.ingredients
    method = made_of.get("method") or made_of.get("extractor") or {}
    budget = {f"budget.{unit}": amount for unit, amount in made_of.get("budget", {}).items()}
    earlier = (made_of.get("from") or {}).get("budget", {})
    budget |= {f"budget.from.{unit}": amount for unit, amount in earlier.items()}
    cost = {f"cost/{name}": value for name, value in record.cost.items()}
    numbers = {**values, **cost, "cost/seconds": record.seconds}
    device = str(record.environment.get("device", ""))
    model = record.model or ""
    words = {"status": record.status, "reason": record.reason, "key": record.key, "model": model, "device": device}
    return Tracked(
        kind,
        name,
        record.status == "ok",
        dict(_flat({**record.point, **method.get("params", {}), **budget})),
        {name: float(value) for name, value in numbers.items() if value is not None},
        {name: text for name, text in words.items() if text},
        points,
        _seconds(record.started),
        record.seconds,
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Value]]:
    """Values by name, of nested ones by a path of names; what is None is left out."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", value if isinstance(value, Value) else str(value)


def _points(history: Sequence[Mapping[str, float | str]]) -> Iterator[Point]:
    for row in history:
        for name, value in row.items():
            if name not in _NO_CURVES and isinstance(value, float):
                yield Point(str(row.get("stage", "training")), int(row.get("step", 0)), name, value)


def _seconds(time: str) -> float:
    then = datetime.datetime.fromisoformat(time) if time else datetime.datetime.now(datetime.UTC)
    return then.timestamp()
