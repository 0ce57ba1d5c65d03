"""What a header says: range, unit, window, distances, whose picture it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from srbench_dicom.files import Dicom
from srbench_dicom.header import read_header

from srbench import ImageError, Values


def item(**elements: Any) -> Sequence:
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return Sequence([data])


def frame(path: Path) -> Any:
    (found,) = Dicom().frames(path)
    return found


@pytest.mark.parametrize("bits", range(1, 17))
def test_all_bits_are_believed_but_sixteen(make, bits: int) -> None:
    values = frame(make([[0, 1]], BitsStored=bits, Modality="MR")).values
    assert values == (None if bits == 16 else Values(0, 2**bits - 1))


@pytest.mark.parametrize(
    ("elements", "unit"),
    [
        ({}, "HU"),
        ({"RescaleType": "HU", "Modality": "OT"}, "HU"),
        ({"RescaleType": "US"}, ""),
        ({"RescaleType": "OD", "Modality": "CR"}, "OD"),
        ({"Modality": "PT", "Units": "BQML"}, "BQML"),
        ({"Modality": "MR"}, ""),
        ({"PhotometricInterpretation": "MONOCHROME1"}, ""),
    ],
)
def test_the_unit_is_the_modalitys(make, elements: dict[str, Any], unit: str) -> None:
    assert frame(make(**elements)).values.unit == unit


@pytest.mark.parametrize(
    ("elements", "window"),
    [
        ({"WindowCenter": 40, "WindowWidth": 400}, (-160.0, 239.0)),  # PS3.3 C.11.2.1.2.1: the ends are pixel values
        ({"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "LINEAR_EXACT"}, (-160.0, 240.0)),
        ({"WindowCenter": [40, 300], "WindowWidth": [400, 10]}, (-160.0, 239.0)),
        ({"WindowCenter": 40, "WindowWidth": 1}, None),
        ({"WindowCenter": 40}, None),
        ({}, None),
        # -1024 to 3071 the other way round: what was shown white, -160, is now 2207
        ({"WindowCenter": 40, "WindowWidth": 400, "PhotometricInterpretation": "MONOCHROME1"}, (1808.0, 2207.0)),
    ],
)
def test_the_window_is_the_first_one(make, elements: dict[str, Any], window: Any) -> None:
    values = frame(make(RescaleSlope=1, RescaleIntercept=-1024, **elements)).values
    assert values.window == window and (values.low, values.high) == (-1024, 3071)


@pytest.mark.parametrize(
    ("elements", "spacing"),
    [
        ({"PixelSpacing": [0.5, 0.25], "ImagerPixelSpacing": [0.6, 0.6]}, (0.5, 0.25)),
        ({"ImagerPixelSpacing": [0.1, 0.2]}, (0.1, 0.2)),
        ({"NominalScannedPixelSpacing": [0.3, 0.3]}, (0.3, 0.3)),
        ({}, None),
    ],
)
def test_pixels_lie_apart_as_the_nearest_to_the_patient_says(make, elements: dict[str, Any], spacing: Any) -> None:
    found = frame(make(**elements))
    assert (found.spacing, found.spacing_unit) == (spacing, "mm")


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"PixelSpacing": [0, 0.5]}, r"made.dcm: has pixels that lie 0 x 0.5 mm apart \(PixelSpacing\)"),
        ({"RescaleSlope": 0}, "has RescaleSlope 0 and RescaleIntercept 0"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(make, elements: dict[str, Any], message: str) -> None:
    with pytest.raises(ImageError, match=message):
        frame(make(**elements))


def test_it_belongs_to_the_patient_or_the_study_or_itself(make) -> None:
    assert frame(make()).group == "p-17"
    assert frame(make(PatientID="", name="2.dcm")).group == "1.2.3"
    assert frame(make(PatientID=None, StudyInstanceUID=None, name="3.dcm")).group == "1.2.3.4"


def test_facts_are_what_may_be_chosen_by_as_text(make) -> None:
    found = frame(make(Manufacturer="M", ImageType=["ORIGINAL", "PRIMARY"], SliceThickness=1.5, BodyPartExamined=""))
    assert found.facts == {
        "Modality": "CT",
        "Manufacturer": "M",
        "ImageType": "ORIGINAL\\PRIMARY",
        "SliceThickness": "1.5",
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsStored": "12",
    }


def test_frames_of_enhanced_files_have_their_own_and_what_is_shared(make) -> None:
    path = make(
        [[[0, 1]], [[2, 3]]],
        NumberOfFrames=2,
        SharedFunctionalGroupsSequence=item(
            PixelMeasuresSequence=item(PixelSpacing=[0.5, 0.25]),
            FrameVOILUTSequence=item(WindowCenter=40, WindowWidth=401),
        ),
        PerFrameFunctionalGroupsSequence=Sequence(
            [
                *item(PixelValueTransformationSequence=item(RescaleSlope=2, RescaleIntercept=-10, RescaleType="US")),
                *item(
                    PixelValueTransformationSequence=item(RescaleSlope=1, RescaleIntercept=5, RescaleType="HU"),
                    PixelMeasuresSequence=item(PixelSpacing=[0.7, 0.8]),
                ),
            ]
        ),
    )
    first, second = Dicom().frames(path)
    assert (first.spacing, second.spacing) == ((0.5, 0.25), (0.7, 0.8))
    assert first.values == Values(-10, 8180, unit="", window=(-160.5, 239.5))
    assert second.values == Values(5, 4100, unit="HU", window=(-160.5, 239.5))
    assert [Dicom().read(one).ravel().tolist() for one in (first, second)] == [[-10, -8], [7, 8]]


def test_a_header_is_read_once_while_its_file_stays(make) -> None:
    path = make()
    assert read_header(path) is read_header(path)
    before = read_header(path)
    assert frame(make(PatientID="another one")).group == "another one"
    assert read_header(path) is not before
