"""Means over blocks, in each type: against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from srbench_degradations.area import Area

import srbench


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_each_pixel_is_the_mean_of_its_block(dtype: str, scale: int) -> None:
    rng = np.random.default_rng(scale)
    hr = rng.integers(0, 256, (3 * scale, 2 * scale, 3)).astype(dtype)
    lr = Area().lr(hr, srbench.Values(0, 255), scale, rng)
    assert lr.dtype == dtype
    for row, column, channel in np.ndindex(lr.shape):
        block = hr[row * scale :, column * scale :, channel][:scale, :scale].ravel().tolist()
        mean = Fraction(int(sum(block)), scale**2)
        found = lr[row, column, channel]
        assert found == (np.float32(mean) if dtype == "float32" else floor(mean + Fraction(1, 2)))
