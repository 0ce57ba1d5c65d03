"""What datasets promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
    "toys.datasets:FailsWithoutFiles": ("prepares_offline", "raised FileNotFoundError"),
    "toys.datasets:NeedsANetwork": ("prepares_offline", "no network"),
    "toys.datasets:TermsOfNobody": ("terms_can_be_shown", "source is empty"),
    "toys.datasets:Nothing": ("gives_items", "gives an item"),
    "toys.datasets:NotItems": ("gives_items", "'picture.png'"),
    "toys.datasets:OneIdForAll": ("ids_are_unique", "'picture' for one"),
    "toys.datasets:IdsAreFolders": ("ids_are_file_names", "'../0'"),
    "toys.datasets:RemarksAreOneText": ("remarks_are_sentences", "'left out: 3 files'"),
    "toys.datasets:HoldsPixels": ("items_hold_no_pixels", "pixels of its hr"),
    "toys.datasets:TwoChannels": ("pictures_are_readable", "(24, 32, 2)"),
    "toys.datasets:NoPixels": ("pictures_are_readable", "picture-0' cannot be read"),
    "toys.datasets:NotANumber": ("pictures_are_readable", "not finite"),
    "toys.datasets:WhiteTooLow": ("pictures_are_readable", "outside 0 to 100, its black and white"),
    "toys.datasets:AnotherOrder": ("reads_the_same_twice", "another order"),
    "toys.datasets:OtherPixels": ("reads_the_same_twice", "other pixels"),
    "toys.datasets:TrainsOnTheTest": ("no_image_in_both_splits", "'picture-3' is the same picture"),
    "toys.datasets:SplitsAPatient": ("no_group_in_both_splits", "'patient' for one"),
    "toys.datasets:RegionsOverlap": ("no_group_in_both_splits", "'slide' for one"),
    "toys.datasets:RegionWithoutGroup": ("regions_fit", "no group"),
    "toys.datasets:RegionAboveThePicture": ("regions_fit", "row -1, column 0"),
    "toys.datasets:RegionTurned": ("regions_fit", "24 x 32 pixels, HR 32 x 24"),
    "toys.datasets:WrongLr": ("shipped_lr_fits", "16 x 12 pixels"),
    "toys.datasets:SomeLabels": ("labels_are_complete", "2 of 3 train items"),
    "toys.datasets:WrongMask": ("masks_fit", "32 x 23 pixels, HR 32 x 24"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("dataset", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("dataset_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize(
    "target",
    [
        "toys.datasets:Pictures",
        "toys.datasets:SplitsASlide",
        "toys.datasets:OnlyTest",
        "toys.datasets:OnlyTrain",
    ],
)
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("dataset", target)
