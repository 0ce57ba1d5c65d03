"""PNG: orientations wherever they stand, texts of any size, and every pixel or none."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps
from toys.files import (
    NAME,
    NOISE,
    SOURCES,
    Array,
    chunk,
    png,
    put,
    refused,
    xmp,
)

from srbench.pictures import image_size, read_image

LONG = {
    "text": chunk(b"tEXt", b"notes\0" + b"x" * 3_000_000),
    "compressed": chunk(b"zTXt", b"notes\0\0" + zlib.compress(b"x" * 3_000_000)),
    "international": chunk(b"iTXt", b"notes\0\1\0\0\0" + zlib.compress(b"x" * 3_000_000)),
    "hundred": 100 * chunk(b"zTXt", b"notes\0\0" + zlib.compress(b"x" * 1_000_000)),
    "profile": chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"x" * 3_000_000)),
    "damaged": chunk(b"zTXt", b"broken\0\7nonsense"),
}


def _interlaced(pixels: Array) -> bytes:
    """A PNG in the seven passes of the specification, section 8.2, found pixel by pixel from its pattern."""
    pattern = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"]
    stream = b""
    for number in "1234567":
        for y in range(pixels.shape[0]):
            row = [pixels[y, x].tobytes() for x in range(pixels.shape[1]) if pattern[y % 8][x % 8] == number]
            stream += b"\0" + b"".join(row) if row else b""
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 1)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(stream)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("place", ["before", "behind"])
@pytest.mark.parametrize("source", SOURCES)
def test_an_orientation_in_a_png_counts_wherever_it_stands_and_for_the_size_as_well(
    source: str, place: str, tmp_path: Path
) -> None:
    for value in range(1, 9):
        said = SOURCES[source](value)
        path = put(tmp_path / "x.png", png(said) if place == "before" else png(behind=(said,)))
        with Pillow.open(path) as picture:
            picture.load()
            expected = np.asarray(ImageOps.exif_transpose(picture))
        found = read_image(path)
        np.testing.assert_array_equal(found, expected)
        assert found.shape == ((17, 12, 3) if value > 4 else (12, 17, 3))
        assert image_size(path) == found.shape[:2]


@pytest.mark.parametrize("name", LONG)
def test_no_text_and_no_profile_refuses_a_png(name: str, tmp_path: Path) -> None:
    path = put(tmp_path / "x.png", png(LONG[name]))
    np.testing.assert_array_equal(read_image(path), NOISE)
    assert image_size(path) == (12, 17)


def test_an_orientation_at_the_front_of_a_long_text_counts(tmp_path: Path) -> None:
    long = zlib.compress(xmp(6) + b" " * 3_000_000)
    path = put(tmp_path / "x.png", png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + long)))
    np.testing.assert_array_equal(read_image(path), np.rot90(NOISE, -1))
    assert image_size(path) == (17, 12)


@pytest.mark.parametrize("name", [b"notes", NAME])
def test_a_bomb_in_a_text_is_not_expanded(name: bytes, tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(2**26))
    path = put(tmp_path / "x.png", png(chunk(b"zTXt", name + b"\0\0" + bomb)))
    read_image(path)  # what is loaded for the first time is not counted
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(read_image(path), NOISE)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_a_png_with_too_few_pixels_is_refused_though_its_stream_ends_well(tmp_path: Path) -> None:
    refused(put(tmp_path / "x.png", png(rows=11)), "some of its pixels are not in the file")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("side", range(1, 10))
def test_a_small_png_has_all_its_pixels_interlaced_or_not(side: int, interlaced: bool, tmp_path: Path) -> None:
    pixels = NOISE[:side, : 10 - side]
    content = _interlaced(pixels) if interlaced else bytes(imagecodecs.png_encode(pixels))
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.png", content)), pixels)


def test_a_chunk_that_is_needed_and_unknown_is_named(tmp_path: Path) -> None:
    refused(put(tmp_path / "x.png", png(chunk(b"CgBI", b"\0\0\0\2"))), "holds the chunk CgBI, which is no part of PNG")


def test_a_png_whose_alpha_is_empty_is_transparent(tmp_path: Path) -> None:
    Pillow.fromarray(np.dstack([NOISE, np.zeros((12, 17), np.uint8)])).save(tmp_path / "x.png")
    refused(tmp_path / "x.png", "transparent pixels")
