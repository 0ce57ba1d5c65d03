"""SSIM against scikit-image and basicsr, MS-SSIM against the paper's formula computed with SciPy."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import fftconvolve
from skimage.metrics import structural_similarity
from srbench_fidelity.structural import MsSsim, Ssim

import srbench
from srbench.contract.protocol import Protocol

SIZES = [(37, 53), (64, 41), (101, 96)]


def pair(shape: tuple[int, ...], noise: float = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A uint8 picture with structure, and a noisy copy."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    waves = 127 + 80 * np.sin(rows / 7) * np.cos(columns / 5)
    hr = (waves[..., None] + rng.normal(0, 15, shape)).round().clip(0, 255)
    sr = (hr + rng.normal(0, noise, shape)).round().clip(0, 255)
    return sr.astype(np.uint8), hr.astype(np.uint8)


def tensors(*images: np.ndarray) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(image / 255.0).permute(2, 0, 1) for image in images)


def by_scikit_image(sr: np.ndarray, hr: np.ndarray) -> float:
    """Mean over the pixels whose whole window lies in the image, all channels."""
    _, ssim_map = structural_similarity(
        hr / 255.0,
        sr / 255.0,
        data_range=1.0,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return float(ssim_map[5:-5, 5:-5].mean())


# One tile, one pixel of output, several tiles either way, and just under and over the size of a tile.
@pytest.mark.parametrize("size", [*SIZES, (11, 11), (11, 40), (130, 61), (57, 58), (59, 60), (25, 1040), (58, 513)])
@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_that_of_scikit_image(size, channels):
    sr, hr = pair((*size, channels))
    assert Ssim().score(*tensors(sr, hr)) == pytest.approx(by_scikit_image(sr, hr), abs=1e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("border", [0, 1, 4])
@pytest.mark.parametrize(("channels", "channel"), [(1, "rgb"), (1, "y"), (3, "rgb"), (3, "y")])
def test_ssim_of_what_a_protocol_scores_is_that_of_basicsr(size, border, channels, channel, basicsr):
    sr, hr = pair((*size, channels))
    protocol = Protocol("p", 1, channel, border=border)
    reference = basicsr.metrics.calculate_ssim(
        sr[..., ::-1], hr[..., ::-1], crop_border=border, test_y_channel=channel == "y" and channels == 3
    )
    ours = Ssim().score(protocol.scored(sr, srbench.Values(0, 255)), protocol.scored(hr, srbench.Values(0, 255)))
    assert ours == pytest.approx(float(reference), abs=1e-4)


@given(level=st.floats(0, 1), other=st.floats(0, 1))
def test_ssim_of_two_constant_images_has_a_closed_form(level, other):
    # No structure at all: only the luminance term is left.
    sr, hr = (torch.full((1, 12, 14), value, dtype=torch.float64) for value in (level, other))
    luminance = (2 * level * other + 1e-4) / (level**2 + other**2 + 1e-4)
    assert Ssim().score(sr, hr) == pytest.approx(luminance, abs=1e-9)


@given(seed=st.integers(0, 2**32 - 1), height=st.integers(11, 70), width=st.integers(11, 30))
def test_ssim_is_symmetric_bounded_and_one_for_equal_images(seed, height, width):
    generator = torch.Generator().manual_seed(seed)
    sr, hr = torch.rand((2, 1, height, width), generator=generator, dtype=torch.float64)
    value = Ssim().score(sr, hr)
    assert -1 <= value < 1
    assert Ssim().score(hr, sr) == pytest.approx(value, abs=1e-12)
    assert Ssim().score(hr, hr.clone()) == 1.0


def test_ssim_is_the_mean_over_channels():
    sr, hr = tensors(*pair((40, 30, 3)))
    sr[2] = 1 - sr[2]
    alone = [Ssim().score(sr[c : c + 1], hr[c : c + 1]) for c in range(3)]
    assert alone[2] < alone[0] - 0.5
    assert Ssim().score(sr, hr) == pytest.approx(sum(alone) / 3, abs=1e-12)


@pytest.mark.parametrize("metric", [Ssim(), MsSsim()])
def test_scoring_leaves_the_images_as_they_are(metric):
    sr, hr = tensors(*pair((170, 180, 3)))
    before = sr.clone(), hr.clone()
    metric.score(sr, hr)
    assert torch.equal(sr, before[0])
    assert torch.equal(hr, before[1])


@pytest.mark.parametrize(
    ("metric", "smallest", "reason"), [(Ssim(), 11, "11 pixels"), (MsSsim(), 161, "more than 160 pixels")]
)
def test_too_small_an_image_is_skipped_with_the_reason(metric, smallest, reason):
    for height, width in ((smallest - 1, 200), (200, smallest - 1)):
        image = torch.rand(3, height, width, dtype=torch.float64)
        skip = metric.score(image, image)
        assert isinstance(skip, srbench.Skip)
        assert reason in skip.reason
        assert f"{width} x {height}" in skip.reason
    image = torch.rand(1, smallest, smallest, dtype=torch.float64)
    assert metric.score(image, image) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("metric", [Ssim(), MsSsim()])
@pytest.mark.parametrize("other", [(3, 200, 200), (1, 248, 200), (1, 200, 201)])
def test_images_of_different_shapes_are_refused(metric, other):
    hr = torch.rand(1, 200, 200, dtype=torch.float64)
    with pytest.raises(ValueError, match="same"):
        metric.score(torch.rand(other, dtype=torch.float64), hr)


def by_the_paper(sr: np.ndarray, hr: np.ndarray) -> float:
    """MS-SSIM of two planes, from equations 3 to 7 of Wang et al. 2003."""
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps) / taps.sum() ** 2
    value = 1.0
    weights = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    for scale, weight in enumerate(weights):
        if scale:
            sr, hr = (
                (i[0::2, 0::2] + i[1::2, 0::2] + i[0::2, 1::2] + i[1::2, 1::2]) / 4
                for i in (side[: len(side) // 2 * 2, : side.shape[1] // 2 * 2] for side in (sr, hr))
            )
        mean_sr, mean_hr = (fftconvolve(i, window, mode="valid") for i in (sr, hr))
        var_sr = fftconvolve(sr * sr, window, mode="valid") - mean_sr**2
        var_hr = fftconvolve(hr * hr, window, mode="valid") - mean_hr**2
        covariance = fftconvolve(sr * hr, window, mode="valid") - mean_sr * mean_hr
        term = (2 * covariance + 9e-4) / (var_sr + var_hr + 9e-4)
        if scale == len(weights) - 1:
            term = term * (2 * mean_sr * mean_hr + 1e-4) / (mean_sr**2 + mean_hr**2 + 1e-4)
        value *= term.mean() ** weight
    return value


@pytest.mark.parametrize("noise", [3, 25])
def test_ms_ssim_follows_the_paper(noise):
    sr, hr = pair((176, 192, 1), noise)
    assert MsSsim().score(*tensors(sr, hr)) == pytest.approx(
        by_the_paper(sr[..., 0] / 255.0, hr[..., 0] / 255.0), abs=1e-9
    )


def test_ms_ssim_of_a_brighter_image_is_a_power_of_scikit_images_ssim_at_the_smallest_scale():
    # Only luminance differs, and luminance is compared only at the last of five scales (16 pixels to one).
    _, hr = pair((192, 208, 3))
    small_hr = hr.reshape(12, 16, 13, 16, 3).mean(axis=(1, 3))
    sr_values, hr_values = hr / 255.0 * 0.5 + 0.4, hr / 255.0 * 0.5
    expected = [
        by_scikit_image((small_hr * 0.5 + 102)[..., c : c + 1], (small_hr * 0.5)[..., c : c + 1]) ** 0.1333
        for c in range(3)
    ]
    images = (torch.from_numpy(values).permute(2, 0, 1) for values in (sr_values, hr_values))
    assert MsSsim().score(*images) == pytest.approx(np.mean(expected), abs=1e-9)
