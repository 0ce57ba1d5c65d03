"""Facts of a picture: against numpy and plain loops over bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from srbench.runner.planning.picture_facts import facts_of

whole = arrays(
    np.uint16, array_shapes(min_dims=3, max_dims=3, max_side=4), elements=st.sampled_from([0, 8, 48, 1024, 65535])
)


@settings(max_examples=30)
@given(whole)
def test_zero_bits_are_those_that_divide_every_value(image: np.ndarray) -> None:
    found = facts_of(image).zero_bits
    if not image.any():
        assert found == 0
    else:
        assert not (image % 2**found).any() and (image % 2 ** (found + 1)).any()


@pytest.mark.parametrize(("value", "bits"), [(1, 0), (2, 1), (0b1011_0000, 4), (0, 0), (255, 0)])
def test_zero_bits_of_eight(value: int, bits: int) -> None:
    assert facts_of(np.full((2, 2, 1), value, np.uint8)).zero_bits == bits


def test_values_shape_and_depth_are_the_picture_s() -> None:
    image = np.array([[[0.25], [0.5]], [[0.75], [1.0]], [[0.0], [0.5]]], np.float32)
    facts = facts_of(image)
    assert (facts.shape, facts.depth) == ((3, 2, 1), "float32")
    assert (facts.low, facts.high, facts.mean, facts.zero_bits) == (0, 1, 0.5, 0)


def test_the_mean_of_a_large_bright_picture_keeps_its_digits() -> None:
    assert facts_of(np.full((300, 300, 3), 65535, np.uint16)).mean == 65535
    assert facts_of(np.full((300, 300, 3), 0.1, np.float32)).mean == pytest.approx(float(np.float32(0.1)), rel=1e-12)


def test_the_hash_is_of_values_shape_and_type_and_not_of_the_way_they_lie_in_memory() -> None:
    image = np.arange(24, dtype=np.uint8).reshape(4, 6, 1)
    same = np.asfortranarray(image)
    padded = np.zeros((8, 12, 1), np.uint8)
    padded[::2, ::2] = image
    assert facts_of(image) == facts_of(same) == facts_of(padded[::2, ::2])
    others = [image.reshape(6, 4, 1), image.reshape(4, 2, 3), image[::-1], image ^ 1, image.astype(np.uint16)]
    assert len({facts_of(one).sha256 for one in [image, *others]}) == 6
