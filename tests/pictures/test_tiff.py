"""TIFF: which of its directories is the picture, and what it says of it. Files are written tag by tag."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image as Pillow

from srbench.pictures import ImageError, image_size, read_image, read_with_alpha

Array = npt.NDArray[np.generic]
RNG = np.random.default_rng(11)
ROWS, COLUMNS = np.mgrid[:16, :24]
RGB8 = np.dstack([COLUMNS * 10, ROWS * 15, (ROWS + COLUMNS) * 6]).astype(np.uint8)
GREY8 = RGB8[..., 0].copy()
LAYOUTS = [(order, big) for order in "<>" for big in (False, True)]
Tags = list[tuple[int, int, int, int]]


def header(order: str, big: bool, first: int) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    if big:
        return mark + struct.pack(f"{order}HHHQ", 43, 8, 0, first)
    return mark + struct.pack(f"{order}HI", 42, first)


def directory(order: str, big: bool, tags: Tags, following: int) -> bytes:
    """A directory of whole numbers; each tag is its number, the kind and count of its values, and these or a place."""
    wide = "Q" if big else "I"
    entries = b""
    for tag, kind, count, value in tags:
        number = {3: "H", 4: "I", 16: "Q"}[kind]
        inline = count == 1
        entries += struct.pack(f"{order}HH{wide}", tag, kind, count)
        entries += struct.pack(order + (number if inline else wide), value).ljust(8 if big else 4, b"\0")
    return struct.pack(order + ("Q" if big else "H"), len(tags)) + entries + struct.pack(order + wide, following)


def plain(offset: int, *further: tuple[int, int, int, int]) -> Tags:
    """The tags of a grey picture of 24 x 16 whose pixels stand at a place."""
    tags = [(256, 3, 1, 24), (257, 3, 1, 16), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, 1, offset), (277, 3, 1, 1), (278, 3, 1, 16), (279, 4, 1, 384)]
    numbers = {tag[0] for tag in further}
    return sorted([*(tag for tag in tags if tag[0] not in numbers), *further])


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def refused(path: Path, reason: str) -> None:
    """Refused by both readers with the reason, and with the file's name first."""
    for read in (read_image, image_size):
        with pytest.raises(ImageError, match=reason) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


# --- directories that lie ---------------------------------------------------------------------------------------------

READ = """
import resource, sys
from srbench.pictures import ImageError, image_size, read_image

read_image(sys.argv[1])  # everything that reading needs is loaded
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
for name in sys.argv[2:]:
    for read in (read_image, image_size):
        try:
            read(name)
            print("read")
        except ImageError as error:
            print(str(error).removeprefix(f"{name}: "))
"""


def outcomes(whole: Path, paths: list[Path]) -> list[str]:
    """What becomes of each file, read and measured, by a process that may take 256 MiB more than for a picture."""
    command = [sys.executable, "-c", READ, str(whole), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_directories_that_never_end_are_refused_without_being_followed(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", GREY8, photometric="minisblack")
    circle, many, below = [], [], []
    for order, big in LAYOUTS:
        name = f"{'big' if big else 'classic'}-{'little' if order == '<' else 'big'}"
        head = len(header(order, big, 0))
        place = head + 384
        length = len(directory(order, big, plain(head), 0))
        start = header(order, big, place) + GREY8.tobytes()
        itself = start + directory(order, big, plain(head), place)
        back = start + directory(order, big, plain(head), place + length) + directory(order, big, plain(head), place)
        circle += [put(tmp_path / f"itself-{name}.tif", itself), put(tmp_path / f"back-{name}.tif", back)]
        chain = [directory(order, big, plain(head), place + length * (number + 1)) for number in range(2000)]
        many.append(put(tmp_path / f"many-{name}.tif", start + b"".join(chain)))
        # A preview whose picture below it is that preview again.
        loop = directory(order, big, plain(head, (254, 4, 1, 1), (330, 4, 1, place)), 0)
        below.append(put(tmp_path / f"below-{name}.tif", start + loop))
    reasons = outcomes(tmp_path / "whole.tif", [*circle, *many, *below])
    assert reasons[:16] == 16 * ["damaged: its directories follow each other in a circle"]
    assert set(reasons[16:24]) == {"holds more than 1,000 directories (frames); save each picture as a file of its own"}
    assert reasons[24:] == 8 * ["read"]  # the one picture that there is


def test_what_a_tag_promises_and_the_file_does_not_hold_takes_no_memory(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", GREY8, photometric="minisblack")
    paths = []
    for order, big in LAYOUTS:
        head = len(header(order, big, 0))
        start = header(order, big, head + 384) + GREY8.tobytes()
        for tag in (258, 273, 279, 320):
            tags = plain(head, (tag, 4, 2**31 - 1, 8))
            path = tmp_path / f"{tag}-{order == '<'}-{big}.tif"
            paths.append(put(path, start + directory(order, big, tags, 0)))
    reasons = outcomes(tmp_path / "whole.tif", paths)[::2]
    assert all(reason.startswith("damaged or truncated: the values of its tag") for reason in reasons)


def test_a_tile_larger_than_any_picture_is_refused_before_it_is_made(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", GREY8, photometric="minisblack")
    tags = plain(8, (322, 4, 1, 2**16), (323, 4, 1, 2**16), (324, 4, 1, 8), (325, 4, 1, 384))
    tags = [tag for tag in tags if tag[0] not in (273, 278, 279)]
    content = header("<", False, 392) + GREY8.tobytes() + directory("<", False, tags, 0)
    reasons = outcomes(tmp_path / "whole.tif", [put(tmp_path / "x.tif", content)])
    assert reasons[0].startswith("its header promises 65536 x 65536 pixels")


def test_metadata_that_points_nowhere_do_not_refuse_a_picture(tmp_path: Path) -> None:
    odd = [(305, 3, 2**20, 99), (34665, 4, 1, 392), (34853, 4, 1, 2**31), (50000, 4, 1000, 2**31)]
    content = header("<", False, 392) + GREY8.tobytes() + directory("<", False, plain(8, *odd), 0)
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.tif", content))[..., 0], GREY8)


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


# --- which directory is the picture -----------------------------------------------------------------------------------

JPEG = {"compression": "jpeg", "compressionargs": {"level": 100}}


@pytest.mark.parametrize("options", [{}, JPEG], ids=["rgb", "ycbcr"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("side", [4, 1], ids=["smaller", "same size"])
def test_the_picture_is_found_among_its_previews_wherever_it_stands(
    side: int, place: int, options: dict[str, object], tmp_path: Path
) -> None:
    tifffile.imwrite(tmp_path / "alone.tif", RGB8, photometric="rgb", **options)
    with tifffile.TiffWriter(tmp_path / "x.tif") as tiff:
        for number in range(3):
            reduced = {} if number == place else {"subfiletype": 1}
            pixels = RGB8 if number == place else 255 - RGB8[::side, ::side]
            tiff.write(pixels, photometric="rgb", metadata=None, **reduced, **options)
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), read_image(tmp_path / "alone.tif"))
    assert image_size(tmp_path / "x.tif") == (16, 24)


def test_a_preview_marked_as_old_programs_do_is_passed_over(tmp_path: Path) -> None:
    start = header("<", False, 776) + (255 - GREY8).tobytes() + GREY8.tobytes()
    preview = plain(8, (255, 3, 1, 2))
    length = len(directory("<", False, preview, 0))
    content = start + directory("<", False, preview, 776 + length) + directory("<", False, plain(392), 0)
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.tif", content))[..., 0], GREY8)


@pytest.mark.parametrize("options", [{}, JPEG], ids=["rgb", "ycbcr"])
def test_a_picture_below_its_preview_is_found(options: dict[str, object], tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as tiff:
        tiff.write(RGB8[::4, ::4], photometric="rgb", subfiletype=1, subifds=2, metadata=None)
        tiff.write(RGB8[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
        tiff.write(RGB8, photometric="rgb", metadata=None, **options)
    tifffile.imwrite(tmp_path / "alone.tif", RGB8, photometric="rgb", **options)
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), read_image(tmp_path / "alone.tif"))


def test_a_lone_picture_is_read_whatever_it_is_marked_and_previews_alone_are_refused(tmp_path: Path) -> None:
    for count in (1, 2):
        with tifffile.TiffWriter(tmp_path / f"{count}.tif") as tiff:
            for _ in range(count):
                tiff.write(RGB8, photometric="rgb", subfiletype=1, metadata=None)
    np.testing.assert_array_equal(read_image(tmp_path / "1.tif"), RGB8)
    refused(tmp_path / "2.tif", "holds only reduced pictures")


def test_a_stack_of_metamorph_is_refused(tmp_path: Path) -> None:
    content = header("<", False, 392) + GREY8.tobytes()
    content += directory("<", False, plain(8, (33629, 4, 3, 8)), 0)
    refused(put(tmp_path / "x.tif", content), "holds 3 frames")


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
