"""Pixels are those that pydicom alone, or GDCM where pixels are compressed, makes of the same file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.pixels import apply_color_lut, apply_modality_lut
from pydicom.uid import RLELossless
from srbench_dicom.files import Dicom

from srbench import ImageError, Item

DATA = Path(pydicom.__file__).parent / "data"
FILES = sorted(
    path
    for path in DATA.rglob("*")
    if path.is_file() and path.suffix not in (".py", ".pyc", ".json", ".csv", ".txt", ".md")
)
NO_PICTURES = ("rtdose", "liver", "badVR")
UNREAD = {
    "SC_rgb_rle_32bit.dcm": "has 32 bits a number",
    "SC_rgb_rle_32bit_2frame.dcm": "has 32 bits a number",
    "MR_truncated.dcm": "is cut off",
    "JPEG2000-embedded-sequence-delimiter.dcm": "its pixels cannot be decoded",
}
"""Pictures that are refused, and what is said."""
TWINS = {"SC_rgb_jpeg.dcm": "SC_rgb_jpeg_dcmd.dcm"}
"""The same picture uncompressed, for one that GDCM takes ten seconds for."""


def expected(path: Path) -> list[np.ndarray]:
    """Numbers of each frame."""
    data = pydicom.dcmread(path.with_name(TWINS.get(path.name, path.name)))
    syntax = data.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated and syntax != RLELossless:
        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(path))
        frames = SimpleITK.GetArrayFromImage(reader.Execute())
    else:
        frames = data.pixel_array
        frames = frames if int(data.get("NumberOfFrames") or 1) > 1 else frames[None]
        if data.PhotometricInterpretation == "PALETTE COLOR":
            frames = apply_color_lut(frames, data)
        elif data.SamplesPerPixel == 1:
            frames = apply_modality_lut(frames, data)
    if data.PhotometricInterpretation == "MONOCHROME1":
        ends = apply_modality_lut(np.array([0, 2**data.BitsStored - 1]), data)
        frames = ends.sum() - frames
    return list(frames if data.SamplesPerPixel == 3 or frames.ndim == 4 else frames[..., None])


def is_picture(path: Path) -> bool:
    try:
        data = pydicom.dcmread(path)
    except pydicom.errors.InvalidDicomError:
        return False
    return "PixelData" in data and "Rows" in data and not path.name.startswith(NO_PICTURES)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_every_file_of_pydicom_has_its_numbers_or_is_refused_with_a_reason(path: Path) -> None:
    dicom = Dicom()
    try:
        frames = dicom.frames(path)
        images = [dicom.read(frame) for frame in frames]
    except ImageError as error:
        assert str(error).startswith(f"{path}: ")
        assert UNREAD.get(path.name, "") in str(error)
        assert path.name in UNREAD or not is_picture(path)
        return
    assert path.name not in UNREAD and is_picture(path)
    for image, frame, numbers in zip(images, frames, expected(path), strict=True):
        assert image.shape == (*(frame.size or ()), numbers.shape[-1])
        np.testing.assert_allclose(image.astype(np.float64), numbers, rtol=1e-7, atol=0)
        Item("a", image, values=frame.values).read_hr()  # between black and white


def test_most_of_these_are_read() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sum(is_picture(path) and path.name not in UNREAD for path in FILES) > 80


@pytest.mark.parametrize(
    ("stored", "elements", "kind", "numbers"),
    [
        (np.array([[0, 255]], np.uint8), {}, np.uint8, [0, 255]),
        (np.array([[0, 4095]], "<u2"), {}, np.uint16, [0, 4095]),
        (np.array([[0, 4095]], "<u2"), {"RescaleIntercept": -1024}, np.int16, [-1024, 3071]),
        (np.array([[-32768, 32767]], "<i2"), {"BitsStored": 16, "RescaleIntercept": -1024}, np.int32, [-33792, 31743]),
        (np.array([[0, 4095]], "<u2"), {"RescaleSlope": 0.5, "RescaleIntercept": 1}, np.float32, [1, 2048.5]),
        (np.array([[0, 4095]], "<u2"), {"PhotometricInterpretation": "MONOCHROME1"}, np.uint16, [4095, 0]),
    ],
)
def test_the_smallest_type_that_holds_all_that_could_be_stored(make, stored, elements, kind, numbers) -> None:
    path = make(stored, RescaleSlope=elements.pop("RescaleSlope", 1), **elements)
    (frame,) = Dicom().frames(path)
    image = Dicom().read(frame)
    assert image.dtype == kind and image.ravel().tolist() == numbers


def test_bits_are_believed_until_a_pixel_is_too_large_for_them(make) -> None:
    (frame,) = Dicom().frames(make([[0, 5000]]))
    image = Dicom().read(frame)
    assert image.max() == 5000
    with pytest.raises(ImageError, match="values from 0 to 5000, outside 0 to 4095 HU, its black and white"):
        Item("a", image, values=frame.values).read_hr()
    (frame,) = Dicom().frames(make([[0, 60000]], RescaleIntercept=-1024, RescaleSlope=1))
    with pytest.raises(ImageError, match=r"made.dcm: stores integers from 0 to 60000, outside the 12 bits"):
        Dicom().read(frame)


def test_drawings_in_the_bits_above_are_no_pixels(make) -> None:
    def drawn(data: Any) -> Any:
        data.add_new(0x60000102, "US", 12)
        return data

    path = make([[1, 2 + (1 << 12)]])
    drawn(data := pydicom.dcmread(path)).save_as(path)
    assert data[0x60000102].value == 12
    assert Dicom().read(Dicom().frames(path)[0]).ravel().tolist() == [1, 2]


def test_of_many_frames_each_has_its_own_pixels(make) -> None:
    stored = np.arange(24, dtype="<u2").reshape(4, 2, 3)
    frames = Dicom().frames(make(stored, NumberOfFrames=4))
    assert [frame.key for frame in frames] == ["0001", "0002", "0003", "0004"]
    assert np.array_equal(np.stack([Dicom().read(frame)[..., 0] for frame in reversed(frames)]), stored[::-1])
