"""What methods that start from weights promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in, outcomes, subject_of

WRONG: Wrong = {
    "toys.starting:LeavesNothingToStartFrom": ("starts", "save wrote no weights.safetensors"),
    "toys.starting:IgnoresTheStart": ("starts", "the same model with context.start as without it"),
    "toys.starting:SaysNothing": ("starts", "no note says what a training started from"),
    "toys.starting:StartsOnceMore": ("starts_and_resumes", "ends in another model than one that was not"),
    "toys.starting:TakesAnything": ("refuses_what_does_not_fit", "were taken without a word"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("method", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("starting_checks") == {check for check, _ in WRONG.values()}


def test_who_keeps_every_promise_passes() -> None:
    assert_passes("method", "toys.starting:Starts")


def test_a_torch_method_of_two_stages_and_two_networks_keeps_them() -> None:
    found = outcomes(subject_of("method", "toys.training:Careful"))
    assert {found[name].status for name in checks_in("starting_checks")} == {"passed"}
