"""TIFF: which of its directories is the picture, and what it says of it. Files are written tag by tag."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image as Pillow
from toys.files import (
    COLUMNS,
    GREY8,
    RGB8,
    ROWS,
    directory,
    header,
    plain,
    put,
)

from srbench.pictures import ImageError, image_size, read_image, read_with_alpha

Array = npt.NDArray[np.generic]
RNG = np.random.default_rng(11)


def refused(path: Path, reason: str) -> None:
    """Refused by both readers with the reason, and with the file's name first."""
    for read in (read_image, image_size):
        with pytest.raises(ImageError, match=reason) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("pixels", [RGB8, GREY8], ids=["ycbcr", "grey"])
@pytest.mark.parametrize("tag", [256, 257])
def test_a_jpeg_smaller_than_the_picture_that_it_should_be_is_refused(tag: int, pixels: Array, tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    Pillow.fromarray(pixels).save(path, compression="jpeg", tiffinfo={278: 999})
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages[0].tags[tag].overwrite(900)
    with pytest.raises(ImageError, match="some of its pixels are not in the file"):
        read_image(path)


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits", "lzma", "zstd"])
def test_a_strip_with_too_few_pixels_is_refused_though_its_data_end_well(
    compression: str | None, tmp_path: Path
) -> None:
    noise = RNG.integers(0, 256, (16, 24), dtype=np.uint8)
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, noise, photometric="minisblack", rowsperstrip=16, compression=compression)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages[0].tags[257].overwrite(900)
        tiff.pages[0].tags[278].overwrite(900)
    with pytest.raises(ImageError):
        read_image(path)


@pytest.mark.parametrize("options", [{"rowsperstrip": 8}, {"tile": (16, 16)}], ids=["strips", "tiles"])
@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2)])
def test_a_jpeg_in_several_parts_is_near_what_was_written(
    subsampling: tuple[int, int], options: dict[str, object], tmp_path: Path
) -> None:
    smooth = np.dstack([COLUMNS * 3 + 50, ROWS * 3 + 90, (ROWS + COLUMNS) * 2 + 70]).astype(np.uint8)[:13, :21]
    tifffile.imwrite(tmp_path / "x.tif", smooth, photometric="rgb", subsampling=subsampling, **options, **JPEG)
    found = read_image(tmp_path / "x.tif").astype(int)
    assert np.abs(found - smooth).mean() < 3


JPEG = {"compression": "jpeg", "compressionargs": {"level": 100}}


# --- masks ------------------------------------------------------------------------------------------------------------


def masked(path: Path, pixels: Array, mask: Array, mask_first: bool = False) -> Path:
    """A picture with a transparency mask, a page each."""
    with tifffile.TiffWriter(path) as tiff:
        pages = [
            lambda: tiff.write(pixels, photometric="rgb", metadata=None),
            lambda: tiff.write(mask, photometric="mask", subfiletype=4, bitspersample=1, metadata=None),
        ]
        for write in reversed(pages) if mask_first else pages:
            write()
    return path


@pytest.mark.parametrize("mask_first", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_transparency_mask_is_alpha(dtype: str, mask_first: bool, tmp_path: Path) -> None:
    pixels = (RGB8 / 255).astype(dtype) if dtype == "float32" else RGB8.astype(dtype)
    seen = COLUMNS > 5
    path = masked(tmp_path / "holed.tif", pixels, seen, mask_first)
    with pytest.raises(ImageError, match="transparent pixels"):
        read_image(path)
    colours, alpha = read_with_alpha(path)
    np.testing.assert_array_equal(colours, pixels)
    assert alpha is not None
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    np.testing.assert_array_equal(alpha[..., 0], np.where(seen, white, 0))
    opaque = masked(tmp_path / "opaque.tif", pixels, np.ones_like(seen), mask_first)
    np.testing.assert_array_equal(read_image(opaque), pixels)


def test_a_mask_of_another_size_is_refused_by_its_size(tmp_path: Path) -> None:
    path = masked(tmp_path / "x.tif", RGB8, np.ones((32, 48), bool))
    with pytest.raises(ImageError, match="has a transparency mask of 48 x 32"):
        read_image(path)


# --- orientation ------------------------------------------------------------------------------------------------------

TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: np.rot90(a, 2),
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("writer", ["tifffile", "pillow"])
def test_colours_ycbcr_are_turned_once(writer: str, orientation: int, tmp_path: Path) -> None:
    for value in (1, orientation):
        path = tmp_path / f"{value}.tif"
        if writer == "tifffile":
            tifffile.imwrite(path, RGB8, photometric="rgb", extratags=[(274, "H", 1, value, True)], **JPEG)
        else:
            Pillow.fromarray(RGB8).save(path, compression="jpeg", tiffinfo={274: value})
    upright = read_image(tmp_path / "1.tif")
    np.testing.assert_array_equal(read_image(tmp_path / f"{orientation}.tif"), TURNS[orientation](upright))
    assert image_size(tmp_path / f"{orientation}.tif") == TURNS[orientation](upright).shape[:2]


# --- what the numbers mean --------------------------------------------------------------------------------------------


def without(path: Path, *tags: int) -> Path:
    """The file without some of its tags: they become ones that mean nothing."""
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        for tag in tags:
            place = tiff.pages[0].tags[tag].offset
            content[place : place + 2] = struct.pack("<H", 65000)
    return put(path, bytes(content))


@pytest.mark.parametrize("said", ["nothing", "unspecified"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_further_channel_that_is_white_everywhere_is_dropped_and_any_other_refused(
    channels: int, dtype: str, said: str, tmp_path: Path
) -> None:
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    colours = (RGB8[..., :channels] / 255 * white).astype(dtype)
    for name, further in (("white", np.full((16, 24, 1), white)), ("other", np.full((16, 24, 1), white // 2))):
        path = tmp_path / f"{name}.tif"
        kind = "rgb" if channels == 3 else "minisblack"
        both = np.concatenate([colours, further.astype(dtype)], axis=-1)
        tifffile.imwrite(path, both, photometric=kind, planarconfig="contig", extrasamples=["unspecified"])
        if said == "nothing":
            without(path, 338)
    np.testing.assert_array_equal(read_image(tmp_path / "white.tif"), colours)
    with pytest.raises(ImageError, match=rf"its channel {channels + 1} is not said to be alpha \(ExtraSamples\)"):
        read_image(tmp_path / "other.tif")


def test_a_picture_that_does_not_say_what_its_numbers_mean_is_what_it_can_only_be(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "grey.tif", GREY8, photometric="minisblack")
    tifffile.imwrite(tmp_path / "rgb.tif", RGB8, photometric="rgb")
    np.testing.assert_array_equal(read_image(without(tmp_path / "grey.tif", 262))[..., 0], GREY8)
    np.testing.assert_array_equal(read_image(without(tmp_path / "rgb.tif", 262)), RGB8)


def test_a_picture_that_may_be_several_things_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "jpeg.tif", RGB8, photometric="rgb", **JPEG)
    tifffile.imwrite(tmp_path / "two.tif", RGB8[..., :2], photometric="minisblack", planarconfig="contig")
    Pillow.fromarray(GREY8 > 99).save(tmp_path / "fax.tif", compression="group4")
    for name in ("jpeg", "two", "fax"):
        with pytest.raises(ImageError, match="does not say what its numbers mean"):
            read_image(without(tmp_path / f"{name}.tif", 262))


@pytest.mark.parametrize(
    ("tag", "value", "reason"),
    [
        (262, 32844, "its colours are LOGL"),
        (262, 32803, "its colours are CFA"),
        (262, 99, "its colours are 99; save it as grey or RGB"),
        (258, 12, "has 12 bits a pixel"),
        (258, 24, "has 24 bits a pixel"),
        (259, 6, "its compression is old-style JPEG"),
    ],
)
def test_a_property_that_cannot_be_read_is_named(tag: int, value: int, reason: str, tmp_path: Path) -> None:
    content = header("<", False, 392) + GREY8.tobytes() + directory("<", False, plain(8, (tag, 3, 1, value)), 0)
    with pytest.raises(ImageError, match=reason):
        read_image(put(tmp_path / "x.tif", content))


def test_channels_of_different_depths_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, RGB8, photometric="rgb")
    path = put(tmp_path / "x.tif", buffer.getvalue())
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[0].tags[258].valueoffset
    content = bytearray(path.read_bytes())
    content[place : place + 6] = struct.pack("<3H", 5, 6, 5)
    with pytest.raises(ImageError, match="its channels have 5, 6, 5 bits"):
        read_image(put(path, bytes(content)))
