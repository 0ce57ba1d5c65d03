"""How the camera was held: against Pillow, and against metadata that are damaged in every place."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from srbench.pictures.orientation import TAG, stated, swaps, upright


def exif(value: int, order: str = "<", kind: int = 3, before: int = 0) -> bytes:
    entries = [struct.pack(f"{order}HHII", 0x100 + place, 4, 1, 7) for place in range(before)]
    code = {1: "Bxxx", 3: "Hxx", 4: "I"}[kind]
    entries.append(struct.pack(f"{order}HHI", TAG, kind, 1) + struct.pack(order + code, value))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries))
    return head + b"".join(entries) + bytes(4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_pillow_turns_them(orientation: int) -> None:
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    held = Pillow.fromarray(image)
    held.getexif()[TAG] = orientation
    expected = np.asarray(ImageOps.exif_transpose(held))
    np.testing.assert_array_equal(upright(image, orientation), expected)
    assert swaps(orientation) == (expected.shape[:2] != image.shape[:2])


@pytest.mark.parametrize("orientation", [0, 9, 65535, -1])
def test_other_values_mean_nothing(orientation: int) -> None:
    image = np.arange(6, dtype=np.uint16).reshape(2, 3, 1)
    np.testing.assert_array_equal(upright(image, orientation), image)
    assert not swaps(orientation)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [1, 3, 4])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_the_tag_is_found_in_either_order_of_bytes_and_every_type_of_number(
    order: str, kind: int, prefix: bytes
) -> None:
    assert stated(prefix + exif(6, order, kind, before=3), None) == 6


def test_exif_that_pillow_writes_is_read() -> None:
    written = Pillow.Exif()
    written[TAG] = 8
    written[0x010E] = "a description"
    assert stated(written.tobytes(), None) == 8


@pytest.mark.parametrize(
    "xmp", [b'<x tiff:Orientation="6"/>', b"<tiff:Orientation>6</tiff:Orientation>", b"tiff:Orientation='6'"]
)
def test_xmp_counts_where_exif_says_nothing_and_only_there(xmp: bytes) -> None:
    assert stated(None, xmp) == stated(b"", xmp) == stated(b"rubbish", xmp) == 6
    assert stated(exif(3), xmp) == 3
    assert stated(exif(1), xmp) == 1


def test_without_either_a_picture_is_upright() -> None:
    assert stated(None, None) == stated(b"", b"") == stated(None, b"<tiff:Orientation/>") == 1


@given(st.binary(max_size=40), st.integers(0, 30))
def test_damaged_metadata_mean_nothing_and_end_nothing(noise: bytes, cut: int) -> None:
    assert isinstance(stated(noise, noise), int)
    assert stated(exif(6)[:cut], None) in (1, 6)
    assert stated(exif(6)[:4] + noise, None) >= 0


def test_a_directory_that_points_behind_the_end_or_to_a_type_that_is_none_says_nothing() -> None:
    assert stated(b"II*\0" + struct.pack("<I", 2**32 - 1), None) == 1
    assert stated(exif(6).replace(struct.pack("<HH", TAG, 3), struct.pack("<HH", TAG, 2)), None) == 1
    assert stated(b"II*\0" + struct.pack("<IH", 8, 65535), None) == 1
