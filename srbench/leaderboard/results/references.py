"""The reference rows of a table: what real HR and bicubic SR would get, and methods' own ceilings. Never ranked.

Only measured numbers. Those of HR, a ceiling, and of bicubic, the floor, are what set metrics give beside their value
under those names: what HR would get by definition (an infinite PSNR, a distance of 0) tells nothing. Those of a
method's own ceiling are scores of what it made of HR itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from srbench.contract.wording import Bound, Wording
from srbench.leaderboard.results.ceilings import ceiling_value
from srbench.leaderboard.results.results import Entrant, Result
from srbench.leaderboard.results.setmetrics import interval_words
from srbench.leaderboard.results.values import Notes, Value
from srbench.leaderboard.words.numerals import significant

_OWN_NOTE = (
    "A method's own ceiling: what it would score if the part of it that cannot be known were known. HR itself went in, "
    "after all SR was made, so it has no rank. Of several seeds it is the mean, ± their standard deviation."
)
_SAME = 1e-9


@dataclass(frozen=True)
class ReferenceRow:
    """A row of what is known by measure and not in the competition.

    values: one a column. note: its footnote. words: of a method's own ceiling, what it is.
    """

    name: str
    mark: Bound
    values: tuple[Value, ...]
    note: int
    words: str = ""


def references(
    cells: Mapping[Entrant, Sequence[Result]],
    metrics: Sequence[str],
    datasets: Sequence[str],
    notes: Notes,
    words: Wording,
) -> tuple[ReferenceRow, ...]:
    """The reference rows of which some metric knows a number: HR, methods' ceilings, bicubic.

    Over several datasets there is nothing but the ceilings of methods.
    """
    own = [row for entrant, results in cells.items() for row in _own(entrant, results, metrics, datasets, notes)]
    if len(datasets) != 1:
        return tuple(own)
    results = [result for found in cells.values() for result in found if result.ok]
    bounds: dict[Bound, list[ReferenceRow]] = {}
    for mark, name in words.bounds:
        values = [_value(results, metric, mark) for metric in metrics]
        known = any(value.number is not None for value in values)
        bounds[mark] = [ReferenceRow(name, mark, tuple(values), notes.number(words.bounds_note))] if known else []
    return (*bounds.get("ceiling", ()), *own, *bounds.get("floor", ()))


def _own(
    entrant: Entrant, results: Sequence[Result], metrics: Sequence[str], datasets: Sequence[str], notes: Notes
) -> Iterable[ReferenceRow]:
    """The row of a method's own ceiling, where it has one that was measured."""
    words = results[0].method.ceiling
    found = [ceiling_value(results, metric, datasets) for metric in metrics] if words else []
    if any(found):
        values = tuple(value or Value() for value in found)
        yield ReferenceRow(entrant.name, "ceiling", values, notes.number(_OWN_NOTE), words)


def _value(results: Iterable[Result], metric: str, mark: Bound) -> Value:
    """The mean over cells, which differ only where machines do; their ends beside it where they do."""
    known = [result.record.metrics.get(metric) for result in results if result.record is not None]
    details = [facts.details for facts in known if facts is not None and facts.status == "ok"]
    marked = [one.ceiling if mark == "ceiling" else one.floor for one in details]
    found = [estimate for estimate in marked if estimate is not None]
    if not found:
        return Value(missing="")
    numbers, spread, n = [estimate.value for estimate in found], found[0].spread, found[0].n
    low, high = min(numbers), max(numbers)
    words = [f"± {significant(spread)}"] if spread is not None else []
    words += interval_words(found[0].interval)
    if high - low > _SAME * max(abs(low), abs(high)):
        words = [f"{significant(low, 3)} to {significant(high, 3)} between cells"]
    if n is not None:
        words.append(f"n {n}")
    return Value(math.fsum(numbers) / len(numbers), aside=", ".join(words))
