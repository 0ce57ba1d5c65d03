"""Every metric of pixels and neighbourhoods against its reference, in colour and grey, 8 and 16 bits, odd sizes.

PSNR, RMSE, MAE and SSIM: scikit-image. MS-SSIM: pytorch-msssim, and the formula of the paper in SciPy. (GMSD, the
spectrum, consistency with LR and the similarity within sets have theirs in the tests of their own.)
"""

import math

import numpy as np
import pytest
import torch
from pytorch_msssim import ms_ssim
from scipy.signal import fftconvolve
from skimage.color import rgb2ycbcr
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
from srbench_fidelity.pixelwise import Mae, Psnr, Rmse
from srbench_fidelity.structural import MsSsim, Ssim

import srbench
from srbench.contract.protocol import Protocol
from srbench.testing.pictures import textured

TOLERANCE = 1e-5


def psnr(sr: np.ndarray, hr: np.ndarray) -> float:
    return float(peak_signal_noise_ratio(hr, sr, data_range=1.0))


def rmse(sr: np.ndarray, hr: np.ndarray) -> float:
    return math.sqrt(mean_squared_error(hr, sr))


def mae(sr: np.ndarray, hr: np.ndarray) -> float:
    return float(np.abs(hr - sr).mean())


def ssim(sr: np.ndarray, hr: np.ndarray) -> float:
    _, similarity = structural_similarity(
        hr,
        sr,
        data_range=1.0,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return float(similarity[5:-5, 5:-5].mean())


def ms_ssim_of_the_paper(sr: np.ndarray, hr: np.ndarray) -> float:
    """Equations 3 to 7 of Wang et al. 2003, a channel at a time; odd sides are continued by zeros before halving."""
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps) / taps.sum() ** 2
    values = []
    for x, y in zip(np.moveaxis(sr, -1, 0), np.moveaxis(hr, -1, 0), strict=True):
        value = 1.0
        for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
            if scale:
                x, y = (np.pad(side, [(length % 2,) * 2 for length in side.shape]) for side in (x, y))
                x, y = (side[: len(side) // 2 * 2, : side.shape[1] // 2 * 2] for side in (x, y))
                x, y = (side.reshape(len(side) // 2, 2, -1, 2).mean(axis=(1, 3)) for side in (x, y))
            mean_x, mean_y = (fftconvolve(side, window, mode="valid") for side in (x, y))
            variances = sum(fftconvolve(side**2, window, mode="valid") for side in (x, y)) - mean_x**2 - mean_y**2
            term = (2 * (fftconvolve(x * y, window, mode="valid") - mean_x * mean_y) + 9e-4) / (variances + 9e-4)
            if scale == 4:
                term = term * (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
            value *= term.mean() ** weight
        values.append(value)
    return float(np.mean(values))


def ms_ssim_of_the_package(sr: np.ndarray, hr: np.ndarray) -> float:
    one, other = (torch.from_numpy(image).permute(2, 0, 1)[None] for image in (sr, hr))
    return float(ms_ssim(one, other, data_range=1.0))


SMALL = [(37, 53), (64, 41), (101, 97)]
LARGE = [(171, 183), (176, 199)]
CASES = [
    *((Psnr, psnr, size) for size in SMALL),
    *((Rmse, rmse, size) for size in SMALL),
    *((Mae, mae, size) for size in SMALL),
    *((Ssim, ssim, size) for size in SMALL),
    *((MsSsim, ms_ssim_of_the_paper, size) for size in LARGE),
    *((MsSsim, ms_ssim_of_the_package, size) for size in LARGE),
]


def scored_by_hand(image: np.ndarray, white: float, channel: str, border: int) -> np.ndarray:
    """What a protocol compares: cropped, in [0, 1], the Y channel by scikit-image's formula."""
    values = image[border : image.shape[0] - border, border : image.shape[1] - border] / white
    if channel == "y" and values.shape[-1] == 3:
        values = rgb2ycbcr(values)[..., :1] / 255
    return values


@pytest.mark.parametrize(("metric", "reference", "size"), CASES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("channel", "border"), [("rgb", 0), ("y", 3)])
def test_a_metric_is_its_reference(metric, reference, size, channels, dtype, channel, border):
    white = float(np.iinfo(dtype).max)
    hr = textured(size[0], *size, channels)
    sr = (hr + np.roll(hr, 1, axis=1)) / 2 + np.random.default_rng(1).normal(0, 0.03, hr.shape)
    sr, hr = ((image.clip(0, 1) * white).round().astype(dtype) for image in (sr, hr))
    protocol = Protocol("p", 1, channel, border=border)
    expected = reference(*(scored_by_hand(image, white, channel, border) for image in (sr, hr)))
    values = srbench.Values.of(hr)
    found = metric().score(protocol.scored(sr, values), protocol.scored(hr, values))
    assert found == pytest.approx(expected, abs=TOLERANCE, rel=0)
    assert found != metric().score(protocol.scored(hr, values), protocol.scored(hr, values))
