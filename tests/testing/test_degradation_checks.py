"""What degradations promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.degradations:KeepsHrSize": ("lr_shape", "LR is (12, 18, 3) in uint8; it should be (6, 9, 3)"),
    "toys.degradations:MakesFloats": ("lr_shape", "in float64"),
    "toys.degradations:ForgetsTheDeclaredWhite": ("lr_range", "in uint16, values 1000 to 4095"),
    "toys.degradations:ForgetsTheDeclaredBlack": ("lr_range", "in uint16, values 1000 to 4095"),
    "toys.degradations:TakesTheFirstPixel": ("lr_place", "at scale 2 LR lies 0.25 LR pixels too far down"),
    "toys.degradations:DrawsUnsaid": ("draws_as_it_says", "draws is False; let it say True"),
    "toys.degradations:SaysThatItDraws": ("draws_as_it_says", "draws is True; let it say False"),
    "toys.degradations:BlackensACorner": ("leaves_hr_alone", "work on a copy"),
    "toys.degradations:GloballyRandom": ("repeats", "the rng that lr is given"),
    "toys.degradations:AsBrightAsTheFirst": ("independent_of_order", "when other images came before"),
    "toys.degradations:HidesItsParameter": ("facts_tell_the_parameters", "leaves out sigma"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("degradation", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("degradation_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize(
    "target",
    [
        "toys.degradations:Mean",
        "toys.degradations:Noisy",
    ],
)
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("degradation", target)
