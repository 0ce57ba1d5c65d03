"""How the camera was held: what a file says about it, and a picture turned accordingly.

One rule for every format, the one of Pillow's `exif_transpose`: the tag Orientation of EXIF counts (in a TIFF, which
is its own EXIF: the tag of the picture's directory); where there is none, `tiff:Orientation` of XMP. A value other than
1 to 8 means nothing, and neither do metadata that cannot be read.
"""

from __future__ import annotations

import re
import struct

from srbench.pictures.array import Image

TAG = 0x0112
"""The tag Orientation, in EXIF and in TIFF."""
_ORDERS = {b"II": "<", b"MM": ">"}
_KINDS = {1: "B", 3: "H", 4: "I"}
_XMP = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([0-9])")


def stated(exif: bytes | None, xmp: bytes | None) -> int:
    """The orientation that a file's EXIF states, or its XMP; 1, upright, where neither does."""
    found = _in_exif(exif) if exif else None
    if found is None and xmp and (match := _XMP.search(xmp)):
        found = int(match[1])
    return 1 if found is None else found


def _in_exif(exif: bytes) -> int | None:
    """The tag in the first directory of EXIF. No other tag is looked at: their values may be anything, of any size."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = _ORDERS.get(exif[:2], "<")
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", exif, entry)
            if tag == TAG and kind in _KINDS:
                return int(struct.unpack_from(order + _KINDS[kind], exif, entry + 8)[0])
    except struct.error:
        pass
    return None


def upright(image: Image, orientation: int) -> Image:
    """Undo the camera's rotation; EXIF 2.3, tag Orientation, values 1 to 8 (others mean nothing)."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image


def swaps(orientation: int) -> bool:
    """Whether width and height change places."""
    return orientation in (5, 6, 7, 8)
