"""Planted duplicates are found, whatever became of them; different photographs, noise and flat pictures are not."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.cbook import get_sample_data
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter
from skimage import data
from sklearn.datasets import load_sample_image

from srbench.pictures.likeness import alike
from srbench.pictures.thumbnail import thumbnail

Picture = npt.NDArray[np.generic]
NAMES = (
    "astronaut brick camera cell chelsea clock coffee coins grass gravel hubble_deep_field immunohistochemistry moon"
)


@cache
def photographs() -> dict[str, Picture]:
    found = {name: getattr(data, name)() for name in [*NAMES.split(), "moon", "retina", "rocket", "text", "page"]}
    found |= {name: load_sample_image(f"{name}.jpg") for name in ("china", "flower")}
    with get_sample_data("grace_hopper.jpg") as file:
        found["grace_hopper"] = np.asarray(Pillow.open(file))
    return {name: picture if picture.ndim == 3 else picture[..., None] for name, picture in found.items()}


def pillow(picture: Picture) -> Pillow.Image:
    return Pillow.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)


def array(opened: Pillow.Image) -> Picture:
    read = np.asarray(opened)
    return read if read.ndim == 3 else read[..., None]


def recompressed(picture: Picture) -> Picture:
    file = io.BytesIO()
    pillow(picture).save(file, "JPEG", quality=75)
    return array(Pillow.open(file))


def halved(picture: Picture) -> Picture:
    height, width, _ = picture.shape
    return array(pillow(picture).resize((width // 2, height // 2), Pillow.Resampling.BICUBIC))


def cropped(top: float, left: float, bottom: float, right: float) -> Callable[[Picture], Picture]:
    def crop(picture: Picture) -> Picture:
        height, width, _ = picture.shape
        return picture[
            int(top * height) : height - int(bottom * height), int(left * width) : width - int(right * width)
        ]

    return crop


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "mirrored": lambda picture: picture[:, ::-1],
    "recompressed": recompressed,
    "halved": halved,
    "every second pixel": lambda picture: picture[::2, ::2],
    "grey": lambda picture: array(pillow(picture).convert("L")),
    "16 bits": lambda picture: picture.astype(np.uint16) * 257,
    "float": lambda picture: (picture / 255).astype(np.float32),
    "brighter in the middle": lambda picture: np.sqrt(picture / 255).astype(np.float32),
}
CROPS: dict[str, Callable[[Picture], Picture]] = {
    "by a fiftieth": cropped(0.02, 0.02, 0.02, 0.02),
    "by a twentieth": cropped(0.05, 0.05, 0.05, 0.05),
    "at one side": cropped(0, 0.05, 0, 0),
    "turned, halved, recompressed": lambda picture: recompressed(
        halved(cropped(0.03, 0, 0.02, 0.02)(np.rot90(picture).copy()))
    ),
}
FINE = {"brick", "grass", "gravel", "hubble_deep_field"}
"""They have no large shapes by which a displacement could be found."""


def prints(pictures: Iterator[Picture] | list[Picture]) -> list[bytes]:
    return [thumbnail(picture) for picture in pictures]


@pytest.mark.parametrize("change", CHANGES)
def test_planted_duplicates_are_found_and_no_others(change: str) -> None:
    originals = list(photographs().values())
    found = alike(prints(map(CHANGES[change], originals)), prints(originals))
    assert [(pair.first, pair.second) for pair in found] == [(place, place) for place in range(len(originals))]


@pytest.mark.parametrize("crop", CROPS)
def test_slightly_cropped_pictures_are_found_where_they_have_shapes(crop: str) -> None:
    originals = [picture for name, picture in photographs().items() if name not in FINE]
    found = alike(prints(map(CROPS[crop], originals)), prints(originals))
    assert all(pair.first == pair.second for pair in found)
    assert len(found) >= 0.9 * len(originals)


@settings(max_examples=30)
@given(st.integers(16, 80), st.integers(16, 80), st.integers(0, 3), st.booleans(), st.integers(0, 2**32))
def test_the_eight_ways_to_turn_and_mirror_are_one_picture(
    height: int, width: int, quarters: int, mirrored: bool, seed: int
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 1), np.uint8)
    turned = np.rot90(picture[:, ::-1] if mirrored else picture, quarters)
    (pair,) = alike([thumbnail(turned)], [thumbnail(picture)])
    words = {(0, False): "", (0, True): "mirrored", (2, True): "mirrored"}
    words |= {(quarter, False): "turned" for quarter in (1, 2, 3)}
    assert pair.turn == words.get((quarters, mirrored), "mirrored and turned")


def tiles(side: int) -> list[Picture]:
    return [
        picture[top : top + side, left : left + side]
        for picture in photographs().values()
        for top in range(0, picture.shape[0] - side + 1, side)
        for left in range(0, picture.shape[1] - side + 1, side)
    ]


def test_different_parts_of_photographs_are_not_alike() -> None:
    """Neighbouring parts of one texture among them; at most 1 of 1000 pairs is allowed, and there is none."""
    cut = tiles(104)
    assert len(cut) * (len(cut) - 1) / 2 > 100_000
    assert alike(prints(cut)) == []


@settings(max_examples=20)
@given(st.integers(16, 64), st.integers(16, 64), st.integers(1, 256), st.integers(0, 2**32))
def test_noises_are_not_alike(height: int, width: int, levels: int, seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, levels, (12, height, width, 1), np.uint8)
    assert alike(prints(list(pictures))) == []


def _flat(random: np.random.Generator) -> Picture:
    return np.full((64, 64, 1), random.integers(0, 256), np.uint8)


def _sky(random: np.random.Generator) -> Picture:
    y, x = np.mgrid[:96, :128] / 128
    shade = random.uniform(160, 250) - random.uniform(30, 90) * y - random.uniform(-20, 20) * (x + y**2)
    return np.rint(shade + random.normal(size=shade.shape) * random.choice([0, 1, 3]))[..., None].astype(np.uint8)


def _vignette(random: np.random.Generator) -> Picture:
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    return np.rint(200 * (1 - random.uniform(0.1, 0.5) * (y**2 + x**2)))[..., None].astype(np.uint8)


def _blank_slice(random: np.random.Generator) -> Picture:
    return (random.random((96, 96, 1)) < 0.001).astype(np.uint16) * 9


def _half_dark(random: np.random.Generator) -> Picture:
    shown = np.full((96, 96, 1), random.integers(10, 100), np.uint8)
    shown[48:] = random.integers(150, 250)
    return shown + random.integers(0, 5, shown.shape, np.uint8)


def _behind_a_frame(random: np.random.Generator) -> Picture:
    """As through a microscope: a bright circle with something else in it each time, black around."""
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    seen = gaussian_filter(random.normal(size=(128, 128)), 3)
    return np.where(np.hypot(y, x) < 0.9, 120 + 15 * seen / seen.std(), 0)[..., None].astype(np.uint8)


@pytest.mark.parametrize("make", [_flat, _sky, _vignette, _blank_slice, _half_dark, _behind_a_frame])
def test_what_pictures_have_in_common_without_any_detail_makes_them_not_alike(
    make: Callable[[np.random.Generator], Picture],
) -> None:
    random = np.random.default_rng(0)
    assert alike(prints([make(random) for _ in range(40)])) == []


def test_slices_of_a_volume_are_not_alike_until_all_they_show_is() -> None:
    volume = gaussian_filter(np.random.default_rng(0).normal(size=(40, 128, 128, 1)), (1, 4, 4, 0))
    slices = prints(list((volume / np.abs(volume).max()).astype(np.float32)))
    found = alike(slices)
    assert all(pair.second == pair.first + 1 for pair in found)
    assert len(found) < 0.001 * 40 * 39 / 2 + 10
    assert alike([slices[3]], [slices[3]]) == [(0, 0, "")]


def test_of_several_the_most_like_one_is_told_and_pairs_once() -> None:
    coffee, cat = photographs()["coffee"], photographs()["chelsea"]
    some = prints([cat, coffee, cropped(0.04, 0, 0, 0)(coffee), coffee[:, ::-1]])
    assert alike([some[1]], some[:3]) == [(0, 1, "")]
    assert alike(some) == [(1, 3, "mirrored"), (2, 3, "mirrored")]
    assert alike(some, []) == alike([], some) == alike([]) == alike([b"", b""]) == []


def test_blocks_of_the_search_lose_no_pair() -> None:
    """More pictures than are compared at once, on both sides, each of them found where it was put."""
    random = np.random.default_rng(0)
    pictures = prints(list(random.integers(0, 256, (1100, 32, 32, 1), np.uint8)))
    chosen = random.permutation(1100)[:300]
    found = alike([pictures[place] for place in chosen], pictures)
    assert [pair.second for pair in found] == list(chosen)
    twice = alike([*pictures, *(pictures[place] for place in chosen)])
    assert sorted((pair.second, pair.first) for pair in twice) == [(1100 + n, p) for n, p in enumerate(chosen)]
