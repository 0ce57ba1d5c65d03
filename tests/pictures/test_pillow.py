"""What Pillow decodes: modes to channels, empty alpha, run lengths."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from toys.files import (
    NOISE,
    Array,
    put,
    refused,
)

from srbench.pictures import read_image, read_with_alpha


def bmp(alpha: Array) -> bytes:
    """A BMP of 32 bits whose header has a mask for alpha (BITMAPV4HEADER), from the top down."""
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    pixels = np.dstack([NOISE[..., ::-1], alpha]).astype(np.uint8).tobytes()
    header = struct.pack("<IiiHHIIiiII", 108, 17, -12, 1, 32, 3, len(pixels), 0, 0, 0, 0) + masks + bytes(52)
    return b"BM" + struct.pack("<IHHI", 14 + 108 + len(pixels), 0, 0, 14 + 108) + header + pixels


def test_a_bmp_whose_alpha_is_empty_is_opaque_and_any_other_alpha_counts(tmp_path: Path) -> None:
    empty, one = np.zeros((12, 17)), np.zeros((12, 17))
    one[3, 4] = 1
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.bmp", bmp(empty))), NOISE)
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.bmp", bmp(empty + 255))), NOISE)
    refused(put(tmp_path / "x.bmp", bmp(one)), "transparent pixels")
    colours, alpha = read_with_alpha(tmp_path / "x.bmp")
    np.testing.assert_array_equal(colours, NOISE)
    np.testing.assert_array_equal(alpha, one[..., None])


def test_a_large_bmp_in_run_lengths_is_refused_before_it_is_undone(tmp_path: Path) -> None:
    header = struct.pack("<IiiHHIIiiII", 40, 5000, 5000, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024)
    content = b"BM" + struct.pack("<IHHI", 54 + 1024 + 10_000, 0, 0, 54 + 1024) + header + bytes(10_000)
    refused(put(tmp_path / "x.bmp", content), "is a BMP in run lengths of more than")
