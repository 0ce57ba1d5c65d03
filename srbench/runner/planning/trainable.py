"""Trainings and cells that are bound to fail on the devices that they would have: known before they wait in a queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from srbench.contract.executor import Executor, Resources
from srbench.contract.method import Method
from srbench.devices.kinds import ELSEWHERE, kind_of
from srbench.errors import SrbenchError
from srbench.runner.job.tasks import Evaluation, Task, Training
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.store.records import Store
from srbench.training.loop.steps import cannot_be_divided
from srbench.training.speed.precision import check_precision


def only_trainable(plan: Plan, store: Store, executor: Executor, needed: Callable[[Task], Resources]) -> Plan:
    """The plan, in which cells whose model cannot be trained, or used, where it would be have failed, with the reason.

    needed: what a task needs of a machine. What can only be known on the machine itself is left to the job.
    """
    reasons: dict[str, str] = {}
    of_cells: dict[str, str] = {}
    kept = cache(lambda: Damage(store, verify=False))

    def reason(task: Training) -> str:
        """By the method, since all else is the same in a matrix."""
        if task.method.name not in reasons:
            reasons[task.method.name] = _unfit(task, executor, needed(task))
        return reasons[task.method.name]

    def trained(planned: PlannedCell) -> PlannedCell:
        task = planned.training
        if task is None or planned.state == "done" or planned.verdict is not None or not (told := reason(task)):
            return planned
        is_needed = any(one.key == task.key for one in planned.prerequisites()) and not kept().is_done(task)
        return replace(planned, verdict=("failed", f"training: {told}")) if is_needed else planned

    def used(planned: PlannedCell) -> PlannedCell:
        if planned.state == "done" or planned.verdict is not None or planned.stored is not None:
            return planned
        name = planned.method.name
        if name not in of_cells:
            of_cells[name] = _unusable(planned.evaluation(), executor, needed)
        return replace(planned, verdict=("failed", of_cells[name])) if of_cells[name] else planned

    def looked_at(planned: PlannedCell) -> PlannedCell:
        return used(trained(planned))

    return replace(plan, cells=tuple(map(looked_at, plan.cells)))


def _unfit(task: Training, executor: Executor, resources: Resources) -> str:
    """Why a training is bound to fail, in words; empty where nothing is known."""
    return _without_precision(task, executor, resources) or _without_parts(task, executor, resources)


def _unusable(task: Evaluation, executor: Executor, needed: Callable[[Task], Resources]) -> str:
    """Why a method is bound to fail where it would be used, in words; empty where nothing is known."""
    method: Method = task.method.create()
    device = None if method.computes_in == "32" else executor.device(needed(task))
    if device in (None, ELSEWHERE):
        return ""
    return kind_of(device).lacks(method.computes_in, device) or ""


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
