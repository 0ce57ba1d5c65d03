"""What a derived image keeps."""

from __future__ import annotations

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from srbench_dicom import kept as module
from srbench_dicom.kept import EMPTY, another_uid, kept


def test_all_that_may_be_kept_is_in_the_standard_and_neither_a_name_nor_a_date() -> None:
    assert all(tag_for_keyword(name) is not None for name in module._KEPT)
    kinds = {dictionary_VR(tag_for_keyword(name)) for name in module._KEPT}
    assert not kinds & {"PN", "DA", "DT", "TM", "LT", "UT", "AS", "UR"}


def test_what_must_be_there_and_empty_is_kept_of_nobody() -> None:
    identifying = set(EMPTY) - {"Manufacturer", "SeriesNumber", "InstanceNumber"}
    assert not identifying & module._KEPT


def test_uids_of_the_source_are_replaced_in_sequences_too_but_not_its_kind() -> None:
    source, inner = Dataset(), Dataset()
    source.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    source.FrameOfReferenceUID = inner.DimensionOrganizationUID = "1.2.9"
    inner.PatientName = "Doe^Jane"
    source.DimensionOrganizationSequence = [inner]
    made = kept(source)
    assert made.SOPClassUID == source.SOPClassUID
    assert (
        made.FrameOfReferenceUID
        == made.DimensionOrganizationSequence[0].DimensionOrganizationUID
        == another_uid("1.2.9")
    )
    assert "PatientName" not in made.DimensionOrganizationSequence[0]
    assert source.FrameOfReferenceUID == "1.2.9" and "PatientName" in inner


@pytest.mark.parametrize("made_of", [(), (2,), (2, "a")])
def test_another_uid_is_always_the_same_other_one(made_of) -> None:
    assert another_uid("1.2.3", *made_of) == another_uid("1.2.3", *made_of) != "1.2.3"
    assert another_uid("1.2.3", *made_of) != another_uid("1.2.4", *made_of)
