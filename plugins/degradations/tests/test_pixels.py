"""Block means, blur and rounding: against scikit-image and SciPy's direct convolution."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.ndimage import convolve
from skimage.measure import block_reduce
from srbench_degradations.pixels import area_means, as_picture, blurred

import srbench

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("scale", [1, 2, 3, 5])
@pytest.mark.parametrize("channels", [1, 3])
def test_means_of_blocks_are_scikit_images(scale: int, channels: int) -> None:
    picture = RNG.random((4 * scale, 3 * scale, channels))
    expected = block_reduce(picture, (scale, scale, 1), np.mean)
    np.testing.assert_allclose(area_means(picture, scale), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [Fraction(10, 7), Fraction(3, 2), Fraction(7, 3)])
def test_of_pixels_that_lie_in_two_lr_pixels_each_has_its_part(scale: Fraction) -> None:
    """Where every HR pixel is d x d equal ones, an LR pixel of n/d is a whole block of n x n of them."""
    picture = RNG.random((4 * scale.numerator, 3 * scale.numerator, 2))
    finer = picture.repeat(scale.denominator, 0).repeat(scale.denominator, 1)
    expected = block_reduce(finer, (scale.numerator, scale.numerator, 1), np.mean)
    np.testing.assert_allclose(area_means(picture, scale), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(3, 3), (7, 5), (1, 9)])
@pytest.mark.parametrize("sides", [(20, 17), (2, 3), (1, 1)])
def test_blur_is_scipys_convolution_with_mirrored_borders(size: tuple[int, int], sides: tuple[int, int]) -> None:
    picture, kernel = RNG.random((*sides, 3)), RNG.random(size)
    expected = np.stack([convolve(picture[..., c], kernel, mode="reflect") for c in range(3)], -1)
    np.testing.assert_allclose(blurred(picture, kernel), expected, rtol=0, atol=1e-12)


def test_integers_are_rounded_half_up_and_everything_is_clipped() -> None:
    lr, values = np.array([-3.0, 10.4, 11.5, 12.5, 99.0])[:, None, None], srbench.Values(10, 20)
    whole = as_picture(lr, np.zeros((1, 1, 1), np.uint16), values)
    assert whole.dtype == np.uint16 and whole.ravel().tolist() == [10, 10, 12, 13, 20]
    floating = as_picture(lr, np.zeros((1, 1, 1), np.float32), values)
    assert floating.dtype == np.float32 and floating.ravel().tolist() == pytest.approx([10, 10.4, 11.5, 12.5, 20])
