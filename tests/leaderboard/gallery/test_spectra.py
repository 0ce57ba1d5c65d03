"""Power spectra against closed forms: white noise is flat, and a blurred picture has the squared transfer function."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from scipy.ndimage import convolve1d

from srbench.contract.protocol import Protocol
from srbench.leaderboard.gallery.spectra import BANDS, Spectra, SpectraSum, radial_power
from srbench.pictures import DEPTHS

RGB, Y = Protocol("x2-rgb", 2, "rgb"), Protocol("x2-y", 2, "y", border=4)
EIGHT = DEPTHS["uint8"]
RNG = np.random.default_rng(4)
MIDDLES = (np.arange(BANDS) + 0.5) / (2 * BANDS)


def test_white_noise_has_its_variance_at_every_frequency() -> None:
    noise = 0.3 * RNG.standard_normal((3, 257, 320)) + 0.5
    power = radial_power(noise, BANDS)
    # A power varies by as much as its mean; half of them are opposites, and the window makes 1.5 of a side alike.
    coefficients = 3 * 257 * 320 * np.pi * np.diff(np.linspace(0, 0.5, BANDS + 1) ** 2) / (2 * 1.5**2)
    assert (np.abs(power / 0.09 - 1) < 4 / np.sqrt(coefficients)).all()
    assert power.mean() == pytest.approx(0.09, rel=0.02)


def test_a_blurred_picture_has_hrs_spectrum_times_the_squared_transfer_function() -> None:
    noise = RNG.standard_normal((1, 384, 384))
    kernel = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16  # its transfer function is cos(pi f) to the fourth
    blurred = convolve1d(convolve1d(noise, kernel, axis=1, mode="wrap"), kernel, axis=2, mode="wrap")
    ratio = radial_power(blurred, BANDS) / radial_power(noise, BANDS)
    angle = np.linspace(0, 2 * np.pi, 720)
    edges = np.linspace(0, 0.5, BANDS + 1)
    for band in range(BANDS - 6):  # beyond, little is left, and the window's leakage shows
        radius = np.linspace(edges[band], edges[band + 1], 9)[:, None]
        transfer = (np.cos(np.pi * radius * np.cos(angle)) * np.cos(np.pi * radius * np.sin(angle))) ** 8
        expected = (transfer * radius).sum() / (radius * np.ones_like(angle)).sum()
        assert ratio[band] == pytest.approx(expected, rel=0.12), band


def test_a_wave_is_in_the_band_of_its_frequency_whichever_way_it_goes() -> None:
    y, x = np.mgrid[:128, :160]
    for direction in (0.0, 0.7, np.pi / 2):
        wave = np.cos(2 * np.pi * MIDDLES[12] * (x * np.cos(direction) + y * np.sin(direction)))[None]
        power = radial_power(wave, BANDS)
        assert int(power.argmax()) == 12 and power.max() > 0.6 * power.sum()


def test_brightness_is_no_part_of_it_and_contrast_counts_squared() -> None:
    picture = RNG.random((1, 64, 64))
    assert radial_power(picture + 5, 8) == pytest.approx(radial_power(picture, 8))
    assert radial_power(3 * picture, 8) == pytest.approx(9 * radial_power(picture, 8))
    assert radial_power(np.full((1, 64, 64), 0.4), 8) == pytest.approx(np.zeros(8), abs=1e-20)


def eight_bits(side: int, contrast: float = 30.0) -> np.ndarray:
    return np.clip(128 + contrast * RNG.standard_normal((side, side, 3)), 0, 255).astype(np.uint8)


def test_the_mean_is_over_the_images_that_all_entrants_have() -> None:
    found = SpectraSum(["a", "b"], RGB)
    pictures = [eight_bits(64) for _ in range(3)]
    for hr in pictures:
        found.add(hr, {"a": hr, "b": 255 - hr}, EIGHT)
    found.add(eight_bits(64, 90), {"a": eight_bits(64)}, EIGHT)
    mean = found.mean()
    assert mean is not None and mean.images == 3 and len(mean.hr) == 32 and len(mean.frequencies) == 32
    assert mean.frequencies == pytest.approx(MIDDLES)
    expected = np.mean([radial_power(hr.transpose(2, 0, 1) / 255, BANDS) for hr in pictures], axis=0)
    assert mean.hr == pytest.approx(expected, rel=1e-5)
    assert mean.sr["a"] == mean.hr and mean.sr["b"] == pytest.approx(mean.hr, rel=1e-5), "a negative has the same"


def test_it_is_of_what_the_protocol_scores() -> None:
    found = SpectraSum(["a"], Y)
    hr = eight_bits(72)
    found.add(hr, {"a": hr}, EIGHT)
    mean = found.mean()
    luma = (hr[4:-4, 4:-4] / 255) @ np.array([65.481, 128.553, 24.966]) / 255
    assert mean is not None and mean.hr == pytest.approx(radial_power(luma[None], BANDS), rel=1e-5)


def test_small_images_have_fewer_bands_and_the_smallest_decides() -> None:
    found = SpectraSum(["a"], RGB)
    for side in (64, 20, 8):
        hr = eight_bits(side)
        found.add(hr, {"a": hr}, EIGHT)
    mean = found.mean()
    assert mean is not None and len(mean.hr) == 8 and mean.images == 2, "of 8 pixels a spectrum says nothing"
    assert SpectraSum(["a"], RGB).mean() is None


def test_what_was_not_measured_everywhere_has_no_spectrum() -> None:
    found = SpectraSum(["a"], RGB)
    hr = RNG.random((32, 32, 1)).astype(np.float32)
    hr[3, 3] = np.nan
    found.add(hr, {"a": np.nan_to_num(hr)}, DEPTHS["float32"])
    assert found.mean() is None


def test_it_is_kept_as_it_is() -> None:
    found = SpectraSum(["a"], RGB)
    hr = eight_bits(40)
    found.add(hr, {"a": hr // 2}, EIGHT)
    mean = found.mean()
    assert msgspec.json.decode(msgspec.json.encode(mean), type=Spectra) == mean
