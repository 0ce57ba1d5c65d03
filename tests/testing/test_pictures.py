"""Made pictures: within their range, the same for the same seed, with something to see at every scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from srbench.testing.pictures import lr_batch, metric_image, textured, textured_uint8, with_noise

SIDES = st.integers(1, 40)


@given(seed=st.integers(0, 1000), height=SIDES, width=SIDES, channels=st.sampled_from([1, 3]))
def test_values_fill_their_range_whatever_the_size(seed: int, height: int, width: int, channels: int) -> None:
    picture = textured(seed, height, width, channels)
    assert picture.shape == (height, width, channels)
    if picture.size == 1:
        assert picture.item() == 0.5
    else:
        assert (picture.min(), picture.max()) == (pytest.approx(0.05), pytest.approx(0.95))


def test_a_seed_is_a_picture_and_another_seed_another() -> None:
    assert np.array_equal(textured(3, 24, 32), textured(3, 24, 32))
    assert not np.allclose(textured(3, 24, 32), textured(4, 24, 32), atol=0.1)
    assert not np.allclose(textured(3, 24, 32)[..., 0], textured(3, 24, 32)[..., 1], atol=0.1)


def test_halving_the_size_loses_something_that_every_interpolation_lacks() -> None:
    picture = textured(0, 48, 64, 1)[..., 0]
    means = picture.reshape(24, 2, 32, 2).mean(axis=(1, 3))
    error = (means.repeat(2, 0).repeat(2, 1) - picture).std()
    assert error > 0.01  # more than rounding to 8 bits (1/255/sqrt(12)) by a factor of 9


def test_eight_bits_are_the_rounded_values() -> None:
    expected = np.array([[[round(float(value) * 255) for value in row] for row in rows] for rows in textured(1, 6, 5)])
    picture = textured_uint8(1, 6, 5)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, expected)


def test_tensors_are_as_methods_and_metrics_get_them() -> None:
    batch = lr_batch(3, 1, 12, 16)
    assert (batch.shape, batch.dtype, batch.is_contiguous()) == ((3, 1, 12, 16), torch.float32, True)
    assert not batch[0].equal(batch[1])
    image = metric_image(5, 12, 16)
    assert (image.shape, image.dtype, image.is_contiguous()) == ((3, 12, 16), torch.float64, True)
    assert np.array_equal(image.numpy(), textured(5, 12, 16).transpose(2, 0, 1))


def test_noise_has_its_deviation_and_pattern_and_stays_between_black_and_white() -> None:
    grey = torch.full((3, 200, 200), 0.5, dtype=torch.float64)
    noise = with_noise(grey, 0.05) - grey
    # The standard error of a deviation from n values is sigma / sqrt(2 n): here 0.0001.
    assert float(noise.std()) == pytest.approx(0.05, abs=0.0005)
    assert float(noise.mean()) == pytest.approx(0, abs=0.0007)
    assert torch.allclose(2 * noise, with_noise(grey, 0.1) - grey)
    strong = with_noise(grey, 10)
    assert (float(strong.min()), float(strong.max())) == (0, 1)
