"""What metrics of a set promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.metrics:ComputesAnInteger": ("computes_a_float", "a int"),
    "toys.metrics:LastCountsMost": ("independent_of_order", "in reverse order"),
    "toys.metrics:LooksOnlyAtHr": ("sees_every_image", "another image"),
    "toys.metrics:ComputeEmpties": ("instances_share_nothing", "computed again 0"),
    "toys.metrics:SetOverwritesSr": ("update_leaves_images_alone", "changed the images"),
    "toys.metrics:CrookedMatrix": ("computes_a_float", "rows of 2, 1 counts"),
    "toys.metrics:CeilingIsNan": ("computes_a_float", "is nan, not a finite number"),
    "toys.metrics:DetailsAsADict": ("details_fit_the_set", "with a dict; give srbench.Details"),
    "toys.metrics:TurnedMatrix": ("details_fit_the_set", "count {'bright': 4.0}; of the test images shown"),
    "toys.metrics:GeneratedHasNoPicture": ("judges_unpaired_sets", "only id and label"),
    "toys.metrics:LastGeneratedCounts": ("independent_of_order_unpaired", "the generated images in reverse order"),
    "toys.metrics:BlindForGenerated": ("sees_generated_images", "so does one that gives flat grey"),
    "toys.metrics:FailsOnNothing": ("few_unpaired_images", "ZeroDivisionError"),
    "toys.metrics:OverwritesGenerated": ("update_unpaired_leaves_images_alone", "changed an image"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("metric", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("set_metric_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize(
    "target",
    [
        "toys.metrics:SetDifference",
        "toys.metrics:GeneratorDifference",
        "toys.metrics:BothTasks",
        "toys.metrics:TellsDetails",
        "toys.metrics:SpreadOfSamples",
    ],
)
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("metric", target)
