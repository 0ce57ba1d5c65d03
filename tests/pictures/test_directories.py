"""The directories of a TIFF: none is believed too far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from toys.files import (
    GREY8,
    LAYOUTS,
    directory,
    header,
    outcomes,
    plain,
    put,
)

from srbench.pictures import read_image


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


def test_a_tile_larger_than_any_picture_is_refused_before_it_is_made(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", GREY8, photometric="minisblack")
    tags = plain(8, (322, 4, 1, 2**16), (323, 4, 1, 2**16), (324, 4, 1, 8), (325, 4, 1, 384))
    tags = [tag for tag in tags if tag[0] not in (273, 278, 279)]
    content = header("<", False, 392) + GREY8.tobytes() + directory("<", False, tags, 0)
    reasons = outcomes(tmp_path / "whole.tif", [put(tmp_path / "x.tif", content)])
    assert reasons[0].startswith("its header promises 65536 x 65536 pixels")
