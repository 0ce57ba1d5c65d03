"""SR as DICOM: where its source was, with the same numbers, valid, and nobody's."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation
from srbench_dicom.files import Dicom

from srbench import ImageError, Scale

PLACED = ("CT_small.dcm", "MR_small.dcm", "693_J2KI.dcm")


def larger(image: np.ndarray, scale: Scale) -> np.ndarray:
    """Each pixel is that of the image under its middle."""
    down, across = (
        (2 * np.arange(side * scale.numerator // scale.denominator) + 1) * scale.denominator // (2 * scale.numerator)
        for side in image.shape[:2]
    )
    return image[np.ix_(down, across)]


def enlarged(
    source: Path, scale: Scale, made_by: str = "bicubic", name: str = "sr.dcm", folder: Path | None = None
) -> Path:
    dicom = Dicom()
    images = [larger(dicom.read(frame), scale) for frame in dicom.frames(source)]
    path = (folder or source.parent) / name
    dicom.write(path, source, images, scale, made_by)
    return path


def itk(path: Path) -> SimpleITK.Image:
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    return reader.Execute()


@pytest.mark.parametrize("scale", [2, 3, Fraction(3, 2)])
@pytest.mark.parametrize("name", PLACED)
def test_corners_are_where_they_were(shipped: Path, tmp_path: Path, name: str, scale: Scale) -> None:
    before, after = itk(shipped / name), itk(enlarged(shipped / name, scale, folder=tmp_path))
    assert after.GetSize()[:2] == tuple(scale * side for side in before.GetSize()[:2])
    for corner in ((0, 0), (1, 0), (0, 1), (1, 1)):
        places = [
            image.TransformContinuousIndexToPhysicalPoint(
                [side * share - 0.5 for side, share in zip(image.GetSize(), corner, strict=False)] + [0.0]
            )
            for image in (before, after)
        ]
        np.testing.assert_allclose(*places, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", PLACED)
def test_numbers_are_read_by_others_as_they_are_by_us(shipped: Path, tmp_path: Path, name: str) -> None:
    path = enlarged(shipped / name, 2, folder=tmp_path)
    ours = Dicom().read(Dicom().frames(shipped / name)[0])[..., 0].repeat(2, 0).repeat(2, 1)
    assert np.array_equal(SimpleITK.GetArrayFromImage(itk(path))[0], ours)


def item(**elements: Any) -> Sequence:
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return Sequence([data])


def test_every_frame_of_an_enhanced_file_stays_in_its_place(make) -> None:
    groups = [item(PlanePositionSequence=item(ImagePositionPatient=[10, 20, z]))[0] for z in (5, 7)]
    source = make(
        [[[0, 1]], [[2, 3]]],
        NumberOfFrames=2,
        SharedFunctionalGroupsSequence=item(
            PixelMeasuresSequence=item(PixelSpacing=[0.5, 0.25]),
            PlaneOrientationSequence=item(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]),
        ),
        PerFrameFunctionalGroupsSequence=Sequence(groups),
    )
    made = pydicom.dcmread(enlarged(source, 4))
    positions = [one.PlanePositionSequence[0].ImagePositionPatient for one in made.PerFrameFunctionalGroupsSequence]
    # the corner lies half a pixel before the middle of the first: 0.125 mm along y, 0.25 mm against z
    move = np.array([0, 0.125, -0.25]) * (1 / 4 - 1)
    np.testing.assert_allclose(positions, [np.array([10, 20, z]) + move for z in (5, 7)])
    assert made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing == [0.125, 0.0625]
    assert made.NumberOfFrames == 2
    kept = pydicom.dcmread(source)
    assert kept.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0].ImagePositionPatient == [10, 20, 7]


def test_a_position_that_frames_share_moves_once(make) -> None:
    source = make(
        [[[0, 1]], [[2, 3]]],
        NumberOfFrames=2,
        PixelSpacing=[1, 1],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        ImagePositionPatient=[0, 0, 0],
    )
    made = pydicom.dcmread(enlarged(source, 2))
    assert made.ImagePositionPatient == [-0.25, -0.25, 0] and made.PixelSpacing == [0.5, 0.5]


PRIVATE = {
    "PatientName": "Doe^Jane",
    "PatientID": "id-4711",
    "PatientBirthDate": "19700102",
    "PatientAddress": "Elm Street",
    "OtherPatientNames": "Roe^Jane",
    "StudyDate": "20010203",
    "AcquisitionDateTime": "20010203040506",
    "StudyID": "study-12",
    "AccessionNumber": "acc-99",
    "InstitutionName": "St. Elsewhere",
    "ReferringPhysicianName": "House^Gregory",
    "OperatorsName": "Operator^One",
    "StationName": "scanner-5",
    "DeviceSerialNumber": "serial-3",
    "StudyDescription": "Jane's scan",
    "SeriesDescription": "of Jane",
    "ProtocolName": "Jane again",
    "ImageComments": "a comment",
    "StudyInstanceUID": "1.2.999.1",
    "SeriesInstanceUID": "1.2.999.2",
    "FrameOfReferenceUID": "1.2.999.3",
    "RequestAttributesSequence": item(ScheduledProcedureStepDescription="Jane's step"),
    "AnatomicRegionSequence": item(CodeValue="T-D3000", CodingSchemeDesignator="SRT", TextValue="hidden text"),
}


def test_nothing_in_it_tells_whose_it_is(make) -> None:
    source = make(**PRIVATE)
    data = pydicom.dcmread(source)
    data.private_block(0x0011, "ACME", create=True).add_new(1, "LO", "private text")
    data.save_as(source)
    content = enlarged(source, 2).read_bytes()
    texts = [value for value in PRIVATE.values() if isinstance(value, str)]
    for text in (*texts, "1.2.3.4", "Jane's step", "hidden text", "private text", "ACME"):
        assert text.encode() in source.read_bytes() and text.encode() not in content
    assert b"T-D3000" in content


def test_it_says_that_it_is_derived_and_by_whom(make) -> None:
    kind = ["ORIGINAL", "PRIMARY", "AXIAL"]
    source = make(ImageType=kind, WindowCenter=40, WindowWidth=400, LossyImageCompression="01")
    made = pydicom.dcmread(enlarged(source, 2, "édsr"))
    assert list(made.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
    assert made.DerivationDescription == "Super-resolved 2 times in each direction by édsr"
    assert made.DerivationCodeSequence[0].CodeValue == "113085" and made.SeriesDescription == "SR x2 édsr"
    assert (made.PatientIdentityRemoved, made.LossyImageCompression) == ("YES", "01")
    assert (made.WindowCenter, made.WindowWidth, made.Rows, made.Columns) == (40, 400, 4, 4)
    assert "SourceImageSequence" not in made and "BurnedInAnnotation" not in made


def test_what_belonged_together_still_does_and_equal_ingredients_give_equal_bytes(make) -> None:
    one, two = make(FrameOfReferenceUID="1.2.9"), make([[7, 8], [9, 9]], name="2.dcm", FrameOfReferenceUID="1.2.9")
    first, second, other = (
        pydicom.dcmread(path)
        for path in (enlarged(one, 2, name="a"), enlarged(two, 2, name="b"), enlarged(one, 2, "another", name="c"))
    )
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert first[name].value == second[name].value and first[name].value.is_valid
    assert first.StudyInstanceUID == other.StudyInstanceUID and first.SeriesInstanceUID != other.SeriesInstanceUID
    assert len({data.SOPInstanceUID for data in (first, second, other)}) == 3
    assert enlarged(one, 2, name="again").read_bytes() == (one.parent / "a").read_bytes()


def test_what_is_stored_inverted_is_stored_inverted_again(make) -> None:
    source = make([[0, 100], [2000, 4095]], PhotometricInterpretation="MONOCHROME1", WindowCenter=40, WindowWidth=400)
    made = pydicom.dcmread(enlarged(source, 1))
    assert made.PhotometricInterpretation == "MONOCHROME1" and made.WindowCenter == 40
    assert made.pixel_array.tolist() == [[0, 100], [2000, 4095]]


def test_images_that_are_not_those_of_the_frames_are_refused(make, tmp_path: Path) -> None:
    source = make(np.zeros((3, 2, 4), "<u2"), NumberOfFrames=3)
    image = np.zeros((4, 8, 1), np.uint16)
    for images in ([image] * 2, [image[:3]] * 3):
        with pytest.raises(ImageError, match=r"made\.dcm: has 3 frames, whose x2 has 8 x 4 pixels; there are"):
            Dicom().write(tmp_path / "sr.dcm", source, images, 2, "bicubic")


@pytest.mark.parametrize(
    "name",
    [
        *PLACED,
        "MR_small_RLE.dcm",
        "SC_rgb_rle_2frame.dcm",
        "JPEG2000.dcm",
        "examples_ybr_color.dcm",
        "examples_overlay.dcm",
    ],
)
def test_dicom3tools_finds_no_fault_that_its_source_has_not(shipped: Path, tmp_path: Path, name: str, missing) -> None:
    if shutil.which("dciodvfy") is None:
        missing("install dicom3tools, whose dciodvfy validates DICOM files")
    before, after = (_faults(path) for path in (shipped / name, enlarged(shipped / name, 2, folder=tmp_path)))
    assert after - before == set()


def test_a_mammogram_without_fault_stays_without(make, missing) -> None:
    if shutil.which("dciodvfy") is None:
        missing("install dicom3tools, whose dciodvfy validates DICOM files")
    empty = ("PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber")
    view = item(CodeValue="R-10242", CodingSchemeDesignator="SRT", CodeMeaning="cranio-caudal")
    view[0].ViewModifierCodeSequence = Sequence([])
    source = make(
        **dict.fromkeys((*empty, "ReferringPhysicianName", "Manufacturer"), ""),
        SOPClassUID=DigitalMammographyXRayImageStorageForPresentation,
        Modality="MG",
        PresentationIntentType="FOR PRESENTATION",
        ImageType=["ORIGINAL", "PRIMARY", ""],
        SeriesNumber=1,
        InstanceNumber=1,
        PixelIntensityRelationship="LOG",
        PixelIntensityRelationshipSign=-1,
        RescaleIntercept=0,
        RescaleSlope=1,
        RescaleType="US",
        PresentationLUTShape="IDENTITY",
        WindowCenter=2048,
        WindowWidth=4096,
        LossyImageCompression="00",
        BurnedInAnnotation="NO",
        ImageLaterality="L",
        PatientOrientation=["A", "R"],
        ViewPosition="CC",
        OrganExposed="BREAST",
        BodyPartExamined="BREAST",
        AnatomicRegionSequence=item(CodeValue="T-04000", CodingSchemeDesignator="SRT", CodeMeaning="Breast"),
        ViewCodeSequence=view,
        PositionerType="MAMMOGRAPHIC",
        DetectorType="DIRECT",
        AcquisitionContextSequence=item(ConceptNameCodeSequence=view, TextValue="free text"),
        ImagerPixelSpacing=[0.1, 0.1],
        BreastImplantPresent="NO",
    )
    made = enlarged(source, 2)
    assert _faults(made) == set() and b"free text" not in made.read_bytes()


def test_frames_of_enhanced_files_are_derived_too(make) -> None:
    kind = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    shared = item(MRImageFrameTypeSequence=item(FrameType=kind))
    made = pydicom.dcmread(enlarged(make(ImageType=kind, SharedFunctionalGroupsSequence=shared), 2))
    (frame_type,) = made.SharedFunctionalGroupsSequence[0].MRImageFrameTypeSequence
    assert list(made.ImageType) == list(frame_type.FrameType) == ["DERIVED", *kind[1:]]


def _faults(path: Path) -> set[str]:
    done = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    return {line for line in done.stderr.splitlines() if re.match("Error", line)}
