"""What counts as a score, at its edges."""

from __future__ import annotations

import math

import pytest

from srbench.statistics.scores import LARGEST, is_score


@pytest.mark.parametrize("value", [0.0, -0.0, 5e-324, LARGEST, -LARGEST, math.inf, -math.inf, 3, True])
def test_numbers_up_to_the_largest_and_infinity_are_scores(value: float) -> None:
    assert is_score(value)


@pytest.mark.parametrize("value", [math.nan, math.nextafter(LARGEST, math.inf), -1e300])
def test_what_is_not_a_number_and_what_has_no_finite_square_is_none(value: float) -> None:
    assert not is_score(value)


def test_the_spread_of_the_largest_scores_is_finite() -> None:
    assert math.isfinite(LARGEST**2 + LARGEST**2)
