"""What formats promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in, outcomes, subject_of

WRONG: Wrong = {
    "toys.formats:TakesEverything": ("recognises_its_files", "a PNG is recognised"),
    "toys.formats:TakesItsContentForAnothers": ("recognises_its_files", "3.toy is not recognised"),
    "toys.formats:ListsNothing": ("lists_nothing_beside_pictures", "3.toy lists []"),
    "toys.formats:NoFrames": ("gives_frames", "frames(3.toy) gave []"),
    "toys.formats:FramesOfAnotherFile": ("gives_frames", "has the path other.toy"),
    "toys.formats:OneKeyForAll": ("keys_tell_frames_apart", "3.toy has 3 frames with the key '0'"),
    "toys.formats:KeysAreFolders": ("keys_tell_frames_apart", "the key './0'"),
    "toys.formats:FactsAreNumbers": ("facts_are_text", "tells 'bits' as 8"),
    "toys.formats:SpacingOfNothing": ("facts_are_text", "(0.0, 0.0); give None"),
    "toys.formats:TwoDimensions": ("reads_pixels", "3.toy 0 is (6, 8); it should be"),
    "toys.formats:InDoublePrecision": ("reads_pixels", "3.toy 0 is float64"),
    "toys.formats:Turned": ("reads_pixels", "the shape (8, 6, 1); its frame told of (6, 8)"),
    "toys.formats:WhiteTooLow": ("values_hold", "its frame tells of 0 to 100"),
    "toys.formats:AnotherEachTime": ("reads_the_same_twice", "gives others the second time"),
    "toys.formats:CrashesOnDamage": ("damage_is_told", "raised ValueError: bad file"),
    "toys.formats:NamesNoFile": ("damage_is_told", "the error names no file: bad file"),
    "toys.formats:Loses": ("writes_what_it_reads", "has other pixels when it was written"),
    "toys.formats:KeepsSpacing": ("writes_sr", "it should be (0.25, 0.125) mm"),
    "toys.formats:KeepsThePatient": ("written_is_nobodys", "tells the group of its source"),
    "toys.formats:ReadsItAll": ("frames_need_no_pixels", "read the header alone"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("format", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("format_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize("target", ["toys.formats:Grey", "toys.formats:Written"])
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("format", target)


def test_what_is_written_is_asked_only_of_formats_that_write() -> None:
    asked = {target: set(outcomes(subject_of("format", f"toys.formats:{target}"))) for target in ("Grey", "Written")}
    more = {"writes_what_it_reads", "writes_sr", "written_is_nobodys", "frames_need_no_pixels"}
    assert asked["Written"] - asked["Grey"] == more
