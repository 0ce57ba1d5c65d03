"""Pages of a TIFF: each is what `read_image` makes of a file that holds it alone, and what tifffile reads of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageSequence
from toys.files import GREY8, RGB8, directory, header, plain, put

from srbench.pictures import ImageError, read_image, tiff_pages

Array = npt.NDArray[Any]
RNG = np.random.default_rng(5)


def stack(dtype: str = "uint8", count: int = 3, channels: int = 1) -> Array:
    shape = (count, 17, 23, *([channels] if channels > 1 else []))
    if dtype.startswith("float"):
        return RNG.normal(0, 1e4, shape).astype(dtype)
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max, shape, dtype, endpoint=True)


def pixels(path: Path) -> list[Array]:
    return [page.read() for page in tiff_pages(path)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dtype=st.sampled_from(["uint8", "uint16", "int16", "uint32", "int32", "float32"]),
    channels=st.sampled_from([1, 3]),
    options=st.fixed_dictionaries(
        {
            "bigtiff": st.booleans(),
            "byteorder": st.sampled_from("<>"),
            "compression": st.sampled_from([None, "lzw", "zlib", "zstd", "packbits", "lzma"]),
            "planarconfig": st.sampled_from(["contig", "separate"]),
            "tile": st.sampled_from([None, (16, 16)]),
        }
    ),
)
def test_every_page_is_what_tifffile_wrote(dtype: str, channels: int, options: dict[str, Any], tmp_path: Path) -> None:
    path, whole = tmp_path / "x.tif", stack(dtype, 3, channels)
    separate = channels == 3 and options["planarconfig"] == "separate"
    written = np.moveaxis(whole, -1, 1) if separate else whole
    kind = {"photometric": "rgb" if channels == 3 else "minisblack"} | options
    if channels == 1:
        del kind["planarconfig"]
    tifffile.imwrite(path, written, metadata=None, **kind)
    found = tiff_pages(path)
    assert [(page.index, page.size, page.depth) for page in found] == [(k, (17, 23), dtype) for k in range(3)]
    for page, expected in zip(found, whole, strict=True):
        read = page.read()
        assert read.dtype == dtype
        np.testing.assert_array_equal(read, expected.reshape(17, 23, channels))


@pytest.mark.parametrize("bits", [1, 8])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "jpeg", "group4"])
def test_pages_that_pillow_wrote_are_as_pillow_reads_them(compression: str | None, bits: int, tmp_path: Path) -> None:
    if (compression == "group4") != (bits == 1) and compression in ("group4", "jpeg"):
        return
    first, *others = (Pillow.fromarray(np.roll(GREY8, k, 0)).convert("1" if bits == 1 else "L") for k in range(3))
    path = tmp_path / "x.tif"
    first.save(path, save_all=True, append_images=others, compression=compression)
    with Pillow.open(path) as opened:
        expected = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(opened)]
    assert len(expected) == 3
    for read, wanted in zip(pixels(path), expected, strict=True):
        np.testing.assert_array_equal(read[..., 0], wanted)


def test_a_page_is_as_the_same_page_alone_whatever_its_colours(tmp_path: Path) -> None:
    palette = RNG.integers(0, 255, (3, 256)).astype(np.uint16) * 257
    kinds: list[dict[str, Any]] = [
        {"data": RGB8, "photometric": "rgb", "compression": "jpeg", "subsampling": (2, 2)},
        {"data": GREY8, "photometric": "miniswhite"},
        {"data": GREY8.astype(">u2"), "photometric": "miniswhite", "compression": "zlib", "predictor": True},
        {"data": GREY8, "photometric": "palette", "colormap": palette},
        {"data": RGB8, "photometric": "rgb", "extratags": [(274, "H", 1, 6, True)]},
    ]
    with tifffile.TiffWriter(tmp_path / "all.tif") as tiff:
        for number, kind in enumerate(kinds):
            tifffile.imwrite(tmp_path / f"{number}.tif", metadata=None, **kind)
            tiff.write(metadata=None, **kind)
    found = tiff_pages(tmp_path / "all.tif")
    assert [page.white_is_zero for page in found] == [False, True, True, False, False]
    for number, page in enumerate(found):
        alone = read_image(tmp_path / f"{number}.tif")
        np.testing.assert_array_equal(page.read(), alone)
        assert (page.size, page.depth) == (alone.shape[:2], alone.dtype)


def test_pyramids_previews_and_masks_are_no_pages_of_their_own(tmp_path: Path) -> None:
    path, whole = tmp_path / "x.tif", stack("uint8", 3)
    seen = np.ones(whole.shape[1:], bool)
    with tifffile.TiffWriter(path) as tiff:
        for number, picture in enumerate(whole):
            tiff.write(picture, photometric="minisblack", subifds=2, metadata=None)
            for step in (2, 4):
                tiff.write(picture[::step, ::step], photometric="minisblack", subfiletype=1, metadata=None)
            tiff.write(picture[::3, ::3], photometric="minisblack", subfiletype=1, metadata=None)
            mask = seen if number < 2 else ~seen
            tiff.write(mask, photometric="mask", subfiletype=4, bitspersample=1, metadata=None)
    found = tiff_pages(path)
    assert [page.index for page in found] == [0, 3, 6]
    for page, expected in zip(found[:2], whole, strict=False):
        np.testing.assert_array_equal(page.read()[..., 0], expected)
    with pytest.raises(ImageError, match=r"x\.tif: has transparent pixels"):
        found[2].read()


@pytest.mark.parametrize("byteorder", "<>")
def test_a_stack_behind_one_directory_is_found_whole(byteorder: str, tmp_path: Path) -> None:
    whole = stack("uint16", 5)
    tifffile.imwrite(tmp_path / "imagej.tif", whole, imagej=True, truncate=True)
    tifffile.imwrite(tmp_path / "shaped.tif", whole, photometric="minisblack", truncate=True, byteorder=byteorder)
    for name in ("imagej.tif", "shaped.tif"):
        with tifffile.TiffFile(tmp_path / name) as tiff:
            assert len(tiff.pages) == 1
        np.testing.assert_array_equal(np.stack(pixels(tmp_path / name))[..., 0], whole)
        data = (tmp_path / name).read_bytes()
        with pytest.raises(ImageError, match=r"it promises 5 frames, and not all are in the file"):
            tiff_pages(put(tmp_path / f"cut-{name}", data[:-1000]))


def test_stacks_of_metamorph_are_found_whole(tmp_path: Path) -> None:
    whole = [np.roll(GREY8, k) for k in range(3)]
    content = header("<", False, 8 + 3 * 384) + b"".join(one.tobytes() for one in whole)
    path = put(tmp_path / "x.stk", content + directory("<", False, plain(8, (33629, 4, 3, 8)), 0))
    np.testing.assert_array_equal(np.stack(pixels(path))[..., 0], whole)


def test_resolution_is_told_as_it_stands_and_turned_with_the_picture(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as tiff:
        for turn in (1, 6):
            options = {"resolution": ((7, 3), (5, 1)), "resolutionunit": "CENTIMETER", "metadata": None}
            tiff.write(GREY8, photometric="minisblack", extratags=[(274, "H", 1, turn, True)], **options)
        tiff.write(GREY8, photometric="minisblack", resolution=((0, 1), (1, 1)), metadata=None)
    told = [(page.resolution, page.resolution_unit) for page in tiff_pages(tmp_path / "x.tif")]
    assert told == [((Fraction(5), Fraction(7, 3)), "cm"), ((Fraction(7, 3), Fraction(5)), "cm"), (None, "")]


def test_only_the_first_page_brings_its_text(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as tiff:
        for text in ("Zellen µm", "another"):
            tiff.write(GREY8, photometric="minisblack", description=text.encode(), metadata=None)
    assert [page.description for page in tiff_pages(tmp_path / "x.tif")] == ["Zellen µm", ""]


def test_no_more_is_looked_for_than_is_asked(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", stack(count=9), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(tmp_path / "x.tif", mode="r+") as tiff:
        tiff.pages[8].tags[257].overwrite(0)
    assert len(tiff_pages(tmp_path / "x.tif", most=2)) == 2
    with pytest.raises(ImageError, match=r"x\.tif: its header says 23 x 0 pixels"):
        tiff_pages(tmp_path / "x.tif")


def test_strips_that_all_name_one_place_take_no_memory(tmp_path: Path) -> None:
    # 10,000 strips, each the whole file: 4 GB if they were copied.
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, RNG.integers(0, 255, (10_000, 40)).astype(np.uint8), rowsperstrip=1, metadata=None)
    (page,) = tiff_pages(path)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tags = tiff.pages[0].tags
        tags[273].overwrite([8] * 10_000)
        tags[279].overwrite([400_000] * 10_000, dtype="I")
    assert page.read().shape == (10_000, 40, 1)


def test_what_is_no_tiff_is_said(tmp_path: Path) -> None:
    Pillow.fromarray(GREY8).save(tmp_path / "x.png")
    with pytest.raises(ImageError, match=r"x\.png: is no TIFF"):
        tiff_pages(tmp_path / "x.png")
