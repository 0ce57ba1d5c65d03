"""What submissions promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.submissions:Forgets": ("accounts_for_every_image", "`files` has [] and `missing` []"),
    "toys.submissions:Invents": ("accounts_for_every_image", "nowhere.png, which is no file"),
    "toys.submissions:KeepsToItself": ("accounts_for_every_image", "what it looked for"),
    "toys.submissions:UpscalesAllTheSame": ("refuses_to_upscale", "no SR was handed in"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("method", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("submission_checks") == {check for check, _ in WRONG.values()}


def test_who_keeps_every_promise_passes() -> None:
    assert_passes("method", "toys.submissions:Right")
