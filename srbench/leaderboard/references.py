"""The reference rows of a table: what real HR (the ceiling) and bicubic SR (the floor) would get. Never ranked.

Only measured numbers: those that set metrics give beside their value under the names `ceiling` and `floor`. What HR
would get by definition (an infinite PSNR, a distance of 0) tells nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.leaderboard.numerals import significant
from srbench.leaderboard.results import Entrant, Result
from srbench.leaderboard.values import Notes, Value
from srbench.protocol import Task
from srbench.stats import Interval

Mark = Literal["ceiling", "floor"]
NAMES: Mapping[Task, Mapping[Mark, str]] = {
    "super-resolution": {"ceiling": "HR", "floor": "bicubic"},
    "generation": {"ceiling": "real images"},
}
_NOTES: Mapping[Task, str] = {
    "super-resolution": (
        "HR, the ceiling, and bicubic, the floor: what the same measure gives for them instead of a method's images. "
        "They are there to read the others by, and have no rank."
    ),
    "generation": (
        "Real images, the ceiling, in place of samples: of the training set or, where samples are compared with each "
        "other, the test images themselves. They are there to read the others by, and have no rank."
    ),
}
_SAME = 1e-9


@dataclass(frozen=True)
class Reference:
    """A row of what is known by measure and not in the competition. values: one a column. note: its footnote."""

    name: str
    mark: Mark
    values: tuple[Value, ...]
    note: int


def references(
    cells: Mapping[Entrant, Sequence[Result]],
    metrics: Sequence[str],
    datasets: Sequence[str],
    notes: Notes,
    task: Task = "super-resolution",
) -> tuple[Reference, ...]:
    """The reference rows for one dataset, the ceiling first; those of which some metric knows a number."""
    if len(datasets) != 1:
        return ()
    results = [result for own in cells.values() for result in own if result.ok]
    rows = []
    for mark, name in NAMES[task].items():
        values = [_value(results, metric, mark) for metric in metrics]
        if any(value.interval for value in values):
            rows.append(Reference(name, mark, tuple(values), notes.number(_NOTES[task])))
    return tuple(rows)


def _value(results: Iterable[Result], metric: str, mark: Mark) -> Value:
    """The mean over cells, which differ only where machines do; their ends beside it where they do."""
    found = [
        facts
        for result in results
        if result.record is not None
        and (facts := result.record.metrics.get(metric)) is not None
        and facts.status == "ok"
        and mark in facts.extra
    ]
    if not found:
        return Value(missing="")
    numbers = [facts.extra[mark] for facts in found]
    spread = found[0].extra.get(f"{mark} spread")
    low, high = min(numbers), max(numbers)
    words = [f"± {significant(spread)}"] if spread is not None else []
    if high - low > _SAME * max(abs(low), abs(high)):
        words = [f"{significant(low, 3)} to {significant(high, 3)} between cells"]
    return Value(Interval(math.fsum(numbers) / len(numbers), None, None, found[0].n), aside=", ".join(words))
