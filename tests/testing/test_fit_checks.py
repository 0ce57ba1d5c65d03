"""What methods promise of learning: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.methods:FailsToFit": ("fits", "cannot crop 128 pixels"),
    "toys.methods:CountsNothing": ("counts_parameters", "gave 0 after fit"),
    "toys.methods:SpreadsAlone": ("learns_in_the_loop", "did not learn in srbench's training loop"),
    "toys.methods:TellsASmallerBatch": ("knows_its_batch", "batch_size is 1, and a training in 2 micro-batches went"),
    "toys.methods:ForgetsToSave": ("saves_and_loads", "wrote nothing"),
    "toys.methods:ForgetsToLoad": ("saves_and_loads", "other images after load"),
    "toys.methods:SavesAPickle": ("saves_no_code", "history.pkl"),
    "toys.methods:FitsByGlobalSeed": ("fit_repeats", "same context.seed differ"),
    "toys.methods:IgnoresTheSeed": ("seed_matters", "context.seed is not used"),
    "toys.methods:NeverAsksToStop": ("stops_on_request", "0 times in 4 steps"),
    "toys.methods:AsksToStopSeldom": ("stops_on_request", "2 times in 4 steps"),
    "toys.methods:GoesOnWhenStopped": ("stops_on_request", "fit went on"),
    "toys.methods:StartsAgain": ("resumes", "began again"),
    "toys.methods:ResumesElsewhere": ("resumes", "another model"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("method", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("fit_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize(
    "target",
    [
        "toys.methods:RightLearner",
        "toys.methods:TellsItsBatch",
    ],
)
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("method", target)
