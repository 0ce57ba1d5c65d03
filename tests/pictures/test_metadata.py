"""What stands around the pixels: orientations, long texts, profiles, bombs in them; empty alpha; netpbm's headers."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from PIL import ImageOps

from srbench.pictures import ImageError, image_size, read_image, read_with_alpha

Array = npt.NDArray[np.generic]
RNG = np.random.default_rng(13)
RGB8 = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def refused(path: Path, reason: str) -> None:
    """Refused with the reason, and with the file's name first."""
    with pytest.raises(ImageError, match=reason) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*front: bytes, behind: tuple[bytes, ...] = (), rows: int = 12) -> bytes:
    """A PNG of `RGB8` with further chunks before and behind its pixels, of which `rows` are in the file."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 17, 12, 8, 2, 0, 0, 0))
    pixels = b"".join(b"\0" + row.tobytes() for row in RGB8[:rows])
    parts = [header, *front, chunk(b"IDAT", zlib.compress(pixels)), *behind, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(*segments: bytes) -> bytes:
    """A JPEG of `RGB8` with further segments at its front."""
    buffer = io.BytesIO()
    Pillow.fromarray(RGB8).save(buffer, "JPEG", quality=95)
    whole = buffer.getvalue()
    parts = [b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment for segment in segments]
    return whole[:2] + b"".join(parts) + whole[2:]


def exif(orientation: int, order: str = ">", kind: int = 3) -> bytes:
    """EXIF of one tag."""
    value = struct.pack(order + {3: "HH", 4: "I"}[kind], orientation, *([0] if kind == 3 else []))
    mark = b"MM" if order == ">" else b"II"
    return mark + struct.pack(f"{order}HIHHHI", 42, 8, 1, 0x0112, kind, 1) + value + bytes(4)


def xmp(orientation: int, as_element: bool = False) -> bytes:
    said = (
        f"><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>"
        if as_element
        else f' tiff:Orientation="{orientation}"/>'
    )
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description{said}</rdf:RDF></x:xmpmeta>'.encode()


def raw_profile(content: bytes) -> bytes:
    """A profile in letters, as ImageMagick writes it."""
    letters = content.hex()
    lines = "\n".join(letters[start : start + 72] for start in range(0, len(letters), 72))
    return f"\nexif\n{len(content):8}\n{lines}\n".encode()


NAME = b"Raw profile type exif"
SOURCES: dict[str, Callable[[int], bytes]] = {
    "EXIF": lambda value: chunk(b"eXIf", exif(value)),
    "EXIF, little-endian": lambda value: chunk(b"eXIf", exif(value, "<", 4)),
    "EXIF in a compressed text": lambda value: chunk(
        b"zTXt", NAME + b"\0\0" + zlib.compress(raw_profile(b"Exif\0\0" + exif(value)))
    ),
    "EXIF in a text": lambda value: chunk(b"tEXt", NAME + b"\0" + raw_profile(b"Exif\0\0" + exif(value))),
    "XMP": lambda value: chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(value)),
    "XMP, compressed": lambda value: chunk(
        b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0\0" + zlib.compress(xmp(value, as_element=True))
    ),
}


# --- orientation ------------------------------------------------------------------------------------------------------


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


def test_exif_counts_before_xmp_in_every_format(tmp_path: Path) -> None:
    turned, flat = exif(6), xmp(3)
    name = b"http://ns.adobe.com/xap/1.0/\0"
    put(tmp_path / "x.png", png(SOURCES["XMP"](3), SOURCES["EXIF in a text"](8), SOURCES["EXIF"](6)))
    put(tmp_path / "x.jpg", jpeg(name + flat, b"Exif\0\0" + turned))
    Pillow.fromarray(RGB8).save(tmp_path / "x.webp", lossless=True, exif=b"Exif\0\0" + turned, xmp=flat)
    Pillow.fromarray(RGB8).save(tmp_path / "x.tif", tiffinfo={274: 6, 700: flat})
    for path in tmp_path.iterdir():
        assert image_size(path) == (17, 12)
        with Pillow.open(path) as picture:
            np.testing.assert_array_equal(read_image(path), np.asarray(ImageOps.exif_transpose(picture)))


def test_xmp_counts_where_there_is_no_exif_in_every_format(tmp_path: Path) -> None:
    put(tmp_path / "x.png", png(SOURCES["XMP"](5)))
    put(tmp_path / "x.jpg", jpeg(b"http://ns.adobe.com/xap/1.0/\0" + xmp(5)))
    Pillow.fromarray(RGB8).save(tmp_path / "x.webp", lossless=True, xmp=xmp(5))
    Pillow.fromarray(RGB8).save(tmp_path / "x.tif", tiffinfo={700: xmp(5)})
    for path in tmp_path.iterdir():
        assert image_size(path) == (17, 12)
        with Pillow.open(path) as picture:
            np.testing.assert_array_equal(read_image(path), np.asarray(ImageOps.exif_transpose(picture)))


@given(damaged=st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_unreadable_exif_turns_nothing_and_refuses_nothing(damaged: bytes, tmp_path: Path) -> None:
    for content in (damaged, exif(6)[:10] + damaged):
        path = put(tmp_path / "x.png", png(chunk(b"eXIf", content)))
        assert image_size(path) == read_image(path).shape[:2]


# --- long texts, profiles, and bombs in them --------------------------------------------------------------------------


LONG = {
    "text": chunk(b"tEXt", b"notes\0" + b"x" * 3_000_000),
    "compressed": chunk(b"zTXt", b"notes\0\0" + zlib.compress(b"x" * 3_000_000)),
    "international": chunk(b"iTXt", b"notes\0\1\0\0\0" + zlib.compress(b"x" * 3_000_000)),
    "hundred": 100 * chunk(b"zTXt", b"notes\0\0" + zlib.compress(b"x" * 1_000_000)),
    "profile": chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"x" * 3_000_000)),
    "damaged": chunk(b"zTXt", b"broken\0\7nonsense"),
}


@pytest.mark.parametrize("name", LONG)
def test_no_text_and_no_profile_refuses_a_png(name: str, tmp_path: Path) -> None:
    path = put(tmp_path / "x.png", png(LONG[name]))
    np.testing.assert_array_equal(read_image(path), RGB8)
    assert image_size(path) == (12, 17)


def test_an_orientation_at_the_front_of_a_long_text_counts(tmp_path: Path) -> None:
    long = zlib.compress(xmp(6) + b" " * 3_000_000)
    path = put(tmp_path / "x.png", png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + long)))
    np.testing.assert_array_equal(read_image(path), np.rot90(RGB8, -1))
    assert image_size(path) == (17, 12)


@pytest.mark.parametrize("name", [b"notes", NAME])
def test_a_bomb_in_a_text_is_not_expanded(name: bytes, tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(2**26))
    path = put(tmp_path / "x.png", png(chunk(b"zTXt", name + b"\0\0" + bomb)))
    read_image(path)  # what is loaded for the first time is not counted
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(read_image(path), RGB8)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


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


def test_a_png_with_too_few_pixels_is_refused_though_its_stream_ends_well(tmp_path: Path) -> None:
    refused(put(tmp_path / "x.png", png(rows=11)), "some of its pixels are not in the file")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("side", range(1, 10))
def test_a_small_png_has_all_its_pixels_interlaced_or_not(side: int, interlaced: bool, tmp_path: Path) -> None:
    pixels = RGB8[:side, : 10 - side]
    content = _interlaced(pixels) if interlaced else bytes(imagecodecs.png_encode(pixels))
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.png", content)), pixels)


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


def test_a_chunk_that_is_needed_and_unknown_is_named(tmp_path: Path) -> None:
    refused(put(tmp_path / "x.png", png(chunk(b"CgBI", b"\0\0\0\2"))), "holds the chunk CgBI, which is no part of PNG")


def test_a_jpeg_of_endless_scans_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(RGB8).save(buffer, "JPEG", progressive=True)
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


# --- alpha of BMP -----------------------------------------------------------------------------------------------------


def bmp(alpha: Array) -> bytes:
    """A BMP of 32 bits whose header has a mask for alpha (BITMAPV4HEADER), from the top down."""
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    pixels = np.dstack([RGB8[..., ::-1], alpha]).astype(np.uint8).tobytes()
    header = struct.pack("<IiiHHIIiiII", 108, 17, -12, 1, 32, 3, len(pixels), 0, 0, 0, 0) + masks + bytes(52)
    return b"BM" + struct.pack("<IHHI", 14 + 108 + len(pixels), 0, 0, 14 + 108) + header + pixels


def test_a_bmp_whose_alpha_is_empty_is_opaque_and_any_other_alpha_counts(tmp_path: Path) -> None:
    empty, one = np.zeros((12, 17)), np.zeros((12, 17))
    one[3, 4] = 1
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.bmp", bmp(empty))), RGB8)
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.bmp", bmp(empty + 255))), RGB8)
    refused(put(tmp_path / "x.bmp", bmp(one)), "transparent pixels")
    colours, alpha = read_with_alpha(tmp_path / "x.bmp")
    np.testing.assert_array_equal(colours, RGB8)
    np.testing.assert_array_equal(alpha, one[..., None])


def test_a_large_bmp_in_run_lengths_is_refused_before_it_is_undone(tmp_path: Path) -> None:
    header = struct.pack("<IiiHHIIiiII", 40, 5000, 5000, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024)
    content = b"BM" + struct.pack("<IHHI", 54 + 1024 + 10_000, 0, 0, 54 + 1024) + header + bytes(10_000)
    refused(put(tmp_path / "x.bmp", content), "is a BMP in run lengths of more than")


def test_a_png_whose_alpha_is_empty_is_transparent(tmp_path: Path) -> None:
    Pillow.fromarray(np.dstack([RGB8, np.zeros((12, 17), np.uint8)])).save(tmp_path / "x.png")
    refused(tmp_path / "x.png", "transparent pixels")


# --- PBM, PGM, PPM, PAM -----------------------------------------------------------------------------------------------

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
