"""Nearest training images: against scipy's distances, mirror images and rounding included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.spatial.distance import cdist

from srbench.evaluate import nearest
from srbench.evaluate.descriptor import describe
from srbench.evaluate.nearest import Neighbour, Neighbourhood, in_units, write_neighbours
from srbench.pictures import DEPTHS, Values

RNG = np.random.default_rng(0)
TRAINING = [RNG.random((8, 8, 3)) for _ in range(12)]
NAMES = [f"t{place}" for place in range(12)]


def test_the_nearest_are_those_of_all_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "AT_ONCE", 3)  # so that seven images come in three batches
    images = [RNG.random((8, 8, 3)) for _ in range(7)]
    found = Neighbourhood(NAMES, TRAINING).of([f"i{place}" for place in range(7)], images, "generated")
    assert [one.image for one in found] == [f"i{place}" for place in range(7)]
    assert {one.source for one in found} == {"generated"}
    rows = np.stack([np.ravel(one) for one in TRAINING])
    features = np.stack(list(map(describe, TRAINING)))
    spread = features.std(0)
    for one, image in zip(found, images, strict=True):
        ways = [image, image[:, ::-1]]
        pixels = cdist([np.ravel(way) for way in ways], rows).min(0) / np.sqrt(rows.shape[1])
        assert one.nearest == NAMES[pixels.argmin()]
        assert one.rmse == pytest.approx(pixels.min(), rel=1e-5)
        by_features = cdist([describe(way) / spread for way in ways], features / spread).min(0)
        assert one.nearest_by_features == NAMES[by_features.argmin()]
        assert one.distance == pytest.approx(by_features.min() / np.sqrt(features.shape[1]), rel=1e-6)


def test_a_copy_and_its_mirror_image_are_at_no_distance() -> None:
    found = Neighbourhood(NAMES, TRAINING).of(["copy", "mirror"], [TRAINING[3], TRAINING[5][:, ::-1]], "real")
    assert [(one.nearest, one.nearest_by_features) for one in found] == [("t3", "t3"), ("t5", "t5")]
    for one in found:
        assert one.rmse < 1e-7 and one.distance < 1e-7


def test_a_difference_of_one_step_in_one_pixel_keeps_its_digits() -> None:
    bright = [np.full((64, 64, 1), 0.9) + 0.05 * RNG.random((64, 64, 1)) for _ in range(3)]
    changed = bright[1].copy()
    changed[5, 5] += 1 / 255
    (found,) = Neighbourhood(["a", "b", "c"], bright).of(["x"], [changed], "generated")
    assert found.nearest == "b"
    assert found.rmse == pytest.approx(1 / 255 / 64, rel=1e-3)


def test_grey_images_among_coloured_ones_count_as_coloured() -> None:
    grey = RNG.random((8, 8, 1))
    coloured = np.repeat(grey, 3, axis=2)
    (found,) = Neighbourhood([*NAMES, "grey"], [*TRAINING, grey]).of(["x"], [coloured], "generated")
    assert (found.nearest, found.nearest_by_features) == ("grey", "grey") and found.rmse < 1e-7


def test_a_feature_that_all_training_images_share_divides_by_no_zero() -> None:
    alike = [np.full((8, 8, 1), 0.5)] * 3
    found = Neighbourhood(["a", "b", "c"], alike).of(["x"], [np.full((8, 8, 1), 0.75)], "generated")[0]
    assert found.nearest == "a"
    assert found.rmse == pytest.approx(0.25) and 0 < found.distance < 1


def test_nothing_to_compare_finds_nothing() -> None:
    assert Neighbourhood(NAMES, TRAINING).of([], [], "real") == []


def test_black_is_zero_and_white_one_in_any_depth() -> None:
    assert in_units(np.array([[[-1000, 3000]]], np.float32), Values(-1000, 3000)).tolist() == [[[0, 1]]]
    assert in_units(np.array([[[0, 4095]]], np.uint16), Values(0, 4095)).tolist() == [[[0, 1]]]
    assert in_units(np.array([[[255]]], np.uint8), DEPTHS["uint8"]).dtype == np.float32


def test_a_table_has_a_column_for_each_field(tmp_path: Path) -> None:
    rows = [Neighbour("ä", "real", "t1", 0.5, "t2", 1.25), Neighbour("b", "generated", "t2", 0.0, "t2", 0.0)]
    write_neighbours(tmp_path / "nearest.parquet", rows)
    assert [Neighbour(**row) for row in pq.read_table(tmp_path / "nearest.parquet").to_pylist()] == rows
    write_neighbours(tmp_path / "nearest.parquet", [])
    assert pq.read_table(tmp_path / "nearest.parquet").column_names == list(vars(rows[0]))
