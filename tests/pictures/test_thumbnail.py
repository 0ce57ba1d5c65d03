"""Pictures in miniature: against Pillow's areas, and the same whatever bits, colours and orientation a picture has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from srbench.pictures.thumbnail import SIDE, SPREAD, thumbnail


def steps(image: npt.NDArray[np.generic]) -> npt.NDArray[np.int16]:
    return np.frombuffer(thumbnail(image), np.int8).reshape(SIDE, SIDE).astype(np.int16)


def noise(height: int, width: int, channels: int = 1, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


sides = st.integers(16, 80)


@settings(max_examples=20)
@given(sides, sides, st.integers(0, 9))
def test_it_is_the_mean_of_equal_areas_as_pillow_computes_it(height: int, width: int, seed: int) -> None:
    picture = noise(max(height, SIDE), max(width, SIDE), seed=seed)
    whole = Pillow.fromarray(picture[..., 0].astype(np.float32), "F")
    areas = np.asarray(whole.resize((SIDE, SIDE), Pillow.Resampling.BOX), np.float64)
    # Pillow takes whole pixels at the edges of areas, so sides that are no multiples of the areas' differ somewhat.
    allowed = 1 if not (picture.shape[0] % SIDE or picture.shape[1] % SIDE) else 40
    expected = (areas - areas.mean()) / areas.std() * SPREAD
    assert np.abs(steps(picture) - expected).mean() <= allowed / 2


@settings(max_examples=20)
@given(sides, sides, st.integers(0, 9), st.integers(0, 3), st.booleans())
def test_of_a_turned_picture_it_is_turned(height: int, width: int, seed: int, quarters: int, mirrored: bool) -> None:
    picture = noise(height, width, seed=seed)
    turned = np.rot90(picture[:, ::-1] if mirrored else picture, quarters)
    own = np.rot90(steps(picture)[:, ::-1] if mirrored else steps(picture), quarters)
    assert np.abs(steps(turned) - own).max() <= 1


def test_bits_and_grey_in_three_channels_change_nothing() -> None:
    picture = noise(50, 70)
    for same in (picture.astype(np.uint16) * 257, (picture / 255).astype(np.float32), np.repeat(picture, 3, 2)):
        assert np.abs(steps(same) - steps(picture)).max() <= 1


def test_every_pixel_counts_once() -> None:
    """One bright pixel moves the mean of all areas together by its share, wherever it lies."""
    for place in ((0, 0), (20, 3), (49, 69)):
        picture = np.zeros((50, 70, 1), np.float32)
        picture[place] = 1
        lit = steps(picture) > 0
        rows, columns = np.nonzero(lit)
        assert 1 <= lit.sum() <= 4
        assert np.abs(rows.mean() + 0.5 - (place[0] + 0.5) * SIDE / 50) < 1
        assert np.abs(columns.mean() + 0.5 - (place[1] + 0.5) * SIDE / 70) < 1


@pytest.mark.parametrize(
    "picture",
    [
        np.full((40, 40, 3), 200, np.uint8),
        np.zeros((64, 64, 1), np.float32),
        np.full((64, 50, 1), 1e6 + 0.1, np.float32),
        np.full((40, 40, 1), np.nan, np.float32),
        noise(15, 400),
    ],
)
def test_it_is_empty_where_there_is_nothing_to_see(picture: npt.NDArray[np.generic]) -> None:
    assert thumbnail(picture) == b""
