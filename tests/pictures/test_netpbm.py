"""The Netpbm family against Pillow, which reads 8 bits, and by hand where it does not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from toys.files import Array, put, refused

from srbench.pictures import image_size, read_image, read_with_alpha
from srbench.pictures.header import Refused
from srbench.pictures.netpbm import decode, size


def read(content: bytes) -> np.ndarray:
    image, orientation = decode(io.BytesIO(content))
    assert orientation == 1
    height, width = image.shape[:2]
    assert size(io.BytesIO(content)) == (width, height, 1)
    return image


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_what_pillow_writes_is_read_as_pillow_reads_it(mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 11, 3), dtype=np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(pixels).convert(mode).save(file, "PPM")
    expected = np.asarray(Pillow.open(io.BytesIO(file.getvalue())).convert("RGB" if mode == "RGB" else "L"))
    np.testing.assert_array_equal(read(file.getvalue()), expected.reshape(5, 11, -1))


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (b"P1\n3 2\n101\n0 1 0\n", [0, 255, 0, 255, 0, 255]),
        (b"P1 3 2 1 0#1 1 1\n1 010", [0, 255, 0, 255, 0, 255]),
        (b"P4 3 2 \xa0\x5f", [0, 255, 0, 255, 0, 255]),  # what fills up a byte is nothing
        (b"P2 3 2 255\n0 1 2\n3 04 255", [0, 1, 2, 3, 4, 255]),
        (b"P2\n# a comment\n3 # another\r2\n#\n65535\n0 1 2 256 4 65535 # end", [0, 1, 2, 256, 4, 65535]),
        (b"P5 3 2 65535\n\0\0\0\x01\0\x02\x01\0\0\x04\xff\xff", [0, 1, 2, 256, 4, 65535]),
        (b"P3 1 2 255 0 1 2 3 4 255", [0, 1, 2, 3, 4, 255]),
        (b"P6 1 1 65535\n\0\x01\0\x02\x01\0", [1, 2, 256]),
        (b"P5 1 1 255\n\n", [10]),  # one space ends the header; what follows is a pixel
        (b"P5 1 1 255 a\nand then some words", [97]),
    ],
)
def test_each_kind_is_read_by_the_letter(content: bytes, values: list[int]) -> None:
    image = read(content)
    assert image.ravel().tolist() == values
    assert image.dtype == (np.uint16 if b"65535" in content else np.uint8)


@pytest.mark.parametrize(
    ("head", "raster", "shape", "values"),
    [
        (b"WIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\n", b"\x01\x02", (1, 2, 1), [1, 2]),
        (b"# c\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nWIDTH 1\nHEIGHT 1\n", b"abc", (1, 1, 3), [97, 98, 99]),
        (b"WIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\n", b"abc\0", (1, 1, 4), [97, 98, 99, 0]),
        (b"WIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 65535\nTUPLTYPE GRAYSCALE_ALPHA\n", b"\x01\0\0\x01", (1, 1, 2), [256, 1]),
        (b"WIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\n", b"\0\x01", (1, 2, 1), [0, 255]),
    ],
)
def test_pam_says_what_its_tuples_are(head: bytes, raster: bytes, shape: tuple[int, ...], values: list[int]) -> None:
    image = read(b"P7\n" + head + b"ENDHDR\n" + raster)
    assert image.shape == shape and image.ravel().tolist() == values


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"P5", "header is not one of PBM"),
        (b"P5 2 2\n", "header is not one of PBM"),
        (b"P5 -1 2 255\n", "header is not one of PBM"),
        (b"P5 2 2 100\n\0\0\0\0", "its white is 100; save it with 255 or 65535"),
        (b"P5 2 2 0\n\0\0\0\0", "its white is 0"),
        (b"P5 2 2 255\n\0\0\0", "truncated"),
        (b"P4 9 2 \0\0\0", "truncated"),
        (b"P2 2 2 255 1 2 3", "truncated"),
        (b"P1 2 2 101", "truncated"),
        (b"P2 2 1 255 1 256", "values above its white, 255"),
        (b"P2 2 1 255 1 -2", "not all numbers"),
        (b"P2 2 1 255 1 x 2", "not all numbers"),
        (b"P2 2 1 255 1 0000000002", "not all numbers"),
        (b"P5 1 1 255 aP5 1 1 255 b", "2"),
        (b"P7\nWIDTH 1\n", "header is not one of PAM"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nENDHDR\n\0", "lacks one of WIDTH"),
        (b"P7\nWIDTH x\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\0", "lacks one of WIDTH"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CMYK\nENDHDR\n\0\0\0\0", "'CMYK' of 4; save it as"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n\0", "'RGB' of 1"),
    ],
)
def test_what_is_damaged_or_is_not_for_us_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        decode(io.BytesIO(content))


@pytest.mark.parametrize("sides", [b"0 1", b"1 0", b"999999999 999999999"])
def test_sides_that_no_picture_has_are_refused_before_anything_is_read(sides: bytes) -> None:
    for content in (b"P5 " + sides + b" 255\n", b"P4 " + sides + b"\n"):
        with pytest.raises(Refused):
            size(io.BytesIO(content))
        with pytest.raises(Refused):
            decode(io.BytesIO(content))


SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 19), st.sampled_from([1, 3]))
GAPS = st.sampled_from([b" ", b"\n", b"\t \r\n", b"\n# a comment: 255 # 3\n", b" #\n"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pixels=st.one_of(hnp.arrays(np.uint8, SHAPES), hnp.arrays(np.uint16, SHAPES)), letters=st.booleans(), gap=GAPS)
def test_a_pgm_or_ppm_of_either_depth_is_read_bit_for_bit(
    pixels: Array, letters: bool, gap: bytes, tmp_path: Path
) -> None:
    height, width, channels = pixels.shape
    white = np.iinfo(pixels.dtype).max
    magic = b"P%d" % ((2 if letters else 5) + (channels == 3))
    head = magic + gap + gap.join([b"%d" % width, b"%d" % height, b"%d" % white]) + b"\n"
    raster = (
        gap.join([b"%d" % value for value in pixels.ravel()])
        if letters
        else pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    )
    path = put(tmp_path / "x.pnm", head + raster)
    found = read_image(path)
    assert found.dtype == pixels.dtype
    np.testing.assert_array_equal(found, pixels)
    assert image_size(path) == (height, width)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bits=hnp.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 19))), gap=GAPS)
def test_a_bitmap_s_ones_are_black_packed_or_in_letters(bits: Array, gap: bytes, tmp_path: Path) -> None:
    size = gap + b"%d" % bits.shape[1] + gap + b"%d" % bits.shape[0] + b"\n"
    letters = gap.join(["".join(str(int(bit)) for bit in row).encode() for row in bits])
    for content in (b"P4" + size + np.packbits(bits, axis=1).tobytes(), b"P1" + size + letters):
        np.testing.assert_array_equal(read_image(put(tmp_path / "x.pbm", content))[..., 0], np.where(bits, 0, 255))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"P5 2 2 255\n\0\0\0", "some of its pixels are not in the file"),
        (b"P2 2 2 255\n1 2 3", "some of its pixels are not in the file"),
        (b"P2 2 1 255\n1 256", "values above its white, 255"),
        (b"P2 2 1 255\n1 -1", "its pixels are not all numbers"),
        (b"P2 2 1 255\n1 -", "some of its pixels are not in the file"),
        (b"P2 2 1 255\n1 1.5", "its pixels are not all numbers"),
        (b"P2 2 1 255\n1 0000000000001", "its pixels are not all numbers"),
        (b"P2 1 1 255\n7 P2 1 1 255\n7", "holds 2 frames"),
        (b"P2 2 1 255\nx 1 2", "its pixels are not all numbers"),
        (b"P1 2 1\n12", "values above its white, 1"),
        (b"P5 2 1 4095\n\0\0\0\0", "its white is 4095; save it with 255 or 65535"),
        (b"P6 1 1 1\n\0\0\0", "its white is 1; save it with 255 or 65535"),
        (b"P5 2 1 255\n\0\0P5 2 1 255\n\0\0", "holds 2 frames"),
        (b"P5 0 1 255\n", "its header says 0 x 1 pixels"),
        (b"P5 100000 100000 255\n\0", "its header promises 100000 x 100000 pixels"),
        (b"P5 two 1 255\n", "its header is not one of PBM, PGM or PPM"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CMYK\nENDHDR\nabcd", "its tuples are 'CMYK' of 4"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nENDHDR\na", "lacks one of WIDTH, HEIGHT, DEPTH and MAXVAL"),
    ],
)
def test_a_netpbm_file_that_cannot_be_read_is_refused_in_words(content: bytes, reason: str, tmp_path: Path) -> None:
    refused(put(tmp_path / "x.pnm", content), reason)


def test_a_pam_s_alpha_is_alpha(tmp_path: Path) -> None:
    head = b"P7\n# by hand\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    values = np.arange(8, dtype=np.uint16) * 9000
    colours, alpha = read_with_alpha(put(tmp_path / "x.pam", head + values.astype(">u2").tobytes()))
    np.testing.assert_array_equal(colours.ravel(), values[[0, 1, 2, 4, 5, 6]])
    assert alpha is not None
    np.testing.assert_array_equal(alpha.ravel(), values[[3, 7]])
