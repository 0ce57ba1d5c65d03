"""JPEG: its segments, of which the decoder is given those that make pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from srbench.pictures import orientation, pillow
from srbench.pictures.array import Image
from srbench.pictures.header import Refused, check_size

_START_OF_SCAN, _END, _COMMENT = 0xDA, 0xD9, 0xFE
_ALONE = (0x00, 0x01, *range(0xD0, 0xD9))
"""Markers that head no segment, and an escaped 255."""
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_DECODABLE = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
"""Markers of the kinds of frame: baseline, extended, progressive, and the latter two in arithmetic coding."""
_ARITHMETIC = (0xC9, 0xCA)
_MOST_PIXELS_A_BYTE = 8 * 64
"""The most pixels in a byte: in Huffman's coding each block of 8 x 8 takes a bit at least."""
_APPLICATION = range(0xE0, 0xF0)
_COLOURS = (b"JFIF\0", b"Adobe")
"""The application segments that tell which colours the numbers are."""
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_MOST_SCANS = 100
"""Programs write about ten. Each goes through the whole picture, so that a small file can ask for hours."""


class _Segment(NamedTuple):
    marker: int
    content: bytes
    """Without the marker and the length."""
    start: int
    end: int


def decode(file: BinaryIO) -> tuple[Image, int]:
    """The picture, and its orientation.

    Only the first: further pictures in a camera's file (MPO) are previews and gain maps, which no viewer shows.
    """
    content = file.read()
    segments = list(_segments(content))
    width, height = _frame_size(segments)
    scan = segments[-1]
    is_arithmetic = any(segment.marker in _ARITHMETIC for segment in segments)
    if not is_arithmetic and (len(content) - scan.end) * _MOST_PIXELS_A_BYTE < width * height:
        raise Refused("damaged or truncated: some of its pixels are not in the file")
    scans = content.count(bytes((0xFF, _START_OF_SCAN)), scan.start, content.find(bytes((0xFF, _END)), scan.end))
    if scans > _MOST_SCANS:
        raise Refused(f"its pixels come in {scans} scans, more than {_MOST_SCANS}; save it anew")
    kept = [content[:2], *(content[segment.start : segment.end] for segment in segments if _makes_pixels(segment))]
    with pillow.opened(io.BytesIO(b"".join([*kept, content[scan.end :]]))) as picture:
        return pillow.pixels(picture), _orientation(segments)


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Width, height and orientation, from the segments before the pixels."""
    segments = list(_segments(file.read()))
    return *_frame_size(segments), _orientation(segments)


def frame_size(content: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, be it whole or a part of a TIFF."""
    return _frame_size(list(_segments(content)))


def _segments(content: bytes) -> Iterator[_Segment]:
    """All segments up to the first scan's; what stands between them is passed over, as every decoder does."""
    at = 2
    while (at := content.find(b"\xff", at)) >= 0 and at + 4 <= len(content):
        marker = content[at + 1]
        if marker == 0xFF:  # any number of them may stand before a marker
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker == _END:
            break
        else:
            end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
            if end < at + 4 or end > len(content):
                break
            yield _Segment(marker, content[at + 4 : end], at, end)
            if marker == _START_OF_SCAN:
                return
            at = end
    raise Refused("damaged or truncated: it ends before its pixels")


def _frame_size(segments: list[_Segment]) -> tuple[int, int]:
    """Width and height of a picture that can be decoded."""
    frame = next((segment for segment in segments if segment.marker in _FRAMES), None)
    if frame is None or len(frame.content) < 6:
        raise Refused("is no plain JPEG, or damaged; save it as PNG or TIFF")
    bits = frame.content[0]
    if bits != 8:
        raise Refused(f"has {bits} bits a pixel; save it as PNG or TIFF of 8 or 16 bits")
    if frame.marker not in _DECODABLE:
        kind = "lossless" if frame.marker & 3 == 3 else "hierarchical"
        raise Refused(f"is a {kind} JPEG, which few programs read; save it as PNG or TIFF")
    height, width = int.from_bytes(frame.content[1:3]), int.from_bytes(frame.content[3:5])
    check_size(width, height)
    return width, height


def _makes_pixels(segment: _Segment) -> bool:
    if segment.marker in _APPLICATION:
        return segment.content.startswith(_COLOURS)
    return segment.marker != _COMMENT


def _orientation(segments: list[_Segment]) -> int:
    exif, xmp = (
        next((segment.content[len(name) :] for segment in segments if segment.content.startswith(name)), None)
        for name in (_EXIF, _XMP)
    )
    return orientation.stated(exif, xmp)
