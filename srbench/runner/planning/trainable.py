"""Trainings that are bound to fail on the devices that they would have: known before they wait in any queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from srbench.contract.executor import Executor, Resources
from srbench.contract.method import Method
from srbench.devices.kinds import ELSEWHERE
from srbench.errors import SrbenchError
from srbench.runner.job.tasks import Task, Training
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.store.records import Store
from srbench.training.loop.steps import cannot_be_divided
from srbench.training.speed.precision import check_precision


def only_trainable(plan: Plan, store: Store, executor: Executor, needed: Callable[[Task], Resources]) -> Plan:
    """The plan, in which cells whose model cannot be trained where it would be have failed, with the reason.

    needed: what a task needs of a machine. What can only be known on the machine itself is left to the training.
    """
    reasons: dict[str, str] = {}
    kept = cache(lambda: Damage(store, verify=False))

    def reason(task: Training) -> str:
        """By the method, since all else is the same in a matrix."""
        if task.method.name not in reasons:
            reasons[task.method.name] = _unfit(task, executor, needed(task))
        return reasons[task.method.name]

    def looked_at(planned: PlannedCell) -> PlannedCell:
        task = planned.training
        if task is None or planned.state == "done" or planned.verdict is not None or not (told := reason(task)):
            return planned
        is_needed = any(one.key == task.key for one in planned.prerequisites()) and not kept().is_done(task)
        return replace(planned, verdict=("failed", f"training: {told}")) if is_needed else planned

    return replace(plan, cells=tuple(map(looked_at, plan.cells)))


def _unfit(task: Training, executor: Executor, resources: Resources) -> str:
    """Why a training is bound to fail, in words; empty where nothing is known."""
    return _without_precision(task, executor, resources) or _without_parts(task, executor, resources)


def _without_precision(task: Training, executor: Executor, resources: Resources) -> str:
    device = None if task.precision == "32" else executor.device(resources)
    if device in (None, ELSEWHERE):  # which GPU that is, its machine will see
        return ""
    import torch

    try:
        check_precision(task.precision, torch.device(device))
    except SrbenchError as error:
        return str(error)
    return ""


def _without_parts(task: Training, executor: Executor, resources: Resources) -> str:
    method: Method = task.method.create()
    batch_size = getattr(method, "batch_size", None)
    if not (method.spreads and isinstance(batch_size, int)):
        return ""
    return cannot_be_divided(batch_size, executor.processes(resources) or 1, task.micro_batches)
