"""The X-ray detector: Beer and Lambert by hand where photons are many, Poisson where they are few."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.ndimage import correlate1d
from scipy.stats import norm
from skimage.measure import block_reduce
from srbench_degradations.detector import Detector

import srbench
from srbench.pictures import Scale

FLOATS = srbench.Values(0, 1)
RNG = np.random.default_rng(0)
MANY = 1e15


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("density", [0.0, 0.5, 1.824])
@pytest.mark.parametrize("blur", [0.0, 1.25])
def test_of_many_photons_the_mean_comes_through(scale: int, density: float, blur: float) -> None:
    hr = RNG.random((18, 24, 3), dtype=np.float32)
    through = hr.astype(np.float64) if density == 0 else np.exp(-density * np.log(10) * hr.astype(np.float64))
    if blur:
        weights = norm.pdf(np.arange(-5, 6), scale=blur)  # 5 is 4 sigma
        for axis in (0, 1):
            through = correlate1d(through, weights / weights.sum(), axis, mode="reflect")
    mean = block_reduce(through, (scale, scale, 1), np.mean)
    expected = mean if density == 0 else -np.log10(mean) / density
    lr = Detector(MANY, density, blur).lr(hr, FLOATS, scale, RNG)
    np.testing.assert_allclose(lr, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2, 4, Fraction(10, 7)])
def test_photons_are_counted_of_all_pixels_together(scale: Scale) -> None:
    hr = np.full((100 * scale.numerator, 120 * scale.numerator, 1), 0.5, np.float32)
    lr = Detector(50, 0.0).lr(hr, FLOATS, scale, np.random.default_rng(3))
    full = 50 * float(scale) ** 2
    counts = lr.astype(np.float64) * full
    np.testing.assert_allclose(counts, counts.round(), atol=1e-3)
    # Mean and variance of a Poisson variable are equal; the flux is kept within that.
    assert counts.mean() == pytest.approx(full / 2, abs=4 * (full / 2 / counts.size) ** 0.5)
    assert counts.var() == pytest.approx(full / 2, rel=0.05)


def test_the_mean_exposure_is_kept_within_the_noise_through_blur_and_large_pixels() -> None:
    hr = 0.2 + 0.6 * np.random.default_rng(4).random((120, 160, 1), dtype=np.float32)
    lr = Detector(4000, 1.824, 1.0).lr(hr, FLOATS, 2, np.random.default_rng(5)).astype(np.float64)
    exposure, seen = 10 ** (-1.824 * hr.astype(np.float64)), 10 ** (-1.824 * lr)
    assert seen.mean() == pytest.approx(exposure.mean(), abs=4 * (exposure.mean() / 16000 / seen.size) ** 0.5)


def test_where_no_photon_comes_through_lr_is_white() -> None:
    hr = np.full((8, 8, 1), 4095, np.uint16)
    assert (Detector(1e-3).lr(hr, srbench.Values(0, 4095), 2, RNG) == 4095).all()
