"""The cover is the middle of a picture, pixel for pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.leaderboard.publishing.cover import COVER, SIDE, Cover, write_cover


@pytest.mark.parametrize("shape", [(256, 200, 3), (90, 300), (40, 40, 4)])
def test_the_middle_is_cut_and_nothing_is_resized(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    assert write_cover(Cover("picture.png", "alt"), tmp_path, tmp_path) == Cover(COVER, "alt")
    height, width = (min(side, SIDE) for side in shape[:2])
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    cut = np.asarray(Image.open(tmp_path / COVER))
    assert np.array_equal(cut, pixels[top : top + height, left : left + width])


def test_a_picture_that_cannot_be_read_is_no_cover(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"no picture")
    assert write_cover(Cover("picture.png", ""), tmp_path, tmp_path) is None
    assert not (tmp_path / COVER).exists()
