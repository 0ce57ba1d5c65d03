"""Shifted PSNR finds shifts and colours that it is given, and tells them."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from srbench_fidelity.shifted import ShiftedPsnr

import srbench
from srbench.testing.pictures import textured


def picture(height: int = 30, width: int = 41, channels: int = 3) -> torch.Tensor:
    return torch.from_numpy(textured(1, height, width, channels)).permute(2, 0, 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("down", "right"), [(0, 0), (1, -2), (-3, 3), (3, 0)])
def test_a_shift_within_three_pixels_is_found_and_costs_nothing(channels, down, right):
    hr = picture(channels=channels)
    sr = torch.roll(hr, (-down, -right), (1, 2))
    value, beside = ShiftedPsnr().score(sr, hr)
    assert value == math.inf
    assert beside.numbers == {
        "shift down": down,
        "shift right": right,
        "shift": math.hypot(down, right),
        "colour difference": 0.0,
    }


def test_a_larger_shift_is_not_forgiven():
    hr = picture()
    value, _ = ShiftedPsnr().score(torch.roll(hr, 5, 1), hr)
    assert value < 25


def test_the_colour_difference_is_that_of_the_means_and_is_not_corrected():
    hr = picture() / 2
    offset = torch.tensor([0.1, -0.02, 0.0], dtype=torch.float64)[:, None, None]
    value, beside = ShiftedPsnr().score(torch.roll(hr, 2, 1) + offset, hr)
    rms = math.sqrt((0.1**2 + 0.02**2) / 3)
    assert beside.further["colour difference"] == pytest.approx(rms, rel=1e-9)
    assert value == pytest.approx(-20 * math.log10(rms), rel=1e-9)
    assert beside.further["shift down"] == -2


def test_of_a_part_it_compares_pixels_of_it_with_pixels_of_it():
    hr = picture(channels=1)
    sr = torch.roll(hr, -1, 1) + 0.01
    part = torch.zeros(hr.shape[1:], dtype=torch.bool)
    part[8:20, 10:30] = True
    value, beside = ShiftedPsnr().score_measured(torch.where(part, sr, hr), hr, part)
    assert beside.further["shift down"] == 1
    made, wanted = (one[0].numpy() for one in (sr, hr))
    expected = peak_signal_noise_ratio(wanted[9:20, 10:30], made[8:19, 10:30], data_range=1.0)
    assert value == pytest.approx(expected, rel=1e-12)


def test_a_flat_image_is_not_shifted():
    flat = torch.full((1, 9, 9), 0.5, dtype=torch.float64)
    value, beside = ShiftedPsnr().score(flat + 0.1, flat)
    assert value == pytest.approx(20)
    assert beside.further["shift"] == 0


def test_too_small_an_image_or_part_is_skipped_with_the_reason():
    skip = ShiftedPsnr().score(picture(6, 20), picture(6, 20))
    assert isinstance(skip, srbench.Skip) and "7 pixels" in skip.reason and "20 x 6" in skip.reason
    corner = torch.zeros(30, 41, dtype=torch.bool)
    corner[:2, :2] = True
    skip = ShiftedPsnr().score_measured(picture(), picture(), corner)
    assert isinstance(skip, srbench.Skip) and "less than 3 pixels" in skip.reason
    with pytest.raises(ValueError, match="same"):
        ShiftedPsnr().score(picture(), picture(channels=1))


def test_it_is_never_under_the_psnr_of_the_inner_pixels():
    hr = picture()
    sr = (hr + torch.from_numpy(np.random.default_rng(0).normal(0, 0.05, hr.shape))).clamp(0, 1)
    inner = [one[:, 3:-3, 3:-3].numpy() for one in (hr, sr)]
    assert ShiftedPsnr().score(sr, hr)[0] >= peak_signal_noise_ratio(*inner, data_range=1.0) - 1e-9
