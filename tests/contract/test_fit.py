"""The circumstances of a training: a budget in words, folders, and silence unless somebody listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.contract.fit import Budget, FitContext


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget("steps", 300), "300 steps"),
        (Budget("seconds", 0.5), "0.5 seconds"),
        (Budget("images", 2e4), "20,000 images"),
        (Budget("steps", 1e6), "1,000,000 steps"),
        (Budget("epochs", 50, Budget("epochs", 7.5)), "50 epochs, gone on from 7.5 epochs"),
    ],
)
def test_a_budget_in_words(budget: Budget, words: str) -> None:
    assert str(budget) == words


def test_what_outlives_the_checkpoint_goes_to_the_model_s_folder_or_to_the_only_one() -> None:
    alone = FitContext(0, Budget("steps", 1), Path("checkpoint"))
    assert alone.model_folder == Path("checkpoint")
    assert FitContext(0, Budget("steps", 1), Path("checkpoint"), model=Path("model")).model_folder == Path("model")


def test_unless_told_nobody_listens_and_nobody_stops() -> None:
    context = FitContext(0, Budget("steps", 1), Path())
    context.progress(0.5, "half")
    assert not context.stop()
    assert (context.device, context.precision, context.compile) == ("cpu", "32", False)
