"""What stands under `train`, apart from a file: how two sets divide a budget, and what it all is in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.contract.fit import Budget
from srbench.errors import SrbenchError
from srbench.matrix.training import SAME, Curriculum, Lesson, StartFrom, TrainOptions, name_of


def curriculum(first: Budget | None = None, then: Budget | None = None) -> Curriculum:
    return Curriculum("a, then same", Lesson("a", first), Lesson(SAME, then))


def steps(amount: float) -> Budget:
    return Budget("steps", amount)


@pytest.mark.parametrize(
    ("first", "then", "whole", "shares"),
    [
        (None, None, steps(600), (steps(300), steps(300))),
        (None, None, steps(5), (steps(2), steps(3))),
        (None, None, Budget("epochs", 5), (Budget("epochs", 2.5), Budget("epochs", 2.5))),
        (steps(100), None, steps(600), (steps(100), steps(500))),
        (None, steps(100), steps(600), (steps(500), steps(100))),
        (steps(1), Budget("seconds", 9), Budget("epochs", 3), (steps(1), Budget("seconds", 9))),
        (steps(8), Budget("steps", 8, steps(4)), steps(1), (steps(8), Budget("steps", 8, steps(4)))),
    ],
)
def test_both_sets_have_the_whole_budget_together_unless_each_has_its_own(
    first: Budget | None, then: Budget | None, whole: Budget, shares: tuple[Budget, Budget]
) -> None:
    assert curriculum(first, then).budgets(whole) == shares


@pytest.mark.parametrize(
    ("first", "then", "whole", "words"),
    [
        (None, None, steps(1), "of the budget of 1 steps 0 steps leave one of both nothing"),
        (steps(600), None, steps(600), "of the budget of 600 steps 600 steps leave one of both nothing"),
        (None, steps(700), steps(600), "leave one of both nothing"),
        (Budget("seconds", 3), None, steps(600), "the budget of 600 steps cannot be divided among both"),
        (None, None, Budget("steps", 8, steps(4)), "cannot be divided among both; give each a budget of its own"),
        (Budget("steps", 3, steps(2)), None, steps(8), "cannot be divided among both"),
    ],
)
def test_a_budget_that_cannot_be_divided_is_told(
    first: Budget | None, then: Budget | None, whole: Budget, words: str
) -> None:
    with pytest.raises(SrbenchError, match=f"a, then same: .*{words}"):
        curriculum(first, then).budgets(whole)


def test_everything_has_words() -> None:
    assert (name_of(SAME), name_of(curriculum())) == ("same", "a, then same")
    assert str(StartFrom(file=Path("models/a.pth"))) == "the file a.pth"
    assert str(StartFrom(weights="vgg19")) == "the published weights vgg19"
    assert str(StartFrom(cell={"method": "rrdb", "on": "t91"})) == "the model of method rrdb, on t91"
    assert TrainOptions(steps(8)).told() == {"Budget": "8 steps"}
    told = TrainOptions(None, "bf16", True, 4, StartFrom(weights="w")).told()
    assert told == {
        "Precision": "bf16",
        "Compiled": "yes",
        "Micro-batches": "4",
        "Starts from": "the published weights w",
    }
