"""Contact sheets: every picture pixel by pixel in its place, nothing between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.generation.sheets import GAP, SHOWN_SIDE, contact_sheet, zoom


@given(
    count=st.integers(1, 20),
    columns=st.integers(1, 9),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    channels=st.sampled_from([1, 3]),
)
def test_every_picture_lies_in_its_place(count: int, columns: int, height: int, width: int, channels: int) -> None:
    random = np.random.default_rng([count, columns, height, width])
    pictures = [random.integers(0, 256, (height, width, channels), dtype=np.uint8) for _ in range(count)]
    sheet = contact_sheet(pictures, columns)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, min(columns, count))
        top, left = row * (height + GAP), column * (width + GAP)
        part = sheet[top : top + height, left : left + width]
        assert np.array_equal(part[..., :-1], picture) and (part[..., -1] == 255).all()
    assert (sheet[..., -1] == 255).sum() == count * height * width  # and nothing else is opaque
    assert sheet.shape[2] == channels + 1


def test_a_contact_sheet_is_transparent_between_pictures_and_mixes_grey_with_colour() -> None:
    rng = np.random.default_rng(0)
    grey, colour = (rng.integers(0, 256, (4, 4, channels)).astype(np.uint8) for channels in (1, 3))
    sheet = contact_sheet([grey, colour, grey], columns=2)
    assert sheet.shape == (8 + GAP, 8 + GAP, 4)
    assert (sheet[:4, :4, :3] == grey).all()
    assert (sheet[:4, 4 + GAP :, :3] == colour).all()
    assert (sheet[4:, :, 3][GAP:, 4:] == 0).all()
    assert (sheet[:, 4, 3] == 0).all()
    assert [zoom(side) for side in (16, 28, 32, 64, 200)] == [4, 2, 2, 1, 1]


@pytest.mark.parametrize(("side", "factor"), [(8, 8), (32, 2), (64, 1), (500, 1), (20, 3)])
def test_small_pictures_are_enlarged_by_a_whole_factor_to_about_one_size(side: int, factor: int) -> None:
    assert zoom(side) == factor
    assert side > SHOWN_SIDE or abs(side * factor - SHOWN_SIDE) <= side / 2
