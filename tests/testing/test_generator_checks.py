"""What generators promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.generators:Wide": ("sample_gives_images", "(5, 3, 48, 49)"),
    "toys.generators:WhiteIs255": ("sample_gives_images", "not at 255"),
    "toys.generators:GloballyRandom": ("samples_repeat", "of each image's own"),
    "toys.generators:OneNoiseForABatch": ("samples_ignore_the_batch", "made alone"),
    "toys.generators:SeedPlusPlace": ("samples_differ", "seed 0, place 1 and of seed 1, place 0"),
    "toys.generators:IgnoresClasses": ("classes_matter", "both classes are the same"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("method", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("generator_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize(
    "target",
    [
        "toys.generators:Right",
        "toys.generators:RightLearner",
    ],
)
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("method", target)
