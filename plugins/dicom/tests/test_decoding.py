"""What imagecodecs decodes for pydicom: encoders' own pictures, and streams that are not what the header says."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from pydicom.uid import HTJ2KLossless, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless
from srbench_dicom.files import Dicom

from srbench import ImageError

GREY = (np.add.outer(np.arange(40) ** 2, 7 * np.arange(50)) % 65536).astype("<u2")
COLOUR = np.stack([GREY % 251, GREY % 241, GREY % 239], axis=-1).astype(np.uint8)
RGB = {
    "PhotometricInterpretation": "RGB",
    "SamplesPerPixel": 3,
    "PlanarConfiguration": 0,
    "BitsAllocated": 8,
    "BitsStored": 8,
    "Rows": 40,
    "Columns": 50,
}


def read(path):
    return Dicom().read(Dicom().frames(path)[0])


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEGLosslessSV1, imagecodecs.ljpeg_encode),
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (JPEG2000Lossless, lambda pixels: imagecodecs.jpeg2k_encode(pixels, reversible=True, level=0)),
        (HTJ2KLossless, lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=True)),
    ],
)
@pytest.mark.parametrize("bits", [12, 16])
def test_lossless_streams_of_12_and_16_bits_are_read_without_loss(make, syntax, encode, bits) -> None:
    stored = (GREY & (2**bits - 1)).astype("<u2")
    path = make(stored, syntax=syntax, frames=[encode(stored)], BitsStored=bits)
    assert np.array_equal(read(path)[..., 0], stored)


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (JPEG2000Lossless, lambda pixels: imagecodecs.jpeg2k_encode(pixels, reversible=True, level=0)),
    ],
)
def test_lossless_colour_too(make, syntax, encode) -> None:
    path = make(COLOUR, syntax=syntax, frames=[encode(COLOUR)], **RGB)
    assert np.array_equal(read(path), COLOUR)


@pytest.mark.parametrize("transform", [0, 1])
def test_the_encoders_mark_of_its_transform_is_believed_before_the_header(make, transform) -> None:
    smooth = np.stack(np.broadcast_arrays(np.arange(40)[:, None] * 4, np.arange(50) * 4, 80), -1).astype(np.uint8)
    space = "YCBCR" if transform else "RGB"
    stream = imagecodecs.jpeg8_encode(smooth, level=100, colorspace="RGB", outcolorspace=space, subsampling="444")
    marked = stream[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform]) + _without_marks(stream)
    path = make(smooth, syntax=JPEGBaseline8Bit, frames=[marked], **RGB)
    assert np.abs(read(path).astype(int) - smooth).max() <= 3


def _without_marks(stream: bytes) -> bytes:
    """A JPEG stream from behind its own application segments."""
    at = 2
    while stream[at + 1] in range(0xE0, 0xF0):
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return stream[at:]


@pytest.mark.parametrize(
    ("syntax", "encode"), [(JPEGLSLossless, imagecodecs.jpegls_encode), (JPEG2000Lossless, imagecodecs.jpeg2k_encode)]
)
def test_a_stream_of_another_size_is_refused_before_it_is_decoded(make, syntax, encode) -> None:
    path = make(GREY, syntax=syntax, frames=[encode(GREY[:30])], BitsStored=16)
    with pytest.raises(ImageError, match="the compressed picture is 50 x 30 pixels, by the header 50 x 40"):
        read(path)


@pytest.mark.parametrize("stream", [b"\0\0", b"\xff\xd8\xff\xd9", b"\xff" * 100, b"none of these"])
def test_a_stream_without_a_header_is_refused(make, stream) -> None:
    path = make(GREY, syntax=JPEGBaseline8Bit, frames=[stream])
    with pytest.raises(ImageError, match=r"made.dcm: its pixels cannot be decoded \(.*"):
        read(path)
