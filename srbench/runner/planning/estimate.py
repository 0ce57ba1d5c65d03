"""How long what is planned takes, by how long such things took before in the same store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from srbench.runner.job.tasks import ExtractorTraining, Training
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.store.cell import Cell
from srbench.store.record import Record
from srbench.store.records import SHELVES, Shelf, Store

SHORTEST_SHARE = 0.02
SHORTEST_SECONDS = 5.0
"""What has to be known of a job before its own pace says anything of the time that is left."""
Awaited = Training | ExtractorTraining | Cell
"""What takes time: a training, or making and scoring a cell."""


@dataclass(frozen=True)
class Estimate:
    """Seconds of jobs done one after the other. unknown: jobs of which nothing is known, and which are left out."""

    seconds: float
    jobs: int
    unknown: int


def estimate(plan: Plan, store: Store) -> Estimate:
    """Add up the jobs of a plan: a cell takes as long as it did before, or as its method does elsewhere.

    A training takes its budget where that is a time, and otherwise as long a step or an epoch as the method's others.
    """
    jobs = awaited((planned for planned in plan.cells if planned.state != "done"), store)
    durations = Durations(store if jobs else None)
    seconds = [durations.expected(one) for one in jobs.values()]
    known = [one for one in seconds if one is not None]
    return Estimate(sum(known), len(seconds), len(seconds) - len(known))


def awaited(cells: Iterable[PlannedCell], store: Store) -> dict[str, Awaited]:
    """What has to be done for cells, by key; one with a verdict takes nothing."""
    todo = [planned for planned in cells if planned.verdict is None]
    trainings = Damage(store, verify=False).to_do(task for planned in todo for task in planned.prerequisites())
    return {**trainings, **{planned.cell.key: planned.cell for planned in todo}}


def seconds_left(done: float, seconds: float) -> float | None:
    """How long the rest of something takes that is done to this share after so long; None where too little is known."""
    if done < SHORTEST_SHARE or seconds < SHORTEST_SECONDS or done >= 1:
        return None
    return seconds * (1 - done) / done


class Durations:
    """Seconds that jobs took which went well: those of a store, if there is one, and what is added."""

    def __init__(self, store: Store | None) -> None:
        self._seconds: dict[Hashable, _Mean] = defaultdict(_Mean)
        if store is not None:
            for shelf in SHELVES:
                for record in store.records(shelf):
                    self.add(shelf, record)

    def add(self, shelf: Shelf, record: Record) -> None:
        """Learn from what a job left; one that did not go well teaches nothing."""
        point = record.point
        if record.status != "ok":
            return
        if shelf == "cells":
            method, dataset, protocol = (point.get(name) for name in ("method", "dataset", "protocol"))
            self._seconds["cell", method].add(record.seconds)
            self._seconds["cell", method, dataset, protocol].add(record.seconds)
        elif shelf == "models":
            before = record.ingredients.get("from", {}).get("budget", {})
            for unit, amount in record.ingredients.get("budget", {}).items():
                self._seconds["model", point.get("method"), unit].add(record.seconds / (amount - before.get(unit, 0)))
        else:
            self._seconds["extractor", point.get("extractor")].add(record.seconds)

    def expected(self, job: Awaited) -> float | None:
        """How many seconds a job takes; None where nothing like it is known."""
        return self.of_kind(kind_of(job))

    def of_kind(self, kind: Kind) -> float | None:
        """How many seconds a job of a kind takes; None where nothing like it is known."""
        if kind.known is not None:
            return kind.known
        found = (self._seconds[means].value for means in kind.means if means in self._seconds)
        each = next(found, None)
        return None if each is None else each * kind.times


class Kind(NamedTuple):
    """What is alike of jobs that are expected to take as long.

    means: whose seconds tell of it, from the one that tells most. times: so many of these it takes. known: the seconds,
    where they are known beforehand.
    """

    means: tuple[Hashable, ...]
    times: float = 1.0
    known: float | None = None


def kind_of(job: Awaited) -> Kind:
    """What decides how long a job takes."""
    if isinstance(job, Cell):
        return Kind((("cell", job.method, job.dataset, job.protocol), ("cell", job.method)))
    if isinstance(job, ExtractorTraining):
        return Kind((("extractor", job.extractor.name),))
    unit, amount = job.budget.unit, float(job.budget.own)
    return Kind((("model", job.method.name, unit),), amount, amount if unit == "seconds" else None)


@dataclass
class _Mean:
    """A mean that numbers are added to."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1

    @property
    def value(self) -> float:
        return self.total / self.count
