"""A decoder plugin of pydicom's: what pydicom alone cannot decode, imagecodecs does, with no other library.

JPEG (baseline, extended, lossless) through libjpeg-turbo, JPEG-LS through CharLS, JPEG 2000 and
HTJ2K through OpenJPEG.
"""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.pixels.common import PhotometricInterpretation

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import DecodeRunner

NAME = "srbench"
"""What pydicom calls this plugin."""
_JPEG2000 = (uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
SYNTAXES = (*uid.JPEGTransferSyntaxes, *uid.JPEGLSTransferSyntaxes, *_JPEG2000)
"""The transfer syntaxes that it decodes."""
DECODER_DEPENDENCIES = dict.fromkeys(SYNTAXES, ("imagecodecs",))
"""Asked for by pydicom."""

_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_ADOBE = b"\xff\xee\x00\x0eAdobe"


def is_available(syntax: str) -> bool:
    """Whether a transfer syntax can be decoded; asked by pydicom."""
    return syntax in SYNTAXES


def decode(stream: bytes, runner: DecodeRunner) -> bytearray:
    """The stored pixels of a compressed frame, and in `runner` how they are stored.

    Raises `ValueError` for a stream that is not of the header's size, before memory is taken for it.
    """
    if (size := _size(stream)) != (runner.rows, runner.columns):
        raise ValueError(
            f"the compressed picture is {size[1]} x {size[0]} pixels, by the header {runner.columns} x {runner.rows}"
        )
    syntax, photometric = runner.transfer_syntax, None
    if syntax in uid.JPEGLSTransferSyntaxes:
        pixels = imagecodecs.jpegls_decode(stream)
    elif syntax in uid.JPEGTransferSyntaxes:
        # The same space in and out: components stay as they are, and pydicom converts them by the header's word.
        raw: dict[str, Any] = {"colorspace": "YCBCR", "outcolorspace": "YCBCR"} if runner.samples_per_pixel == 3 else {}
        pixels = imagecodecs.jpeg8_decode(stream, **raw)
        if runner.samples_per_pixel == 3 and (adobe := stream.find(_ADOBE)) >= 0:
            # What the encoder noted of its transform is nearer to the truth than the header.
            photometric = PhotometricInterpretation.YBR_FULL if stream[adobe + 15] else PhotometricInterpretation.RGB
    else:
        pixels = imagecodecs.jpeg2k_decode(stream)
        if runner.photometric_interpretation in ("YBR_ICT", "YBR_RCT"):
            photometric = PhotometricInterpretation.RGB  # OpenJPEG has undone the transform
    if photometric is not None:
        runner.set_option("photometric_interpretation", photometric)
    runner.set_option("bits_allocated", 8 * pixels.dtype.itemsize)
    runner.set_option("planar_configuration", int(pixels.shape[:2] != size))
    return bytearray(np.ascontiguousarray(pixels).tobytes())


def _size(stream: bytes) -> tuple[int, int]:
    """Height and width by a stream's own header: `SIZ` of JPEG 2000, the frame header of JPEG and JPEG-LS."""
    try:
        if (at := stream.find(b"\xff\x4f\xff\x51")) >= 0:
            right, bottom, left, top = unpack_from(">4I", stream, at + 8)
            return bottom - top, right - left
        at = 2
        while stream[at + 1] not in _FRAME_HEADERS:
            # Segments begin with 0xFF; more of them fill the room between.
            at += 1 if stream[at + 1] == 0xFF else 2 + unpack_from(">H", stream, at + 2)[0]
        height, width = unpack_from(">2H", stream, at + 5)
        return height, width
    except Exception:
        raise ValueError("the compressed picture has no header") from None
