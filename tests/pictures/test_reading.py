"""Pictures in every depth survive; hostile ones are refused with the file's name. Checked against other decoders."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from PIL import ImageOps

from srbench import pictures as subject
from srbench.pictures import ImageError, image_size, read_image, suffix_for, write_image

Array = npt.NDArray[np.generic]
RNG = np.random.default_rng(7)
GREY8 = RNG.integers(0, 256, (12, 17), dtype=np.uint8)
RGB8 = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)
GREY16 = RNG.integers(0, 65536, (12, 17), dtype=np.uint16)
RGB16 = RNG.integers(0, 65536, (12, 17, 3), dtype=np.uint16)


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(pixels: Array, bits: int, colour: int, *extra: tuple[bytes, bytes], width: int | None = None) -> bytes:
    """A PNG written from the specification, row by row without filters; `width` where bytes hold several pixels."""
    big_endian = pixels.astype(pixels.dtype.newbyteorder(">"))
    rows = b"".join(b"\0" + row.tobytes() for row in big_endian)
    header = struct.pack(">IIBBBBB", width or pixels.shape[1], pixels.shape[0], bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def refused(path: Path, reason: str | None = None) -> None:
    """Refused with the reason, and with the file's name first."""
    with pytest.raises(ImageError, match=reason) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ")


# --- lossless round trips -------------------------------------------------------------------------------------------

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(
    lambda sides: st.sampled_from([(*sides, 1), (*sides, 3)])
)
PICTURES = st.one_of(
    hnp.arrays(np.uint8, SHAPES),
    hnp.arrays(np.uint16, SHAPES),
    hnp.arrays(np.float32, SHAPES, elements=st.floats(allow_nan=False, allow_infinity=False, width=32)),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picture=PICTURES)
def test_what_is_written_is_read_back(picture: Array, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix_for(picture)}"
    write_image(path, picture)
    again = read_image(path)
    assert again.dtype == picture.dtype
    np.testing.assert_array_equal(again, picture)
    assert image_size(path) == picture.shape[:2]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picture=PICTURES)
def test_other_decoders_read_what_is_written(picture: Array, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix_for(picture)}"
    write_image(path, picture)
    if picture.dtype == np.uint8:
        seen = np.asarray(Pillow.open(path))
    elif picture.dtype == np.uint16:
        seen = imagecodecs.imread(path)
    else:
        seen = tifffile.imread(path)
    np.testing.assert_array_equal(seen.reshape(picture.shape), picture)


def test_a_wrong_suffix_or_shape_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"x\.jpg: a uint8 picture is written as \.png"):
        write_image(tmp_path / "x.jpg", RGB8)
    with pytest.raises(ImageError, match=r"x\.png: cannot write the shape \(12, 17\)"):
        write_image(tmp_path / "x.png", GREY8)


# --- every depth, against an independent writer ----------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".ppm", ".webp"])
@pytest.mark.parametrize("pixels", [GREY8, RGB8], ids=["grey", "rgb"])
def test_8_bit_files_of_pillow(pixels: Array, suffix: str, tmp_path: Path) -> None:
    if suffix == ".webp" and pixels.ndim == 2:
        pixels = RGB8  # WebP has no grey
    path = tmp_path / f"x{suffix}"
    Pillow.fromarray(pixels).save(path, **({"lossless": True} if suffix == ".webp" else {}))
    found = read_image(path)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, pixels.reshape(12, 17, -1))


def test_jpeg_decodes_as_pillow_does_whatever_the_name_says(tmp_path: Path) -> None:
    encoded = io.BytesIO()
    Pillow.fromarray(RGB8).save(encoded, "JPEG")
    path = put(tmp_path / "really-a-jpeg.png", encoded.getvalue())
    np.testing.assert_array_equal(read_image(path), np.asarray(Pillow.open(encoded)))


@pytest.mark.parametrize("pixels", [GREY16, RGB16], ids=["grey", "rgb"])
def test_16_bit_png_keeps_every_bit(pixels: Array, tmp_path: Path) -> None:
    by_hand = put(tmp_path / "hand.png", png(pixels, 16, 0 if pixels.ndim == 2 else 2))
    by_library = put(tmp_path / "library.png", imagecodecs.png_encode(pixels))
    for path in (by_hand, by_library):
        found = read_image(path)
        assert found.dtype == np.uint16
        np.testing.assert_array_equal(found, pixels.reshape(12, 17, -1))


@pytest.mark.parametrize("options", [{}, {"compression": "lzw"}, {"compression": "zlib", "predictor": True}])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("layout", ["grey", "contig", "separate"])
def test_tiff_layouts(layout: str, dtype: str, byteorder: str, options: dict[str, object], tmp_path: Path) -> None:
    grey, rgb = (pixels / 65535 if dtype == "float32" else pixels for pixels in (GREY16, RGB16))
    pixels = (grey if layout == "grey" else rgb).astype(dtype)
    path = tmp_path / "x.tif"
    if layout == "grey":
        tifffile.imwrite(path, pixels, photometric="minisblack", byteorder=byteorder, **options)
    else:
        planes = pixels if layout == "contig" else np.moveaxis(pixels, -1, 0)
        tifffile.imwrite(path, planes, photometric="rgb", planarconfig=layout, byteorder=byteorder, **options)
    found = read_image(path)
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, pixels.reshape(12, 17, -1))
    assert image_size(path) == (12, 17)


def test_tiled_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", RGB16, photometric="rgb", tile=(16, 16))
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), RGB16)


def test_white_at_zero_is_turned_around(tmp_path: Path) -> None:
    for pixels, white in ((GREY8, 255), (GREY16, 65535)):
        tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="miniswhite")
        np.testing.assert_array_equal(read_image(tmp_path / "x.tif")[..., 0], white - pixels)


def test_half_and_double_floats_become_float32(tmp_path: Path) -> None:
    for dtype in (np.float16, np.float64):
        pixels = (GREY8 / 255).astype(dtype)
        tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="minisblack")
        found = read_image(tmp_path / "x.tif")
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found[..., 0], pixels.astype(np.float32))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_become_the_greys_they_stand_for(bits: int, tmp_path: Path) -> None:
    values = np.arange(8, dtype=np.uint8).reshape(1, 8) % 2**bits
    packed = np.packbits(np.unpackbits(values[0][:, None], axis=1)[:, 8 - bits :].ravel())[None]
    expected = (values * (255 / (2**bits - 1))).astype(np.uint8)[..., None]
    path = put(tmp_path / "x.png", png(packed, bits, 0, width=8))
    np.testing.assert_array_equal(read_image(path), expected)
    if bits == 1:
        Pillow.fromarray(values.astype(bool)).save(tmp_path / "x.tif")
    else:
        tifffile.imwrite(tmp_path / "x.tif", values, photometric="minisblack", bitspersample=bits)
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), expected)


def test_16_bit_pgm_and_ppm_keep_every_bit_and_other_whites_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "x.pgm", b"P5 17 12 65535\n" + GREY16.astype(">u2").tobytes())
    np.testing.assert_array_equal(read_image(path)[..., 0], GREY16)
    path = put(tmp_path / "x.ppm", b"P6 17 12 65535\n" + RGB16.astype(">u2").tobytes())
    np.testing.assert_array_equal(read_image(path), RGB16)
    refused(put(tmp_path / "x.pgm", b"P5 17 12 4095\n" + (GREY16 // 16).astype(">u2").tobytes()), "its white is 4095")
    refused(put(tmp_path / "x.pgm", b"P2 2 1 15\n3 15\n"), "its white is 15")
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.pgm", b"P2 2 1 255\n3 15\n")), [[[3], [15]]])


# --- colours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_palette_becomes_its_colours(suffix: str, tmp_path: Path) -> None:
    picture = Pillow.fromarray(RGB8).quantize(13)
    picture.save(tmp_path / f"x{suffix}")
    np.testing.assert_array_equal(read_image(tmp_path / f"x{suffix}"), np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_palette_of_greys_is_grey(suffix: str, tmp_path: Path) -> None:
    Pillow.fromarray(GREY8).convert("P").save(tmp_path / f"x{suffix}")
    np.testing.assert_array_equal(read_image(tmp_path / f"x{suffix}")[..., 0], GREY8)


def test_a_tiff_palette_of_16_bit_colours_keeps_them(tmp_path: Path) -> None:
    palette = RNG.integers(0, 65536, (3, 256), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", GREY8, photometric="palette", colormap=palette)
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), palette.T[GREY8])


def test_an_rgb_file_of_greys_stays_rgb(tmp_path: Path) -> None:
    pixels = np.repeat(GREY8[..., None], 3, axis=-1)
    for path in (
        put(tmp_path / "plain.png", png(pixels.reshape(12, -1), 8, 2, width=17)),
        put(tmp_path / "keyed.png", png(pixels.reshape(12, -1), 8, 2, (b"tRNS", bytes([0, 1, 0, 2, 0, 3])), width=17)),
    ):
        np.testing.assert_array_equal(read_image(path), pixels)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("pixels", [GREY8, RGB8, GREY16, RGB16], ids=["grey8", "rgb8", "grey16", "rgb16"])
def test_alpha_is_dropped_where_opaque_and_refused_elsewhere(pixels: Array, suffix: str, tmp_path: Path) -> None:
    white = np.iinfo(pixels.dtype).max
    colour = pixels.reshape(12, 17, -1)
    alpha = np.full((12, 17, 1), white, pixels.dtype)
    holed = alpha.copy()
    holed[3, 4] = white - 1
    for name, mask in (("opaque", alpha), ("holed", holed)):
        both = np.concatenate([colour, mask], axis=-1)
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".png":
            path.write_bytes(imagecodecs.png_encode(both))
        else:
            kind = "rgb" if colour.shape[-1] == 3 else "minisblack"
            tifffile.imwrite(path, both, photometric=kind, planarconfig="contig", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(read_image(tmp_path / f"opaque{suffix}"), colour)
    refused(tmp_path / f"holed{suffix}", "transparent pixels")


@pytest.mark.parametrize(
    ("pixels", "bits", "colour"),
    [(GREY8, 8, 0), (RGB8, 8, 2), (GREY16, 16, 0), (RGB16, 16, 2)],
    ids=["grey8", "rgb8", "grey16", "rgb16"],
)
def test_a_transparent_colour_is_refused_only_where_it_occurs(
    pixels: Array, bits: int, colour: int, tmp_path: Path
) -> None:
    pixels = np.where(pixels == 1, 2, pixels).astype(pixels.dtype)
    used = pixels[3, 4]
    unused = np.ones_like(used)
    rows = pixels.reshape(12, -1)
    keys = {name: np.atleast_1d(key).astype(">u2").tobytes() for name, key in (("used", used), ("unused", unused))}
    paths = {
        name: put(tmp_path / f"{name}.png", png(rows, bits, colour, (b"tRNS", key), width=17))
        for name, key in keys.items()
    }
    np.testing.assert_array_equal(read_image(paths["unused"]), pixels.reshape(12, 17, -1))
    refused(paths["used"], "transparent pixels")


def test_a_transparent_palette_entry_is_refused(tmp_path: Path) -> None:
    Pillow.fromarray(RGB8).quantize(13).save(tmp_path / "x.png", transparency=3)
    refused(tmp_path / "x.png", "transparent pixels")


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_is_refused(suffix: str, tmp_path: Path) -> None:
    Pillow.fromarray(RGB8).convert("CMYK").save(tmp_path / f"x{suffix}")
    refused(tmp_path / f"x{suffix}", "its colours are CMYK; save it as grey or RGB")


def test_odd_depths_and_channels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, GREY16 // 16, photometric="minisblack", bitspersample=12)
    refused(path, "has 12 bits a pixel")
    for dtype in ("int64", "int8"):
        tifffile.imwrite(path, GREY8.astype(dtype), photometric="minisblack")
        refused(path, f"its pixels are {dtype}")
    tifffile.imwrite(path, RGB8, photometric="minisblack", planarconfig="contig")
    refused(path, "MINISBLACK with 3 channels")
    tifffile.imwrite(path, np.dstack([RGB8, GREY8]), photometric="rgb", extrasamples=["unspecified"])
    refused(path, "channel 4 is not said to be alpha")


# --- orientation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_s_rotation_is_applied(orientation: int, tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(RGB8).save(tmp_path / "x.png", exif=exif)
    Pillow.fromarray(RGB8).save(tmp_path / "x.jpg", exif=exif)
    Pillow.fromarray(RGB8).save(tmp_path / "x.tif", tiffinfo={0x0112: orientation})
    put(tmp_path / "deep.png", png(RGB16.reshape(12, -1), 16, 2, (b"eXIf", exif.tobytes()[6:]), width=17))
    expected = np.asarray(ImageOps.exif_transpose(Pillow.open(tmp_path / "x.png")))
    np.testing.assert_array_equal(read_image(tmp_path / "x.png"), expected)
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), expected)
    turned = np.asarray(ImageOps.exif_transpose(Pillow.open(tmp_path / "x.jpg")))
    np.testing.assert_array_equal(read_image(tmp_path / "x.jpg"), turned)
    deep = read_image(tmp_path / "deep.png")
    low = Pillow.fromarray((RGB16 & 255).astype(np.uint8))
    np.testing.assert_array_equal(deep & 255, np.asarray(ImageOps.exif_transpose(_tagged(low, exif))))
    for name in ("x.png", "x.jpg", "x.tif", "deep.png"):
        assert image_size(tmp_path / name) == expected.shape[:2]


def _tagged(picture: Pillow.Image, exif: Pillow.Exif) -> Pillow.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", exif=exif)
    return Pillow.open(buffer)


def test_a_rotation_of_one_channel_16_bit_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", GREY16, photometric="minisblack", extratags=[(0x0112, "H", 1, 6, True)])
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif")[..., 0], np.rot90(GREY16, -1))


# --- frames ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "form"), [(".gif", "GIF"), (".png", "PNG"), (".webp", "WEBP"), (".tif", "TIFF")])
def test_animations_and_stacks_are_refused(suffix: str, form: str, tmp_path: Path) -> None:
    frames = [Pillow.fromarray(RGB8), Pillow.fromarray(255 - RGB8)]
    frames[0].save(tmp_path / f"x{suffix}", form, save_all=True, append_images=frames[1:])
    refused(tmp_path / f"x{suffix}", "holds 2 frames; save each as a picture of its own")


def test_stacks_with_one_header_are_refused(tmp_path: Path) -> None:
    stack = np.stack([GREY8, GREY8, GREY8])
    tifffile.imwrite(tmp_path / "imagej.tif", stack, imagej=True)
    tifffile.imwrite(tmp_path / "truncated.tif", stack, photometric="minisblack", truncate=True)
    tifffile.imwrite(tmp_path / "volume.tif", stack, photometric="minisblack", volumetric=True, tile=(16, 16, 16))
    refused(tmp_path / "imagej.tif", "holds 3 frames")
    refused(tmp_path / "truncated.tif", "holds 3 frames")
    refused(tmp_path / "volume.tif", "3 (frames|slices)")


def test_a_thumbnail_in_a_tiff_is_no_second_picture(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as tiff:
        tiff.write(RGB8, photometric="rgb")
        tiff.write(RGB8[::4, ::4], photometric="rgb", subfiletype=1)
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), RGB8)


def test_a_camera_s_jpeg_with_a_preview_is_its_first_picture(tmp_path: Path) -> None:
    frames = [Pillow.fromarray(RGB8), Pillow.fromarray(RGB8[::2, ::2])]
    frames[0].save(tmp_path / "x.jpg", "MPO", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_image(tmp_path / "x.jpg"), np.asarray(Pillow.open(tmp_path / "x.jpg")))


def test_a_still_gif_called_png_is_read(tmp_path: Path) -> None:
    picture = Pillow.fromarray(GREY8)
    picture.save(tmp_path / "x.png", "GIF")
    np.testing.assert_array_equal(read_image(tmp_path / "x.png")[..., 0], GREY8)


# --- damaged and hostile ---------------------------------------------------------------------------------------------


def encoded(form: str, pixels: Array) -> bytes:
    if form.startswith("tiff"):
        buffer = io.BytesIO()
        compression = form.partition(" ")[2] or None
        kind = "rgb" if pixels.ndim == 3 else "minisblack"
        tifffile.imwrite(buffer, pixels, photometric=kind, compression=compression, rowsperstrip=4)
        return buffer.getvalue()
    if pixels.dtype == np.uint16:
        return bytes(imagecodecs.png_encode(pixels))
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


WHOLE = {
    "png8": encoded("PNG", RGB8),
    "png16": encoded("PNG", RGB16),
    "png16 grey": encoded("PNG", GREY16),
    "jpeg": encoded("JPEG", RGB8),
    "bmp": encoded("BMP", RGB8),
    "webp": encoded("WEBP", RGB8),
    "ppm": encoded("PPM", RGB8),
    "tiff": encoded("tiff", RGB16),
    "tiff lzw": encoded("tiff lzw", RGB16),
    "tiff zlib": encoded("tiff zlib", RGB16),
    "tiff jpeg": encoded("tiff jpeg", RGB8),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_truncated_file_is_refused_wherever_it_ends(name: str, tmp_path: Path) -> None:
    whole = WHOLE[name]
    path = put(tmp_path / "x.png", whole)
    assert read_image(path).shape == ((12, 17, 1) if "grey" in name else (12, 17, 3))
    # The last two bytes may be padding, or an end marker that carries no pixels.
    for length in {*range(1, len(whole) - 12, max(1, len(whole) // 37)), len(whole) - 13, len(whole) // 2}:
        refused(put(path, whole[:length]))


@pytest.mark.parametrize("name", ["png8", "png16", "png16 grey"])
def test_one_flipped_bit_in_a_png_is_noticed(name: str, tmp_path: Path) -> None:
    whole = WHOLE[name]
    for place in range(8, len(whole) - 12, 11):  # up to IEND, which holds nothing
        damaged = bytearray(whole)
        damaged[place] ^= 4
        refused(put(tmp_path / "x.png", bytes(damaged)))


@pytest.mark.parametrize("tag", ["StripByteCounts", "StripOffsets"])
def test_strips_that_are_not_there_are_not_black(tag: str, tmp_path: Path) -> None:
    path = put(tmp_path / "x.tif", WHOLE["tiff zlib"])
    with tifffile.TiffFile(path, mode="r+") as tiff:
        values = list(tiff.pages[0].tags[tag].value)
        tiff.pages[0].tags[tag].overwrite([0, *values[1:]])
    refused(path, "some of its pixels are not in the file")


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    refused(put(tmp_path / "empty.png", b""), "the file is empty")
    refused(put(tmp_path / "text.png", b"once upon a time\n" * 9), "not a readable picture")
    refused(
        put(tmp_path / "script.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "not a readable picture"
    )
    refused(put(tmp_path / "short.png", b"\x89PNG\r\n\x1a\n"), "damaged or truncated")
    refused(put(tmp_path / "short.tif", b"II*\0"), "damaged: it holds no directory")
    refused(tmp_path / "nowhere.png", "cannot be read: No such file")
    (tmp_path / "folder.png").mkdir()
    refused(tmp_path / "folder.png", "cannot be read: Is a directory")


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    for pixels, colour in ((GREY8, 0), (RGB8, 2)):
        path = put(tmp_path / "x.png", png(pixels[:1, :1].reshape(1, -1), 8, colour, width=1))
        np.testing.assert_array_equal(read_image(path), pixels[:1, :1].reshape(1, 1, -1))


@pytest.mark.parametrize("side", [13_378, 100_000, 2**31 - 1])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_png_that_promises_too_much_is_refused_unread(side: int, bits: int, tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", side, side, bits, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b"")]
    path = put(tmp_path / "x.png", b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks))
    refused(path, f"its header promises .* more than {subject.MAX_PIXELS:,}|its header promises more than")
    with pytest.raises(ImageError, match=re.escape(str(path))):
        image_size(path)


@pytest.mark.parametrize("side", [13_378, 100_000])
def test_a_tiff_that_promises_too_much_is_refused_unread(side: int, tmp_path: Path) -> None:
    path = put(tmp_path / "x.tif", WHOLE["tiff zlib"])
    with tifffile.TiffFile(path, mode="r+") as tiff:
        for tag in ("ImageWidth", "ImageLength"):
            tiff.pages[0].tags[tag].overwrite(side)
    refused(path, f"its header promises {side} x {side} pixels")


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_values_that_are_infinite_are_refused(value: float, tmp_path: Path) -> None:
    pixels = (GREY8 / 255).astype(np.float32)
    pixels[5, 5] = value
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="minisblack")
    refused(tmp_path / "x.tif", "values that are infinite")


def test_pixels_that_were_not_measured_stay_as_they_are_unless_that_is_all(tmp_path: Path) -> None:
    pixels = (GREY8 / 255).astype(np.float32)
    pixels[5, 5:] = np.nan
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="minisblack")
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif")[..., 0], pixels)
    tifffile.imwrite(tmp_path / "x.tif", np.full_like(pixels, np.nan), photometric="minisblack")
    refused(tmp_path / "x.tif", "no pixel was measured")


def test_a_double_too_large_for_float32_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.full((4, 4), 1e300), photometric="minisblack")
    refused(tmp_path / "x.tif", "values that are infinite")


def test_odd_metadata_does_not_make_a_picture_bad(tmp_path: Path) -> None:
    broken_exif = put(tmp_path / "exif.png", png(GREY8, 8, 0, (b"eXIf", b"MM\0*\0\0\0\x08\xff\xff\0")))
    np.testing.assert_array_equal(read_image(broken_exif)[..., 0], GREY8)
    buffer = io.BytesIO()
    Pillow.fromarray(RGB8).save(buffer, "JPEG", exif=b"Exif\0\0nonsense")
    jpeg = put(tmp_path / "exif.jpg", buffer.getvalue())
    np.testing.assert_array_equal(read_image(jpeg), np.asarray(Pillow.open(buffer)))
    assert image_size(jpeg) == (12, 17)


READERS: list[Callable[[Path], object]] = [read_image, image_size]


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(WHOLE)), place=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_changed_byte_gives_a_picture_or_an_error_with_the_name(
    read: Callable[[Path], object], name: str, place: int, value: int, tmp_path: Path
) -> None:
    damaged = bytearray(WHOLE[name])
    damaged[place % len(damaged)] = value
    path = put(tmp_path / "x.png", bytes(damaged))
    try:
        read(path)
    except ImageError as error:
        assert str(path) in str(error)
