"""The chain of a TIFF: the picture is found among its directories, and none is followed too far."""

from __future__ import annotations

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
    outcomes,
    plain,
    put,
    refused,
)

from srbench.pictures import image_size, read_image

JPEG = {"compression": "jpeg", "compressionargs": {"level": 100}}


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
        ends = [*(place + length * number for number in range(1, 2000)), 0]
        chain = [directory(order, big, plain(head), end) for end in ends]
        many.append(put(tmp_path / f"many-{name}.tif", start + b"".join(chain)))
        # A preview whose picture below it is that preview again.
        loop = directory(order, big, plain(head, (254, 4, 1, 1), (330, 4, 1, place)), 0)
        below.append(put(tmp_path / f"below-{name}.tif", start + loop))
    reasons = outcomes(tmp_path / "whole.tif", [*circle, *many, *below])
    assert reasons[:16] == 16 * ["damaged: its directories follow each other in a circle"]
    assert set(reasons[16:24]) == {"holds 2000 frames; save each as a picture of its own"}
    assert reasons[24:] == 8 * ["read"]  # the one picture that there is


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


def test_frames_beyond_number_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("srbench.pictures.chain._MOST", 3)
    tifffile.imwrite(tmp_path / "3.tif", np.stack([GREY8] * 3), photometric="minisblack")
    tifffile.imwrite(tmp_path / "4.tif", np.stack([GREY8] * 4), photometric="minisblack")
    refused(tmp_path / "3.tif", "holds 3 frames")
    tifffile.imwrite(tmp_path / "one.tif", np.stack([GREY8] * 4), photometric="minisblack", truncate=True)
    for name in ("4.tif", "one.tif"):
        refused(tmp_path / name, "holds more than .* frames, previews and masks; split it")


def test_a_stack_of_metamorph_is_refused(tmp_path: Path) -> None:
    content = header("<", False, 8 + 3 * 384) + 3 * GREY8.tobytes()
    content += directory("<", False, plain(8, (33629, 4, 3, 8)), 0)
    refused(put(tmp_path / "x.tif", content), "holds 3 frames")
