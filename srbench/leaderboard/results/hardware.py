"""What a cost was measured on: times, memory and joules are compared within one kind of hardware only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from srbench.leaderboard.results.results import Entrant, Result
from srbench.leaderboard.words.numerals import plural
from srbench.store.record import Record

SEVERAL = "several kinds of hardware"


@dataclass(frozen=True)
class Measured:
    """The mean of a cost over an entrant's cells, all measured on one kind of hardware.

    number: None where it was not measured, or where no one kind measured it on every dataset. hardware: that kind, in
    words; empty where records do not say. compared: whether it is the kind that the entrants are compared on.
    """

    number: float | None = None
    hardware: str = ""
    compared: bool = True


def hardware(record: Record, cost: str = "") -> str:
    """`NAME OF THE CPU OR GPU (2 cores)` that measured a cost of a record; empty where it does not say.

    A model may have been trained on another machine than the one that used it.
    """
    known = record.environment
    if cost.startswith("train_"):
        known = known.get("training", known)
    device, cores = known.get("device"), known.get("cores")
    return f"{device} ({plural(cores, 'core')})" if device and isinstance(cores, int) else str(device or "")


def measured(cells: Mapping[Entrant, Sequence[Result]], cost: str) -> dict[Entrant, Measured]:
    """A cost of every entrant, on the kind of hardware that measured it of the most, where that measured its own."""
    found = {entrant: _by_hardware(results, cost) for entrant, results in cells.items()}
    times = Counter(kind for kinds in found.values() for kind in kinds)
    compared = next((kind for kind, _ in times.most_common(1)), "")
    return {entrant: _measured(kinds, compared, cells[entrant], cost) for entrant, kinds in found.items()}


def _by_hardware(results: Sequence[Result], cost: str) -> dict[str, float]:
    """The mean by kind of hardware, of those that measured it on every dataset."""
    values: dict[str, list[tuple[str, float]]] = {}
    for result, record, value in _known(results, cost):
        values.setdefault(hardware(record, cost), []).append((result.cell.dataset, value))
    datasets = {result.cell.dataset for result, _, _ in _known(results, cost)}
    return {
        kind: fmean(value for _, value in pairs)
        for kind, pairs in values.items()
        if {dataset for dataset, _ in pairs} == datasets
    }


def _known(results: Sequence[Result], cost: str) -> list[tuple[Result, Record, float]]:
    ok = [(result, result.record) for result in results if result.ok and result.record is not None]
    return [(result, record, value) for result, record in ok if (value := record.cost.get(cost)) is not None]


def _measured(kinds: Mapping[str, float], compared: str, results: Sequence[Result], cost: str) -> Measured:
    if not kinds:
        return Measured(None, SEVERAL, compared=False) if _known(results, cost) else Measured()
    kind = compared if compared in kinds else next(iter(kinds))
    return Measured(kinds[kind], kind, kind == compared)
