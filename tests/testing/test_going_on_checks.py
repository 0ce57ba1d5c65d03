"""What methods that go on promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in, outcomes, subject_of
from toys.training import Careful, Toy

import srbench
from srbench.testing import CheckFailure, checks_for

WRONG: Wrong = {
    "toys.going_on:LeavesNothingToGoOnFrom": ("goes_on", "left no checkpoint.pt in context.folder"),
    "toys.going_on:BeginsAgain": ("goes_on", "began again from the start: 4 steps from 2 to 4"),
    "toys.going_on:GoesOnElsewhere": ("goes_on", "2 steps and 2 more end in another model than 4 at once"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("method", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("going_on_checks") == {check for check, _ in WRONG.values()}


def test_who_keeps_every_promise_passes() -> None:
    assert_passes("method", "toys.going_on:GoesOn")


class Forgetful(Toy):
    """Keeps in Python what a step changes, and no checkpoint has."""

    def stages(self, networks: dict[str, torch.nn.Module], scale: int) -> list[srbench.Stage]:
        first, second = super().stages(networks, scale)
        seen = [0]
        step = second.step

        def forgets(batch: Any) -> Any:
            seen[0] += 1
            return {name: loss * seen[0] for name, loss in step(batch).items()}

        return [first, srbench.Stage(**{**vars(second), "step": forgets})]


class Once(Careful):
    """Takes back that it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = False

    def fit(self, train: Any, context: Any) -> None:
        assert context.earlier is None
        super().fit(train, context)


@pytest.mark.parametrize("kind", [Careful, Once])
def test_best_weights_and_early_ends_are_no_fault_and_whoever_takes_it_back_is_not_asked(
    kind: type[srbench.Method],
) -> None:
    found = outcomes(subject_of("method", kind))["goes_on"]
    assert found.status == "passed", found


@pytest.mark.parametrize(("kind", "fault"), [(Toy, None), (Forgetful, "end in another model")])
def test_schedules_and_shares_are_no_fault_and_what_no_checkpoint_holds_is(
    monkeypatch: pytest.MonkeyPatch, kind: type[srbench.Method], fault: str | None
) -> None:
    (goes_on,) = (check.function for check in checks_for("method") if check.name == "goes_on")
    for name, steps in (("EARLIER", 3), ("LARGER", 6)):  # enough for a stage with a third of the budget
        monkeypatch.setattr(f"{goes_on.__module__}.{name}", steps)
    with pytest.raises(CheckFailure, match=fault) if fault else nullcontext():
        goes_on(subject_of("method", kind))
