"""Small signals in masks, and places without any."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from srbench_downstream.spots import drawn, room, spots

MASK = np.zeros((20, 24), bool)
MASK[2, 3] = True  # a point
MASK[8, 10] = MASK[9, 11] = MASK[10, 10] = True  # touching at corners
MASK[14:20, 4:16] = True  # too wide


def test_small_parts_are_found_with_their_middle_and_wide_ones_left() -> None:
    found = spots(MASK, 5)
    assert [spot.centre for spot in found] == [(2, 3), (9, 10)]
    assert [int(spot.inside.sum()) for spot in found] == [1, 3]
    assert len(spots(MASK, 12)) == 3
    assert spots(np.zeros((4, 4), bool), 5) == []


@given(st.integers(0, 99), st.integers(0, 6))
def test_about_free_pixels_a_square_lies_in_the_image_and_holds_nothing(seed: int, radius: int) -> None:
    closed = np.random.default_rng(seed).random((15, 11)) < 0.03
    free = room(closed, radius)
    for row in range(15):
        for column in range(11):
            top, left = row - radius, column - radius
            inside = min(top, left) >= 0 and row + radius < 15 and column + radius < 11
            square = closed[max(top, 0) : row + radius + 1, max(left, 0) : column + radius + 1]
            assert free[row, column] == (inside and not square.any())


def test_places_are_drawn_once_each_and_never_where_nothing_is_free() -> None:
    free = room(MASK, 3)
    places = drawn(free, 1000, np.random.default_rng(0))
    assert len(places) == free.sum() == len({tuple(place) for place in places.tolist()})
    assert free[tuple(places.T)].all()
    assert drawn(free, 4, np.random.default_rng(0)).shape == (4, 2)
    assert drawn(np.zeros((3, 3), bool), 4, np.random.default_rng(0)).shape == (0, 2)
