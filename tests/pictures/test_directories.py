"""The directories of a TIFF: the picture is found among them, and none is followed or believed too far."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from toys.files import (
    GREY8,
    LAYOUTS,
    RGB8,
    directory,
    header,
    plain,
    put,
    refused,
)

from srbench.pictures import image_size, read_image

JPEG = {"compression": "jpeg", "compressionargs": {"level": 100}}

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


def test_metadata_that_points_nowhere_do_not_refuse_a_picture(tmp_path: Path) -> None:
    odd = [(305, 3, 2**20, 99), (34665, 4, 1, 392), (34853, 4, 1, 2**31), (50000, 4, 1000, 2**31)]
    content = header("<", False, 392) + GREY8.tobytes() + directory("<", False, plain(8, *odd), 0)
    np.testing.assert_array_equal(read_image(put(tmp_path / "x.tif", content))[..., 0], GREY8)


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


def test_a_tile_larger_than_any_picture_is_refused_before_it_is_made(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", GREY8, photometric="minisblack")
    tags = plain(8, (322, 4, 1, 2**16), (323, 4, 1, 2**16), (324, 4, 1, 8), (325, 4, 1, 384))
    tags = [tag for tag in tags if tag[0] not in (273, 278, 279)]
    content = header("<", False, 392) + GREY8.tobytes() + directory("<", False, tags, 0)
    reasons = outcomes(tmp_path / "whole.tif", [put(tmp_path / "x.tif", content)])
    assert reasons[0].startswith("its header promises 65536 x 65536 pixels")
