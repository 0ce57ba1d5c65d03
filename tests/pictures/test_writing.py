"""Pictures onto disk: other libraries read what was written, and what cannot be written is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from srbench.pictures import ImageError, read_image
from srbench.pictures.reading import read_with_alpha
from srbench.pictures.writing import suffix_for, write_image

RNG = np.random.default_rng(0)


def noise(kind: str, channels: int) -> np.ndarray:
    units = RNG.random((3, 5, channels))
    return units.astype(np.float32) if kind == "float32" else (units * np.iinfo(kind).max).astype(kind)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_every_picture_reads_as_it_was_written(tmp_path: Path, kind: str, channels: int, with_alpha: bool) -> None:
    image, alpha = noise(kind, channels), noise(kind, 1) if with_alpha else None
    path = tmp_path / f"ä b{suffix_for(image)}"
    write_image(str(path), image, alpha)
    read, read_alpha = read_with_alpha(path)
    np.testing.assert_array_equal(read, image)
    assert read.dtype == image.dtype
    if alpha is None:
        assert read_alpha is None
        np.testing.assert_array_equal(read_image(path), image)
    else:
        np.testing.assert_array_equal(read_alpha, alpha)


def test_other_libraries_see_the_same_pixels(tmp_path: Path) -> None:
    for name, image in (("8.png", noise("uint8", 3)), ("16.png", noise("uint16", 1)), ("f.tiff", noise("float32", 3))):
        write_image(tmp_path / name, image)
        path = tmp_path / name
        seen = tifffile.imread(path) if path.suffix == ".tiff" else np.asarray(Pillow.open(path))
        np.testing.assert_array_equal(seen.reshape(image.shape), image)


def test_a_view_of_a_picture_is_written_as_it_is_seen(tmp_path: Path) -> None:
    for image in (noise("uint8", 3), noise("uint16", 3), noise("float32", 3)):
        path = tmp_path / f"x{suffix_for(image)}"
        write_image(path, image[::-1, ::2])
        np.testing.assert_array_equal(read_image(path), image[::-1, ::2])


@pytest.mark.parametrize(
    ("name", "image", "reason"),
    [
        ("x.tiff", np.zeros((2, 2, 1), np.uint8), "a uint8 picture is written as .png"),
        ("x.png", np.zeros((2, 2, 1), np.float32), "a float32 picture is written as .tiff"),
        ("x.PNG", np.zeros((2, 2, 1), np.uint8), "is written as .png"),
        ("x.png", np.zeros((2, 2), np.uint8), "cannot write the shape"),
        ("x.png", np.zeros((2, 2, 2), np.uint8), "cannot write the shape"),
        ("x.png", np.zeros((2, 2, 4), np.uint8), "cannot write the shape"),
        ("x.png", np.zeros((0, 2, 1), np.uint8), "cannot write the shape"),
        ("x.png", np.zeros((2, 2, 1), np.int64), "not int64"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_no_file(
    tmp_path: Path, name: str, image: Any, reason: str
) -> None:
    with pytest.raises(ImageError, match=reason):
        write_image(tmp_path / name, image)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "alpha", [np.zeros((2, 3, 1), np.uint8), np.zeros((2, 2, 1), np.uint16), np.zeros((2, 2), np.uint8)]
)
def test_alpha_of_another_size_or_depth_is_refused(tmp_path: Path, alpha: np.ndarray) -> None:
    with pytest.raises(ImageError, match="alpha is"):
        write_image(tmp_path / "x.png", np.zeros((2, 2, 3), np.uint8), alpha)
