"""How far a training has come: shares of stages in every unit of a budget, and what ends early."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from srbench.contract.fit import Budget, BudgetUnit
from srbench.training.loop.budget import Course
from srbench.training.loop.stages import Stage


def stage(name: str, share: float = 1.0, **changes: Any) -> Stage:
    return Stage(name, {}, {"loss": torch.optim.SGD([torch.zeros(1)], 1)}, lambda batch: {}, 4, 8, share, **changes)


def course(unit: BudgetUnit, amount: float, *stages: Stage, epoch: int = 10) -> Course:
    return Course(stages or (stage("only"),), Budget(unit, amount), epoch)


def run(training: Course) -> list[int]:
    """The steps of each stage when every one is done to its end."""
    steps = []
    while training.stage is not None:
        while training.done() < 1:
            training.stepped()
        steps.append(training.stage_steps)
        training.next_stage()
    return steps


def test_stages_take_their_shares_in_whole_steps_and_lose_none_by_rounding() -> None:
    assert run(course("steps", 100, stage("a", 0.1), stage("b", 0.2), stage("c", 0.7))) == [10, 20, 70]
    assert run(course("steps", 10, *(stage(name) for name in "abc"))) == [4, 3, 3]
    assert run(course("steps", 1, stage("a"), stage("b"))) == [1, 0]


@pytest.mark.parametrize(("unit", "amount", "steps"), [("images", 40, 10), ("images", 41, 11), ("epochs", 2, 5)])
def test_images_and_epochs_are_counted_by_the_patches_of_a_step(unit: BudgetUnit, amount: float, steps: int) -> None:
    assert run(course(unit, amount)) == [steps]
    doubled = course(unit, amount, stage("a", accumulate=2))
    assert run(doubled) == [-(-steps // 2)]
    assert doubled.counts.images == 8 * doubled.counts.steps


def test_seconds_are_those_that_are_counted() -> None:
    training = course("seconds", 10, stage("a"), stage("b", 3))
    training.counts.seconds = 2.0
    assert (training.done(), training.all_done()) == (0.8, 0.2)
    training.counts.seconds = 3.0  # the last step took longer than its stage had
    assert training.done() == 1
    training.next_stage()
    training.counts.seconds = 6.5
    assert training.done() == 0.5


def test_what_a_stage_leaves_is_not_spent_by_the_next_and_counts_as_done() -> None:
    training = course("steps", 100, stage("a"), stage("b"))
    for _ in range(20):
        training.stepped()
    training.next_stage()
    assert training.stage is not None and training.stage.name == "b"
    assert (training.stage_steps, training.done(), training.all_done()) == (0, 0, 0.5)
    assert run(training) == [50]
    assert (training.stage, training.counts.steps, training.all_done()) == (None, 70, 1)


def test_progress_is_one_at_the_end_and_never_more() -> None:
    training = course("steps", 3)
    found = []
    for _ in range(5):
        found.append(training.done())
        training.stepped()
    assert found == [0, 1 / 3, 2 / 3, 1, 1]
    assert training.all_done() == 1


def test_a_training_goes_on_from_its_state_as_if_it_had_not_stopped() -> None:
    training = course("steps", 20, stage("a"), stage("b"))
    for _ in range(7):
        training.stepped()
    training.next_stage()
    training.stepped()
    again = course("steps", 20, stage("a"), stage("b"))
    again.restore(training.state())
    training.stepped()  # the state is a copy
    assert (again.counts.steps, again.stage_steps, again.done()) == (8, 1, 0.1)
    assert run(again) == [10]
