"""JPEG: what its segments promise is held against what the file can hold."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from toys.files import (
    NOISE,
    jpeg,
    put,
    refused,
)

from srbench.pictures import read_image


def test_exif_of_many_overlapping_tags_is_not_held_in_memory(tmp_path: Path) -> None:
    size = 60_000
    entries = b"".join(struct.pack(">HHII", 40_000 + number, 7, size - 8, 8) for number in range(4000))
    content = b"MM" + struct.pack(">HIH", 42, 8, 4000) + entries
    path = put(tmp_path / "x.jpg", jpeg(b"Exif\0\0" + content.ljust(size, b"\0")))
    read_image(path)
    tracemalloc.start()
    try:
        assert read_image(path).shape == (12, 17, 3)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_a_jpeg_of_endless_scans_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(NOISE).save(buffer, "JPEG", progressive=True)
    whole = buffer.getvalue()
    last = whole.rindex(b"\xff\xda")
    refused(put(tmp_path / "x.jpg", whole[:-2] + whole[last:-2] * 200 + whole[-2:]), "its pixels come in 2.. scans")


def test_a_jpeg_that_promises_more_pixels_than_its_bits_can_hold_is_refused(tmp_path: Path) -> None:
    whole = bytearray(jpeg())
    frame = whole.index(b"\xff\xc0")
    whole[frame + 5 : frame + 9] = struct.pack(">HH", 9000, 9000)
    refused(put(tmp_path / "x.jpg", bytes(whole)), "some of its pixels are not in the file")


def test_a_jpeg_of_one_colour_is_as_small_as_a_jpeg_can_be_and_read(tmp_path: Path) -> None:
    for options in ({"optimize": True}, {"progressive": True}):
        Pillow.new("RGB", (512, 512), (90, 120, 30)).save(tmp_path / "x.jpg", quality=1, **options)
        with Pillow.open(tmp_path / "x.jpg") as picture:
            np.testing.assert_array_equal(read_image(tmp_path / "x.jpg"), np.asarray(picture))


@pytest.mark.parametrize(
    ("kind", "bits", "reason"),
    [(0xC1, 12, "has 12 bits a pixel"), (0xC3, 8, "is a lossless JPEG"), (0xC5, 8, "is a hierarchical JPEG")],
)
def test_a_kind_of_jpeg_that_cannot_be_decoded_is_named(kind: int, bits: int, reason: str, tmp_path: Path) -> None:
    whole = bytearray(jpeg())
    frame = whole.index(b"\xff\xc0")
    whole[frame + 1], whole[frame + 4] = kind, bits
    refused(put(tmp_path / "x.jpg", bytes(whole)), reason)
