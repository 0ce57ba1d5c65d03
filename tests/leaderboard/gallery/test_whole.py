"""Whole pictures as tiles: nothing lost, and no more of them than there is room for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.leaderboard.gallery.whole import TILE, Room
from srbench.pictures import read_image

NOISE = np.random.default_rng(0)


@pytest.mark.parametrize(("height", "width", "channels"), [(600, 1100, 3), (300, 512, 1), (512, 513, 1)])
def test_tiles_put_together_are_the_picture(tmp_path: Path, height: int, width: int, channels: int) -> None:
    picture = NOISE.integers(0, 256, (height, width, channels), np.uint8)
    small = NOISE.integers(0, 256, (height // 4, width // 4, channels), np.uint8)
    tiles, lr = Room(1e9).write([("HR", picture), ("LR", small)], max(height, width), tmp_path)
    columns = -(-width // TILE)
    rows = [tiles[place : place + columns] for place in range(0, len(tiles), columns)]
    pieces = [np.concatenate([read_image(tmp_path / place) for place in row], 1) for row in rows]
    assert np.array_equal(np.concatenate(pieces), picture)
    assert len(lr) == 1 and np.array_equal(read_image(tmp_path / lr[0]), small)


def test_all_pictures_of_an_image_are_written_or_none_and_after_one_without_room_none(tmp_path: Path) -> None:
    picture = NOISE.integers(0, 256, (300, 300, 1), np.uint8)  # about 90 kB, as noise is
    room = Room(200e3)
    assert room.write([("a", picture)], 300, tmp_path) == [("a-0.png",)]
    left = room.left
    assert left == 200e3 - (tmp_path / "a-0.png").stat().st_size
    assert room.write([("b", picture), ("c", picture)], 300, tmp_path) == []
    assert room.write([("d", picture[:8, :8])], 8, tmp_path) == []
    assert room.left == left
    assert [path.name for path in tmp_path.iterdir()] == ["a-0.png"]
    assert Room(0).write([("e", picture)], 300, tmp_path) == []
