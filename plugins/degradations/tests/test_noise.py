"""Noise by its moments, on what `bicubic` makes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest
from srbench_degradations.noise import Noise

import srbench
from srbench.pictures import resize_picture


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("uint8", srbench.Values(0, 255)),
        ("uint16", srbench.Values(0, 65535)),
        ("uint16", srbench.Values(1000, 4095)),
        ("float32", srbench.Values(-1000, 3000)),
    ],
)
def test_it_is_white_gaussian_noise_of_a_share_of_the_data_range_on_bicubic_lr(
    dtype: str, values: srbench.Values
) -> None:
    rng = np.random.default_rng(5)
    hr = values.from_unit(0.4 + 0.2 * rng.random((200, 160, 3))).round().astype(dtype)
    lr = Noise(0.05).lr(hr, values, 2, rng)
    bicubic = resize_picture(hr, 0.5, values)
    noise = (lr.astype(np.float64) - bicubic) / (values.high - values.low)
    assert noise.mean() == pytest.approx(0, abs=5 * 0.05 / noise.size**0.5)
    assert noise.std() == pytest.approx(0.05, rel=0.02)
    assert abs(np.corrcoef(noise.reshape(-1, 3).T) - np.eye(3)).max() < 0.04, "channels have noise of their own"
    assert abs(np.corrcoef(noise[1:].ravel(), noise[:-1].ravel())[0, 1]) < 0.04, "and so have pixels"
    if dtype == "float32":
        assert kstest(noise.ravel() / 0.05, "norm").pvalue > 0.01
