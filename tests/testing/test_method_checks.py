"""What methods promise of upscaling: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.methods:AnswersFalse": ("supports_answers", "answered False"),
    "toys.methods:SkipsSilently": ("supports_answers", "without a reason"),
    "toys.methods:KeepsLrSize": ("output_shape", "(2, 3, 48, 64)"),
    "toys.methods:Doubles": ("output_float32", "torch.float64"),
    "toys.methods:DividesByBlack": ("output_finite", "black picture"),
    "toys.methods:WhiteIs255": ("output_range", "white is 1"),
    "toys.methods:LearnsWhite255": ("output_range", "not at 255"),
    "toys.methods:OnlyByFour": ("every_scale", "at scale 2"),
    "toys.methods:OnlyColour": ("grey_and_colour", "(1, 1, 12, 16)"),
    "toys.methods:OnlyWhatItLearnedOn": ("grey_and_colour", "3 channels after training on images with 1"),
    "toys.methods:OnlyEven": ("odd_sizes", "(1, 3, 28, 36)"),
    "toys.methods:OnlyThreeAndMore": ("tiny_sizes", "LR of 1 x 1 pixels"),
    "toys.methods:Drifts": ("deterministic", "differ by up to 0.0001"),
    "toys.methods:SampleByNumpy": ("draws_samples", "two seeds are the same"),
    "toys.methods:SecretlySamples": ("independent_of_global_seed", "samples is False"),
    "toys.methods:NormalisesTheBatch": ("independent_of_batch", "others in its batch"),
    "toys.methods:OverwritesLr": ("leaves_lr_alone", "changed the LR"),
    "toys.methods:HaloTooSmall": ("halo_is_enough", "halo = 1"),
    "toys.methods:CeilingOfLrSize": ("ceiling_shape", "(1, 1, 12, 16)"),
    "toys.methods:CeilingDividesByBlack": ("ceiling_finite", "black picture"),
    "toys.methods:CeilingDrifts": ("ceiling_repeats", "differ by up to 0.25"),
    "toys.methods:FitsInSecret": ("refuses_to_fit", "learns is False"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("method", target, check, message)


def test_a_sample_of_another_size_is_none() -> None:
    assert_breaks_only("method", "toys.methods:SampleOfAnotherSize", "draws_samples", "(1, 3, 12, 16)")


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("method_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize(
    "target",
    [
        "toys.methods:Right",
        "toys.methods:RightSampler",
        "toys.methods:RightButPicky",
        "toys.methods:RightWithCeiling",
        "toys.methods:HaloRight",
    ],
)
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("method", target)
