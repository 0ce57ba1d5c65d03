"""GMSD against scikit-image's Prewitt filter and block means, closed forms, and what it should and should not see."""

import numpy as np
import pytest
import torch
from skimage.filters import prewitt
from skimage.measure import block_reduce
from srbench_fidelity.edges import Gmsd

import srbench
from srbench.contract.protocol import Protocol
from srbench.testing.pictures import textured

SIZES = [(37, 53), (64, 41), (101, 96), (6, 6), (7, 30)]


def pair(size: tuple[int, int], channels: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """A picture and a softened, noisy copy, in a depth of choice."""
    hr = textured(1, *size, channels)
    sr = (hr + np.roll(hr, 1, axis=0)) / 2 + np.random.default_rng(0).normal(0, 0.04, hr.shape)
    peak = np.iinfo(dtype).max
    return tuple((image.clip(0, 1) * peak).round().astype(dtype) for image in (sr, hr))


def by_scikit_image(sr: np.ndarray, hr: np.ndarray) -> float:
    """The paper's score of two planes with white at 255, as published."""
    # block_reduce fills up odd sides with zeros, as MATLAB's conv2 does; the filter's masks are the paper's.
    halves = [block_reduce(plane, (2, 2), np.mean) for plane in (sr, hr)]
    g1, g2 = (np.hypot(*(prewitt(half, axis=axis, mode="constant") for axis in (0, 1))) for half in halves)
    return float(np.std((2 * g1 * g2 + 170) / (g1**2 + g2**2 + 170), ddof=1))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gmsd_is_the_papers_computed_with_scikit_image(size, channels, dtype):
    sr, hr = pair(size, channels, dtype)
    white = np.iinfo(dtype).max
    protocol = Protocol("p", 1)
    expected = np.mean([by_scikit_image(*(image[..., c] / white * 255 for image in (sr, hr))) for c in range(channels)])
    values = srbench.Values.of(hr)
    ours = Gmsd().score(protocol.scored(sr, values), protocol.scored(hr, values))
    assert ours == pytest.approx(expected, abs=1e-9)


def test_a_dot_on_black_has_a_closed_form():
    # Halved it is one pixel; the masks see it from its eight neighbours, along one axis or both, and not from itself.
    white = 0.6
    hr = torch.zeros(1, 20, 30, dtype=torch.float64)
    sr = hr.clone()
    sr[:, 8:10, 12:14] = white
    stabiliser = 170 / 255**2
    similarities = np.ones(10 * 15)
    similarities[:4] = stabiliser / ((white / 3) ** 2 + stabiliser)
    similarities[4:8] = stabiliser / (2 * (white / 3) ** 2 + stabiliser)
    assert Gmsd().score(sr, hr) == pytest.approx(similarities.std(ddof=1), abs=1e-12)


def test_equal_images_score_zero():
    hr = torch.from_numpy(textured(2, 40, 50, 3)).permute(2, 0, 1)
    assert Gmsd().score(hr, hr.clone()) == 0.0


def test_blur_costs_more_than_a_change_of_brightness():
    hr = torch.from_numpy(textured(3, 64, 64, 1)).permute(2, 0, 1) / 2 + 0.1
    blurred = torch.nn.functional.avg_pool2d(hr[None], 5, 1, 2, count_include_pad=False)[0]
    assert Gmsd().score(blurred, hr) > 3 * Gmsd().score(hr + 0.02, hr)


def test_too_small_an_image_is_skipped_with_the_reason():
    for height, width in ((5, 40), (40, 5)):
        image = torch.rand(3, height, width, dtype=torch.float64)
        skip = Gmsd().score(image, image)
        assert isinstance(skip, srbench.Skip)
        assert f"{width} x {height}" in skip.reason


def test_images_of_different_shapes_are_refused():
    grey, colour = torch.zeros(1, 8, 8).double(), torch.zeros(3, 8, 8).double()
    with pytest.raises(ValueError, match=r"\(1, 8, 8\).*\(3, 8, 8\)"):
        Gmsd().score(grey, colour)


def test_a_part_is_the_deviation_over_its_pixels_of_the_halved_image():
    sr, hr = (torch.from_numpy(image[..., 0] / 255)[None] for image in pair((41, 40), 1, np.uint8))
    part = torch.zeros(41, 40, dtype=torch.bool)
    part[5:20, 10:11] = True
    part[13, 30] = True
    halves = [block_reduce(255 * image[0].numpy(), (2, 2), np.mean) for image in (sr, hr)]
    g1, g2 = (np.hypot(*(prewitt(half, axis=axis, mode="constant") for axis in (0, 1))) for half in halves)
    similarity = (2 * g1 * g2 + 170) / (g1**2 + g2**2 + 170)
    seen = [*similarity[2:10, 5], similarity[6, 15]]
    assert Gmsd().score_measured(sr, hr, part) == pytest.approx(np.std(seen, ddof=1), abs=1e-9)
    part[13, 30] = False
    skip = Gmsd().score_measured(sr, hr, part)
    assert isinstance(skip, srbench.Skip) and "has 8" in skip.reason
