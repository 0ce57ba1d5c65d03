"""The spectrum metric against a transcription with NumPy and SciPy, and against signals whose spectrum is known."""

import math

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage
import scipy.signal
import torch
from srbench_fidelity.spectrum import FLOOR, Spectrum, radial_power

import srbench
from srbench.contract.protocol import Protocol
from srbench.testing.pictures import textured

# Square, odd, prime, and twice as wide as high, where many frequencies lie just between two rings.
SIZES = [(64, 64), (37, 53), (64, 41), (101, 96), (16, 16), (17, 31), (24, 48), (48, 16)]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(0.5, 0.1, shape))


def rings(height: int, width: int) -> np.ndarray:
    """The ring of each frequency of a DFT, decided in whole numbers: r - 1/2 < short * |f| <= r + 1/2."""
    rows = scipy.fft.fftfreq(height, 1 / height).round().astype(int)[:, None]
    columns = scipy.fft.fftfreq(width, 1 / width).round().astype(int)[None]
    short = min(height, width)
    squared = 4 * short**2 * ((rows * width) ** 2 + (columns * height) ** 2)
    ring = np.zeros((height, width), dtype=int)
    for r in range(max(height, width)):
        ring += squared > ((2 * r + 1) * height * width) ** 2
    return ring


def by_scipy(plane: np.ndarray) -> np.ndarray:
    """The radially averaged power of one plane."""
    height, width = plane.shape
    window = np.outer(*(scipy.signal.windows.hann(side, sym=False) for side in (height, width)))
    power = np.abs(scipy.fft.fft2((plane - np.average(plane, weights=window)) * window)) ** 2 / (window**2).sum()
    short = min(height, width)
    return scipy.ndimage.mean(power, rings(height, width), index=range(1, short // 2 + 1))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_score_is_that_of_a_transcription_with_scipy(size, channels, dtype):
    hr = textured(1, *size, channels)
    sr = (hr + np.roll(hr, 1, axis=0)) / 2 + np.random.default_rng(0).normal(0, 0.02, hr.shape)
    white = np.iinfo(dtype).max
    sr, hr = ((image.clip(0, 1) * white).round().astype(dtype) for image in (sr, hr))
    protocol = Protocol("p", 1)
    expected = []
    for c in range(channels):
        sr_power, hr_power = (by_scipy(image[..., c] / white) for image in (sr, hr))
        expected.append(math.sqrt(np.mean((10 * np.log10(sr_power) - 10 * np.log10(hr_power)) ** 2)))
    values = srbench.Values.of(hr)
    ours = Spectrum().score(protocol.scored(sr, values), protocol.scored(hr, values))
    assert ours == pytest.approx(np.mean(expected), abs=1e-8)
    assert ours > 0.5


@pytest.mark.parametrize("size", [(64, 64), (65, 65), (41, 64), (90, 37)])
@pytest.mark.parametrize("along", [0, 1])
@pytest.mark.parametrize("cycles", [3, 8, 14])
def test_a_sinusoid_lands_in_its_own_ring(size, along, cycles):
    # As many cycles a pixel as `cycles` along the shorter side.
    frequency = cycles / min(size)
    phase = 2 * math.pi * frequency * torch.arange(size[along], dtype=torch.float64)
    wave = 0.5 + 0.3 * torch.sin(phase + 1)
    image = (wave[:, None] if along == 0 else wave[None]).expand(size)[None]
    power = radial_power(image)[0]
    assert int(power.argmax()) == cycles - 1
    # The window's main lobe reaches the next ring on either side; beyond, what is left is 30 dB down and more.
    far = torch.ones(len(power), dtype=torch.bool)
    far[cycles - 3 : cycles + 2] = False
    assert power[far].max() < 1e-3 * power.max()


def test_white_noise_has_its_variance_at_every_frequency():
    power = torch.stack([radial_power(noise(1, 101, 128, seed=seed))[0] for seed in range(40)]).mean(0) / 0.1**2
    assert float(power.mean()) == pytest.approx(1, abs=0.02)
    # The first ring has eight frequencies, blurred into each other.
    assert float((power - 1).abs().max()) < 0.35
    assert float((power[10:] - 1).abs().max()) < 0.15


def test_an_image_without_high_frequencies_is_found_out_at_these_frequencies_only():
    hr = noise(1, 96, 96)
    transformed = torch.fft.fft2(hr)
    radius = torch.hypot(*torch.meshgrid(torch.fft.fftfreq(96), torch.fft.fftfreq(96), indexing="ij"))
    sr = torch.fft.ifft2(transformed * (radius <= 0.25)).real
    ratio = 10 * (radial_power(sr) / radial_power(hr))[0].log10()
    assert ratio[:20].abs().max() < 1
    assert ratio[28:].max() < -20
    assert Spectrum().score(sr, hr) > 10


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.3])
def test_a_change_of_contrast_costs_its_decibels(factor):
    hr = noise(3, 40, 57)
    assert Spectrum().score(0.5 + factor * (hr - 0.5), hr) == pytest.approx(abs(20 * math.log10(factor)), abs=1e-9)


def test_brightness_and_mirroring_cost_nothing():
    hr = noise(3, 41, 64)
    assert Spectrum().score(hr + 0.2, hr) == pytest.approx(0, abs=1e-9)
    # The periodic window is not its own mirror image, but nearly.
    assert Spectrum().score(hr.flip(-1), hr) < 0.5
    assert Spectrum().score(hr.transpose(1, 2), hr.transpose(1, 2).clone()) == 0.0


def test_a_flat_image_is_finite_decibels_away():
    hr = noise(1, 32, 32)
    flat = torch.full_like(hr, 0.3)
    expected = math.sqrt(float((10 * (radial_power(hr) / FLOOR).log10()).square().mean()))
    assert Spectrum().score(flat, hr) == pytest.approx(expected, abs=1e-9)
    assert Spectrum().score(flat, flat.clone()) == 0.0


def test_the_score_is_the_mean_over_channels():
    hr, sr = noise(3, 40, 30), noise(3, 40, 30, seed=1)
    sr[2] *= 0.1
    alone = [Spectrum().score(sr[c : c + 1], hr[c : c + 1]) for c in range(3)]
    assert Spectrum().score(sr, hr) == pytest.approx(sum(alone) / 3, abs=1e-12)


def test_too_small_an_image_is_skipped_with_the_reason():
    for height, width in ((15, 40), (40, 15)):
        image = torch.rand(3, height, width, dtype=torch.float64)
        skip = Spectrum().score(image, image)
        assert isinstance(skip, srbench.Skip)
        assert f"{width} x {height}" in skip.reason


def test_images_of_different_shapes_are_refused():
    grey, colour = torch.zeros(1, 32, 32).double(), torch.zeros(3, 32, 32).double()
    with pytest.raises(ValueError, match=r"\(1, 32, 32\).*\(3, 32, 32\)"):
        Spectrum().score(grey, colour)
