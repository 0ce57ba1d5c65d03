"""A training that goes on or starts from another one of the store: what it begins with, and what both took together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from srbench.contract.fit import FitContext, Start
from srbench.contract.method import Method
from srbench.contract.training_set import TrainingSet
from srbench.runner.job.tasks import Training
from srbench.runner.work.witness import Outdated
from srbench.store.record import Record
from srbench.store.records import Store
from srbench.training.loop.group import Group
from srbench.training.torch_method import WEIGHTS

Cost = dict[str, float | None]


def earlier_record(store: Store, task: Training) -> Record:
    """The record of a training that another goes on or starts from. Raises `Outdated` where there is none any more."""
    record = store.read("models", task.key)
    if record is None or record.status != "ok":
        folder = store.folder("models", task.key)
        raise Outdated(f"the earlier training is gone from {folder}; run again, which does it anew")
    return record


def start_of(store: Store, task: Training) -> Start | None:
    """The weights that a training starts from, if from any. Raises `Outdated` where they are gone or damaged."""
    asked = task.start
    if asked is None or asked.training is None:
        return None if asked is None or asked.file is None else Start(asked.file, asked.told)
    record = earlier_record(store, asked.training)
    if damage := store.damage("models", record):
        raise Outdated(f"{damage}, of {asked.training.label}; run again, which trains it anew")
    return Start(store.folder("models", record.key) / WEIGHTS, asked.told)


def start_cost(store: Store, task: Training) -> Cost:
    """The cost of the training before, and of those before that; nothing where a training starts from none."""
    if task.start is None or task.start.training is None:
        return {}
    cost = earlier_record(store, task.start.training).cost
    return {
        f"start_{name}": None if cost.get(f"train_{name}") is None else _sum(cost, f"train_{name}", f"start_{name}")
        for name in ("seconds", "steps")
    }


def _sum(cost: Cost, *names: str) -> float:
    return sum(cost.get(name) or 0 for name in names)


def fit(method: Method, train: TrainingSet, context: FitContext) -> None:
    """Train a method. Raises `Outdated` where it cannot go on from the checkpoint that it was to go on from.

    Such a checkpoint is removed, so that the next run does the earlier training anew.
    """
    from srbench.training.loop.engine import NothingToGoOnFrom

    try:
        method.fit(train, context)
    except NothingToGoOnFrom as error:
        if context.earlier is not None and Group.here().first:
            context.earlier.unlink(missing_ok=True)
        raise Outdated(f"{error}; run again, which does the earlier training anew, and goes on from there") from error


def gone_on(last: Mapping[str, Any], earlier: Record) -> Cost:
    """The cost of what came after an earlier training. last: the row at the end of a history that counts both."""
    seconds, steps = earlier.cost.get("train_seconds"), earlier.cost.get("train_steps")
    return {
        "going_on_seconds": round(float(last["seconds"] or 0) - (seconds or 0), 3),
        "going_on_steps": int(last["step"] or 0) - (steps or 0),
    }


def all_in_all(energy: Cost, earlier: Record | None) -> Cost:
    """The energy of a training and of the one that it went on from, if any; nothing where that one's is not known."""
    if earlier is None:
        return energy
    both = {name: (joules, earlier.cost.get(name)) for name, joules in energy.items()}
    return {name: own + before for name, (own, before) in both.items() if own is not None and before is not None}
