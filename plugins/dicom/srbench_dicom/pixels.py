"""The pixels of a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import RLELossless

from srbench.pictures import Image, ImageError

from . import decoding
from .header import Header

for _syntax in decoding.SYNTAXES:
    get_decoder(_syntax).add_plugin(decoding.NAME, (decoding.__name__, decoding.decode.__name__))


def read_pixels(path: Path, header: Header, index: int) -> Image:
    """The picture `(H, W, C)` of a frame in numbers of its modality, or RGB."""
    stored = _stored(path, header, index)
    if header.photometric == "PALETTE COLOR":
        stored = apply_color_lut(stored, header.data)[..., :3]
    numbers = header.rescale(index).numbers(stored)
    return numbers[..., None] if header.grey else numbers


def _stored(path: Path, header: Header, index: int) -> npt.NDArray[Any]:
    """The integers `(H, W)` or `(H, W, 3)`, the latter in RGB."""
    # Of many frames only the one is read, unless the whole file has to be inflated for it.
    source = path if header.frames > 1 and not header.syntax.is_deflated else pydicom.dcmread(path)
    ours = header.syntax.is_encapsulated and header.syntax != RLELossless
    try:
        return pixel_array(
            source,
            index=index,
            decoding_plugin=decoding.NAME if ours else "",
            # pydicom would cut off what is too large for the bits: it shall be seen, outside black and white.
            correct_unused_bits=_has_overlay(header.data),
        )
    except Exception as error:
        raise ImageError(f"its pixels cannot be decoded ({' '.join(str(error).split())})") from error


def _has_overlay(header: Dataset) -> bool:
    """Whether the bits above those of pixels hold drawings, as they did before 2004 (PS3.5 8.1.2)."""
    return any(one.tag.group >> 8 == 0x60 and one.tag.element == 0x0102 and one.value for one in header)
