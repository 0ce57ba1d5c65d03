"""Scales: as people write them, as JSON has them, and what they make of lengths."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.errors import SrbenchError
from srbench.pictures.scale import MOST, enlarged, plain_scale, reduced, scale_of, under_middles

scales = st.builds(Fraction, st.integers(1, MOST), st.integers(1, MOST)).filter(lambda scale: scale >= 1)


@pytest.mark.parametrize(
    ("written", "scale"),
    [
        (4, 4),
        ("4", 4),
        (4.0, 4),
        (1, 1),
        (1.5, Fraction(3, 2)),
        ("1.5", Fraction(3, 2)),
        (1.1, Fraction(11, 10)),
        ("10/7", Fraction(10, 7)),
        (" 20/14 ", Fraction(10, 7)),
        ("8/2", 4),
        (Fraction(6, 3), 2),
    ],
)
def test_what_people_write(written: object, scale: object) -> None:
    found = scale_of(written)
    assert found == scale
    assert type(found) is type(scale)


@pytest.mark.parametrize(
    "written", [0, -2, 0.5, "7/10", "x4", "", "4/0", "10 / 7", None, True, [4], float("nan"), float("inf"), "0/0"]
)
def test_what_is_no_scale(written: object) -> None:
    with pytest.raises(SrbenchError, match="a number from 1 up"):
        scale_of(written)


@pytest.mark.parametrize(("written", "near"), [(1.4286, "10/7"), ("1.33333", "4/3"), (3.14159, "22/7")])
def test_a_rounded_fraction_is_told_which_one_it_may_be(written: object, near: str) -> None:
    with pytest.raises(SrbenchError, match=f"such as {near}$"):
        scale_of(written)


@given(scales)
def test_json_keeps_it(scale: Fraction) -> None:
    found = scale_of(json.loads(json.dumps(plain_scale(scale_of(scale)))))
    assert found == scale
    assert isinstance(found, int) == (scale.denominator == 1)


@given(scales, st.integers(1, 50))
def test_whole_steps_come_back(scale: Fraction, steps: int) -> None:
    lr = steps * scale.denominator
    assert enlarged(lr, scale) == lr * scale
    assert reduced(enlarged(lr, scale), scale) == lr


@given(scales, st.integers(1, 500))
def test_what_is_no_whole_number_is_rounded_down(scale: Fraction, length: int) -> None:
    assert enlarged(length, scale) <= length * scale < enlarged(length, scale) + 1
    assert reduced(length, scale) <= length / scale < reduced(length, scale) + 1


@given(scales, st.integers(1, 60))
def test_what_lies_under_the_middle_of_a_pixel_covers_it(scale: Fraction, count: int) -> None:
    for width in (scale, 1 / scale):
        for place, found in enumerate(under_middles(count, width).tolist()):
            assert found <= (place + Fraction(1, 2)) * width < found + 1
