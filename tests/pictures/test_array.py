"""Pictures in memory: how their values are told."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.pictures.array import in_digits


@pytest.mark.parametrize(
    ("value", "words"),
    [(float(np.float32(0.1)), "0.1"), (1.0000001, "1.0000001"),
     (255.0, "255"), (65535.0, "65535"), (-0.5, "-0.5"), (0.0, "0")],
)  # fmt: skip
def test_values_are_told_in_the_digits_that_32_bits_have(value: float, words: str) -> None:
    assert in_digits(value) == words


def test_neighbours_in_32_bits_are_told_apart() -> None:
    for value in (1.0, 0.1, 255.0, 65535.0):
        near = np.nextafter(np.float32(value), np.float32(np.inf))
        assert in_digits(float(near)) != in_digits(float(np.float32(value)))
