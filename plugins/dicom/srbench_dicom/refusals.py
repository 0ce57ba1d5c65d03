"""What is no picture that anybody should use, and why."""

from __future__ import annotations

import zlib
from pathlib import Path

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info

from srbench.pictures import MAX_PIXELS, ImageError

from . import decoding

_NO_PICTURES = {
    uid.SegmentationStorage: "which pixels belong to what",
    "1.2.840.10008.5.1.4.1.1.66.7": "which pixels belong to what",  # Label Map Segmentation Storage
    uid.RTDoseStorage: "a dose",
    uid.ParametricMapStorage: "a computed map",
}
_SAMPLES = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
}
"""How many numbers a pixel has in each way of coding brightness and colour that is read."""
_SYNTAXES = {
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.RLELossless,
    *decoding.SYNTAXES,
}
_ITEM = 8
"""Bytes that a compressed frame takes at least: the head of its item."""
_META = 144
"""Bytes up to what the group length counts: preamble, DICM, that element."""
_INFLATED = 2**30
"""The most bytes of a deflated file, which is held in memory."""


def refuse(header: Dataset, pixels: str | None, room: int) -> None:
    """Raise `ImageError` for a header that tells of no picture, or of one that cannot be read.

    pixels: what the pixels are if not integers; None where there are none. room: the bytes of the file from there on.
    """
    reason = _no_picture(header, pixels) or _private(header) or _unknown_pixels(header) or _damage(header, room)
    if reason:
        raise ImageError(reason)


def inflated(path: Path) -> int | None:
    """How many bytes a deflated file has when it is not; None of other files.

    Raises `ImageError` for one that would take all memory: pydicom inflates it whole for its header.
    """
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != uid.DeflatedExplicitVRLittleEndian:
        return None
    with path.open("rb") as file:
        file.seek(_META + meta.FileMetaInformationGroupLength)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        size = len(inflater.decompress(file.read(), _INFLATED))
    if inflater.unconsumed_tail:
        raise ImageError(f"is deflated, and has more than {_INFLATED:,} bytes when it is not; leave it out")
    return size


def _no_picture(header: Dataset, pixels: str | None) -> str | None:
    kind = uid.UID(header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or "")
    name = kind.name or "it names no kind"
    if kind == uid.MediaStorageDirectoryStorage:
        return "is a DICOMDIR, a list of other files; name those, or the folder that they lie in"
    if pixels is None or "Rows" not in header:
        return f"holds no picture ({name}); leave it out"
    if pixels:
        return f"has pixels in {pixels} precision ({name}), which are not read; leave it out"
    if kind in _NO_PICTURES:
        return f"holds {_NO_PICTURES[kind]} ({name}) and no picture; leave it out"
    return None


def _private(header: Dataset) -> str | None:
    if str(header.get("BurnedInAnnotation") or "NO").upper() != "YES":
        return None
    return (
        "has text burned into its pixels, which may tell whose they are (BurnedInAnnotation is YES); leave it out, or "
        "blacken the text and set that to NO"
    )


def _unknown_pixels(header: Dataset) -> str | None:
    photometric = str(header.get("PhotometricInterpretation") or "none")
    allocated, stored = (int(header.get(name) or 0) for name in ("BitsAllocated", "BitsStored"))
    if photometric not in _SAMPLES:
        return f"has the PhotometricInterpretation {photometric}; those read are {', '.join(_SAMPLES)}"
    if int(header.get("SamplesPerPixel") or 0) != _SAMPLES[photometric]:
        return f"is {photometric}, and has SamplesPerPixel {header.get('SamplesPerPixel')}; correct the header"
    if allocated not in (8, 16):
        return f"has {allocated} bits a number (BitsAllocated); 8 and 16 are read"
    if not 1 <= stored <= allocated:
        return f"stores {stored} of {allocated} bits (BitsStored, BitsAllocated); correct the header"
    if int(header.get("HighBit", stored - 1)) != stored - 1:
        return f"has HighBit {header.HighBit} for {stored} bits; only those of {stored - 1} are read"
    if header.get("PixelRepresentation") not in (0, 1) or (header.PixelRepresentation and _SAMPLES[photometric] == 3):
        return f"has PixelRepresentation {header.get('PixelRepresentation')} for {photometric}; correct the header"
    if header.get("ModalityLUTSequence"):
        return "has a table that turns pixels into numbers (ModalityLUTSequence), which is not read; leave it out"
    return None


def _damage(header: Dataset, room: int) -> str | None:
    syntax = header.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        return "does not say how it is coded (TransferSyntaxUID); it is damaged"
    if syntax not in _SYNTAXES:
        return f"is coded as {uid.UID(syntax).name} ({syntax}), which is not read; convert it"
    rows, columns = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
    if not 0 < rows * columns <= MAX_PIXELS:
        return f"has {columns} x {rows} pixels; pictures have from 1 to {MAX_PIXELS:,}"
    frames = "1" if header.get("NumberOfFrames") in (None, "") else str(header.NumberOfFrames)
    if not (frames.isascii() and frames.isdigit() and int(frames) > 0):
        return f"has the NumberOfFrames {frames!r}, which is no number of pictures; correct the header"
    samples = 2 if header.PhotometricInterpretation == "YBR_FULL_422" else int(header.SamplesPerPixel)
    least = _ITEM if syntax.is_encapsulated else rows * columns * samples * int(header.BitsAllocated) // 8
    if int(frames) * least > room:
        return (
            f"tells of {frames} pictures of {columns} x {rows} pixels and has {room:,} bytes for them: the file is "
            "cut off or damaged; copy it again"
        )
    return None
