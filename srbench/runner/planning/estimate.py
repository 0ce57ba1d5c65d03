"""How long what is planned will take, by how long such things took before in the same store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from statistics import fmean

from srbench.runner.job.tasks import ExtractorTraining, Training
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.store.records import Store


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
    todo = [planned for planned in plan.cells if planned.state != "done" and planned.verdict is None]
    if not todo:
        return Estimate(0, 0, 0)
    taken, kept = _Taken(store), Damage(store, verify=False)
    trainings = {task.key: task for planned in todo for task in planned.prerequisites() if not kept.is_done(task)}
    cells = {planned.cell.key: planned for planned in todo}
    seconds = [*map(taken.by_training, trainings.values()), *map(taken.by_cell, cells.values())]
    known = [one for one in seconds if one is not None]
    return Estimate(sum(known), len(seconds), len(seconds) - len(known))


class _Taken:
    """Seconds that jobs took which went well."""

    def __init__(self, store: Store) -> None:
        self._seconds: dict[Hashable, list[float]] = defaultdict(list)
        for record in store.records("cells"):
            if record.status == "ok":
                point = record.point
                method, dataset, protocol = (point.get(name) for name in ("method", "dataset", "protocol"))
                self._seconds["cell", method].append(record.seconds)
                self._seconds["cell", method, dataset, protocol].append(record.seconds)
        for record in store.records("models"):
            if record.status == "ok":
                for unit, amount in record.ingredients.get("budget", {}).items():
                    self._seconds["model", record.point.get("method"), unit].append(record.seconds / amount)
        for record in store.records("extractors"):
            if record.status == "ok":
                self._seconds["extractor", record.point.get("extractor")].append(record.seconds)

    def by_cell(self, planned: PlannedCell) -> float | None:
        cell = planned.cell
        here = self._mean("cell", cell.method, cell.dataset, cell.protocol)
        return self._mean("cell", cell.method) if here is None else here

    def by_training(self, task: Training | ExtractorTraining) -> float | None:
        if isinstance(task, ExtractorTraining):
            return self._mean("extractor", task.extractor.name)
        unit, amount = task.budget.unit, float(task.budget.amount)
        if unit == "seconds":
            return amount
        each = self._mean("model", task.method.name, unit)
        return None if each is None else each * amount

    def _mean(self, *of: Hashable) -> float | None:
        return fmean(self._seconds[of]) if of in self._seconds else None
