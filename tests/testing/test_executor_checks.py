"""What executors promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.executors:Full": ("has_places", "places() gave 0"),
    "toys.executors:Wrong": ("does_jobs", "ended with 0"),
    "toys.executors:Forgets": ("stops_jobs", "'forgotten'"),
    "toys.executors:Loses": ("finds_jobs_again", "that it neither waits nor runs"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("executor", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("executor_checks") == {check for check, _ in WRONG.values()}


def test_one_that_knows_its_jobs_again_passes() -> None:
    assert_passes("executor", "toys.executors:Remembers")
