"""Stored integers, numbers and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from srbench_dicom.rescale import Rescale

from srbench import ImageError

RESCALES = st.builds(
    Rescale,
    slope=st.sampled_from([1.0, -1.0, 2.0, 0.684, -0.01, 1e-6, 3.7e4]),
    intercept=st.sampled_from([0.0, -1024.0, 200.0, 0.25]),
    bits=st.integers(1, 16),
    signed=st.booleans(),
)


@given(RESCALES, st.integers(0, 2**32 - 1))
def test_what_is_stored_comes_back(rescale: Rescale, seed: int) -> None:
    low, high = rescale.ends
    stored = np.random.default_rng(seed).integers(low, high, 50, endpoint=True)
    stored[:2] = low, high
    numbers = rescale.numbers(stored)
    if rescale.depth != "float32" or abs(rescale.slope * 2**22) > abs(rescale.intercept):  # 24 bits tell them apart
        assert np.array_equal(rescale.stored(numbers), stored)
    assert numbers.dtype.name == rescale.depth
    np.testing.assert_allclose(numbers, rescale.slope * stored + rescale.intercept, rtol=1e-6)
    assert rescale.range == (min(ends := [rescale.slope * one + rescale.intercept for one in (low, high)]), max(ends))


@given(RESCALES)
def test_inverted_is_the_same_range_the_other_way_round(rescale: Rescale) -> None:
    stored = np.array(rescale.ends)
    plain, inverted = rescale.numbers(stored), rescale.inverted().numbers(stored)
    np.testing.assert_allclose(plain, inverted[::-1], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(rescale.inverted().range, rescale.range, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("rescale", "depth"),
    [
        (Rescale(1, 0, 8), "uint8"),
        (Rescale(1, 0, 12), "uint16"),
        (Rescale(1, -1024, 12), "int16"),
        (Rescale(1, -1024, 16), "int32"),
        (Rescale(1, 0, 16, signed=True), "int16"),
        (Rescale(0.5, 0, 8), "float32"),
        (Rescale(1, 0.5, 8), "float32"),
        (Rescale(40000, 0, 16), "float32"),
    ],
)
def test_the_type_is_the_smallest_that_holds_them_all(rescale: Rescale, depth: str) -> None:
    assert rescale.depth == depth


def test_numbers_that_cannot_be_stored_are_clipped_and_others_rounded() -> None:
    assert Rescale(2, -10, 8).stored(np.array([-50.0, -9.2, -8.7, 1e6])).tolist() == [0, 0, 1, 255]


def test_integers_beyond_the_type_are_refused() -> None:
    with pytest.raises(ImageError, match="from 0 to 300, outside the 8 bits"):
        Rescale(1, 0, 8).numbers(np.array([0, 300]))
