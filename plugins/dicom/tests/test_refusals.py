"""What is refused, each with its reason and the file's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ParametricMapStorage,
    RLELossless,
    RTDoseStorage,
    SegmentationStorage,
)
from srbench_dicom.files import Dicom

from srbench import ImageError

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"PixelData": None}, "holds no picture (CT Image Storage); leave it out"),
    ({"Rows": None}, "holds no picture (CT Image Storage)"),
    ({"SOPClassUID": SegmentationStorage}, "holds which pixels belong to what (Segmentation Storage)"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.7"}, "holds which pixels belong to what"),
    ({"SOPClassUID": RTDoseStorage}, "holds a dose (RT Dose Storage)"),
    ({"SOPClassUID": ParametricMapStorage}, "holds a computed map"),
    ({"PixelData": None, "FloatPixelData": b"\0" * 16}, "has pixels in float precision"),
    ({"BurnedInAnnotation": "YES"}, "has text burned into its pixels"),
    ({"PhotometricInterpretation": "CMYK"}, "has the PhotometricInterpretation CMYK; those read are MONOCHROME1,"),
    ({"PhotometricInterpretation": None}, "has the PhotometricInterpretation none"),
    ({"SamplesPerPixel": 3}, "is MONOCHROME2, and has SamplesPerPixel 3"),
    ({"BitsAllocated": 32, "BitsStored": 32}, "has 32 bits a number"),
    ({"BitsAllocated": 1, "BitsStored": 1}, "has 1 bits a number"),
    ({"BitsStored": 17}, "stores 17 of 16 bits"),
    ({"BitsStored": 0}, "stores 0 of 16 bits"),
    ({"HighBit": 15}, "has HighBit 15 for 12 bits"),
    ({"PixelRepresentation": 2}, "has PixelRepresentation 2"),
    ({"ModalityLUTSequence": [Dataset()]}, "has a table that turns pixels into numbers"),
    ({"Rows": 65535, "Columns": 65535}, "has 65535 x 65535 pixels; pictures have from 1 to"),
    ({"Rows": 0}, "has 2 x 0 pixels"),
    ({"NumberOfFrames": 0}, "has the NumberOfFrames '0'"),
    ({"NumberOfFrames": -3}, "has the NumberOfFrames '-3'"),
    ({"NumberOfFrames": 2**31 - 1}, "tells of 2147483647 pictures of 2 x 2 pixels and has"),
    ({"NumberOfFrames": 2**31 - 1, "syntax": DeflatedExplicitVRLittleEndian}, "tells of 2147483647 pictures"),
    ({"Rows": 400}, "tells of 1 pictures of 2 x 400 pixels"),
    ({"syntax": MPEG2MPML, "frames": [b"\0\0"]}, "is coded as MPEG2"),
    ({"syntax": RLELossless, "frames": [b"\0\0"], "NumberOfFrames": 999}, "tells of 999 pictures"),
]


@pytest.mark.parametrize(("elements", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_file_that_is_no_picture_is_refused_with_its_reason(make, elements: dict[str, Any], message: str) -> None:
    path = make(**elements)
    with pytest.raises(ImageError) as error:
        Dicom().frames(path)
    assert str(error.value).startswith(f"{path}: ") and message in str(error.value)


def test_a_deflated_file_is_not_inflated_without_end(make, monkeypatch) -> None:
    path = make(np.zeros((100, 100), np.uint8), syntax=DeflatedExplicitVRLittleEndian)
    assert Dicom().read(Dicom().frames(path)[0]).shape == (100, 100, 1)
    monkeypatch.setattr("srbench_dicom.refusals._INFLATED", 10_000)
    path.touch()
    with pytest.raises(ImageError, match=r"made\.dcm: is deflated, and has more than 10,000 bytes when it is not"):
        Dicom().frames(path)


def test_nothing_is_refused_for_the_least_that_makes_a_picture(make) -> None:
    assert ExplicitVRLittleEndian.name and len(Dicom().frames(make(np.zeros((1, 1), np.uint8)))) == 1
