"""What metrics of one image promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.metrics:ComparesWithNothing": ("declares_itself", "reference is 'validation'"),
    "toys.metrics:WithoutDirection": ("declares_itself", "higher_is_better"),
    "toys.metrics:GivesATensor": ("gives_a_float", "a Tensor"),
    "toys.metrics:LeavesItsRange": ("score_in_range", "outside the range (0.0, 0.0001)"),
    "toys.metrics:NeverPerfect": ("best_when_identical", "identical images get 0.1"),
    "toys.metrics:CannotTellNoise": ("worse_with_noise", "0.01, 0.01"),
    "toys.metrics:WrongDirection": ("worse_with_noise", "higher_is_better = True"),
    "toys.metrics:OnlyColour": ("scores_grey_images", "index 2 is out of bounds"),
    "toys.metrics:OnlyEven": ("scores_odd_sizes", "odd height"),
    "toys.metrics:FailsOnSmall": ("tiny_images", "image of 1 x 1 pixels raised"),
    "toys.metrics:NanWhenFlat": ("flat_images", "nan"),
    "toys.metrics:Drifts": ("score_repeats", "depend on chance"),
    "toys.metrics:LosesParts": ("scores_parts", "score_measured of all pixels"),
    "toys.metrics:OverwritesSr": ("leaves_images_alone", "changed the images"),
    "toys.metrics:PeeksAtHr": ("hr_plays_no_part", "beside another"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("metric", target, check, message)


@pytest.mark.parametrize(
    ("target", "check", "message"),
    cases(
        {
            "toys.metrics:ImageMetricWithLabels": ("declares_itself", "nothing but 'baseline'"),
            "toys.metrics:SamplesUncounted": ("declares_itself", "how many"),
            "toys.metrics:BaselineOfLr": ("declares_itself", "'protocol' or 'image'"),
            "toys.metrics:BaselineForNothing": ("gives_a_float", "does not define score_beside"),
        }
    ),
)
def test_what_a_metric_needs_is_told_in_full_and_used(target: str, check: str, message: str) -> None:
    assert_breaks_only("metric", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("metric_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize(
    "target",
    [
        "toys.metrics:MeanDifference",
        "toys.metrics:SignalToNoise",
        "toys.metrics:Unbounded",
        "toys.metrics:NearerThanBaseline",
        "toys.metrics:Brightness",
    ],
)
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("metric", target)
