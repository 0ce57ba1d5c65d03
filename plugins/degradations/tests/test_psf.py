"""The telescope: astropy's Moffat, SciPy's convolution, FITS files, noise by its moments, flux by the sum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.convolution import discretize_model
from astropy.io import fits
from astropy.modeling.functional_models import Moffat2D
from scipy.ndimage import convolve
from skimage.measure import block_reduce
from srbench_degradations.psf import Psf, moffat, psf_of

import srbench

FLOATS, SKY = srbench.Values(0, 1), srbench.Values(-50, 1000)
RNG = np.random.default_rng(0)
HR = RNG.random((36, 48, 3), dtype=np.float32)


def write_fits(path: Path, image: np.ndarray) -> Path:
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(image)]).writeto(path)
    return path


@pytest.mark.parametrize(("fwhm", "beta"), [(2.5, 3.0), (1.0, 4.765), (6.0, 2.0), (0.5, 1.5)])
def test_the_psf_is_astropys_moffat_integrated_over_pixels(fwhm: float, beta: float) -> None:
    model = Moffat2D(1, 0, 0, gamma=fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1)), alpha=beta)
    assert model.fwhm == pytest.approx(fwhm)
    psf = moffat(fwhm, beta)
    middle = len(psf) // 2
    assert len(psf) == 2 * np.ceil(8 * fwhm) + 1 and psf.sum() == pytest.approx(1, abs=1e-12)
    found = psf[middle - 2 : middle + 3, middle - 3 : middle + 4]
    expected = discretize_model(model, (-3, 4), (-2, 3), mode="integrate")
    np.testing.assert_allclose(found / found.sum(), expected / expected.sum(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_lr_is_the_mean_over_pixels_of_the_convolution(scale: int) -> None:
    seen = np.stack([convolve(HR[..., c].astype(float), moffat(1.5, 3.0), mode="reflect") for c in range(3)], -1)
    expected = block_reduce(seen, (scale, scale, 1), np.mean)
    np.testing.assert_allclose(Psf(1.5).lr(HR, FLOATS, scale, RNG), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3])
@pytest.mark.parametrize("noise", [{}, {"gain": 40.0}, {"gain": 5.0, "sky": 2.0, "read": 0.05}])
def test_the_mean_flux_is_kept_within_the_noise(scale: int, noise: dict[str, float]) -> None:
    lr = Psf(2.0, **noise).lr(0.2 * HR + 0.4, srbench.Values(-9, 9), scale, np.random.default_rng(1))
    variance = (0.5 + noise.get("sky", 0)) / noise["gain"] + noise.get("read", 0) ** 2 if noise else 0
    tolerance = 4 * (variance / lr.size) ** 0.5 + 1e-6
    assert lr.mean() == pytest.approx((0.2 * HR + 0.4).mean(), abs=tolerance)


@pytest.mark.parametrize(
    ("noise", "variance"),
    [
        ({"gain": 2.0}, 100 / 2),
        ({"gain": 2.0, "sky": 30.0}, 130 / 2),
        ({"read": 3.0}, 9),
        ({"gain": 2.0, "sky": 30.0, "read": 3.0}, 130 / 2 + 9),
    ],
)
def test_photon_and_read_noise_have_their_variances(noise: dict[str, float], variance: float) -> None:
    hr = np.full((300, 300, 1), 100, np.float32)
    lr = Psf(1.0, **noise).lr(hr, SKY, 2, np.random.default_rng(2))
    assert lr.var() == pytest.approx(variance, rel=0.04)
    assert lr.mean() == pytest.approx(100, abs=4 * (variance / lr.size) ** 0.5)


def test_where_there_is_less_than_no_light_no_photon_comes() -> None:
    hr = np.full((8, 8, 1), -20, np.float32)
    np.testing.assert_allclose(Psf(1.0, gain=3.0, sky=5.0).lr(hr, SKY, 2, RNG), -20, rtol=1e-6)
    assert Psf(1.0, gain=3.0, sky=500.0).lr(hr, SKY, 2, RNG).std() > 1


def test_a_psf_of_a_file_spreads_a_point_as_it_is_and_sums_to_1(tmp_path: Path) -> None:
    kernel = np.arange(15, dtype=np.float32).reshape(3, 5) ** 2
    point = np.zeros((7, 9, 1), np.float32)
    point[3, 4] = 1
    lr = Psf(file=write_fits(tmp_path / "psf.fits", kernel)).lr(point, FLOATS, 1, RNG)
    np.testing.assert_allclose(lr[2:5, 2:7, 0], kernel / kernel.sum(), rtol=0, atol=1e-7)
    assert lr.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.ones((4, 5)), "has 4 rows and 5 columns; both are to be odd"),
        (np.ones((3, 3, 3)), "has no image of two dimensions"),
        (np.zeros((3, 3)), "has the sum 0; it should be finite and above 0"),
        (np.full((3, 3), np.nan), "has the sum nan"),
    ],
)
def test_a_psf_that_will_not_do_is_told_when_it_is_named(tmp_path: Path, image: np.ndarray, message: str) -> None:
    path = write_fits(tmp_path / "psf.fits", image)
    with pytest.raises(srbench.SrbenchError, match=f"psf.fits.*{message}"):
        Psf(file=path)


def test_a_file_that_is_no_fits_is_told(tmp_path: Path) -> None:
    (tmp_path / "psf.fits").write_text("a kernel")
    with pytest.raises(srbench.SrbenchError, match="cannot be read as FITS"):
        psf_of(tmp_path / "psf.fits")


def test_it_draws_where_there_is_noise() -> None:
    assert not Psf().draws and Psf(gain=1.0).draws and Psf(read=1.0).draws
