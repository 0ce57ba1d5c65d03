"""Schedules beside torch's own, and in closed form."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, MultiStepLR

from srbench.errors import SrbenchError
from srbench.training.loop.schedules import SCHEDULES, Cosine, Linear, Plateau, Steps, constant, cosine, warmed_up

LENGTH = 20


def rates(make: type[LRScheduler], **given_: object) -> list[float]:
    """What a scheduler of torch makes of a rate of 1 in twenty steps."""
    optimiser: Optimizer = SGD([torch.zeros(1)], 1.0)
    scheduler, found = make(optimiser, **given_), []
    for _ in range(LENGTH):
        found.append(float(optimiser.param_groups[0]["lr"]))
        optimiser.step()
        scheduler.step()
    return found


@pytest.mark.parametrize(
    ("schedule", "torchs"),
    [
        (cosine, rates(CosineAnnealingLR, T_max=LENGTH)),
        (Cosine(0.1), rates(CosineAnnealingLR, T_max=LENGTH, eta_min=0.1)),
        (Linear(0.2), rates(LinearLR, start_factor=1.0, end_factor=0.2, total_iters=LENGTH)),
        (Steps((0.25, 0.5, 0.9), 0.1), rates(MultiStepLR, milestones=[5, 10, 18], gamma=0.1)),
        (Steps((0.5,)), rates(MultiStepLR, milestones=[10], gamma=0.5)),
    ],
    ids=lambda value: str(value) if callable(value) else "",
)
def test_they_are_torchs(schedule, torchs: list[float]) -> None:
    assert [schedule(step / LENGTH) for step in range(LENGTH)] == pytest.approx(torchs, abs=1e-9)


def test_the_constant_stays_and_so_does_a_plateau_by_progress_alone() -> None:
    assert {schedule(progress) for schedule in (constant, Plateau()) for progress in (0, 0.7, 1)} == {1.0}


@given(st.integers(0, 40), st.floats(0.05, 0.95), st.floats(0, 1))
def test_a_plateau_takes_its_factor_each_time_and_stops_at_its_end(count: int, factor: float, to: float) -> None:
    found = Plateau(factor, to=to).after(count)
    assert found == pytest.approx(max(to, math.prod([factor] * count)))


def test_a_warm_up_rises_evenly_and_then_the_schedule_counts() -> None:
    assert [warmed_up(cosine, 0.1, progress) for progress in (0, 0.05, 0.1, 0.5)] == pytest.approx(
        [0.01, 0.505, cosine(0.1), 0.5]
    )
    assert warmed_up(cosine, 0.0, 0.0) == 1


@pytest.mark.parametrize("at", [(), (0.5, 0.2), (0.5, 0.5)])
def test_steps_that_do_not_follow_each_other_are_refused(at: tuple[float, ...]) -> None:
    with pytest.raises(SrbenchError, match="shares of the training that rise"):
        Steps(at)


def test_each_has_its_name_in_a_matrix() -> None:
    assert {name: kind.__name__.lower() for name, kind in SCHEDULES.items()} == {name: name for name in SCHEDULES}
