"""The random mixture: what is drawn lies in the paper's ranges as often as it says, and pictures stay pictures."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from srbench_degradations import real_world
from srbench_degradations.real_world import FIRST, SECOND, Order, RealWorld

import srbench
from srbench.pictures import DEPTHS, Scale, enlarged
from srbench.testing.pictures import textured, textured_uint8

EIGHT_BITS = DEPTHS["uint8"]


def test_every_draw_is_another_and_each_can_be_made_again() -> None:
    hr = textured_uint8(0, 48, 64)
    made = [RealWorld().lr(hr, EIGHT_BITS, 4, np.random.default_rng(seed)) for seed in (1, 2, 3, 1)]
    assert np.array_equal(made[0], made[3])
    assert min((made[one] != made[other]).mean() for one, other in ((0, 1), (1, 2), (0, 2))) > 0.5


def test_what_becomes_of_a_picture_is_still_that_picture_but_worse() -> None:
    hr = textured(0, 96, 96)
    blocks = hr.reshape(24, 4, 24, 4, 3).mean((1, 3))
    values = srbench.Values(0, 1)
    found = [RealWorld().lr(hr, values, 4, np.random.default_rng(seed)) for seed in range(24)]
    errors = [np.sqrt(np.square(lr - blocks).mean()) for lr in found]
    assert min(errors) > 0.01 and max(errors) < 0.35
    # The noise of many is that of none: their mean is the picture, blurred.
    mean = np.mean(found, axis=0)
    assert np.corrcoef(mean.ravel(), blocks.ravel())[0, 1] > 0.8
    assert mean.mean() == pytest.approx(blocks.mean(), abs=0.02)


@pytest.mark.parametrize("order", [FIRST, SECOND])
def test_kernels_are_of_every_size_and_every_tenth_is_a_low_pass(order: Order) -> None:
    rng = np.random.default_rng(0)
    kernels = [real_world.kernel(rng, order) for _ in range(1500)]
    assert {len(kernel) for kernel in kernels} == {7, 9, 11, 13, 15, 17, 19, 21}
    assert all(kernel.sum() == pytest.approx(1) for kernel in kernels)
    low_passes = [kernel for kernel in kernels if kernel.min() < 0]  # they alone ring
    assert len(low_passes) == pytest.approx(150, abs=4 * (1500 * 0.1 * 0.9) ** 0.5)


def test_kernels_of_the_second_round_are_half_as_wide() -> None:
    def width(kernel: np.ndarray) -> float:
        places = np.arange(len(kernel)) - len(kernel) // 2
        return float(np.sqrt((kernel.clip(0) * places**2).sum()))

    first, second = (
        [width(real_world.kernel(np.random.default_rng(s), order)) for s in range(400)] for order in (FIRST, SECOND)
    )
    assert np.median(second) == pytest.approx(np.median(first) / 2, rel=0.25)


@pytest.mark.parametrize("order", [FIRST, SECOND])
def test_sizes_are_drawn_from_the_ranges_of_the_paper(order: Order) -> None:
    rng = np.random.default_rng(0)
    factors = np.array([real_world.size_factor(rng, order) for _ in range(4000)])
    assert factors.min() >= order.resize[0] and factors.max() <= order.resize[1]
    for share, expected in (((factors > 1).mean(), order.larger), ((factors < 1).mean(), order.smaller)):
        assert share == pytest.approx(expected, abs=0.03)
    assert factors.min() < order.resize[0] + 0.01 and factors.max() > order.resize[1] - 0.01


def test_noise_is_gaussian_or_that_of_photons_in_colour_or_grey() -> None:
    bright, dark = (np.full((40, 40, 3), level) for level in (0.5, 0.1))
    seen = {"grey": 0, "gaussian": 0}
    for seed in range(300):
        noise = [real_world.noisy(picture, np.random.default_rng(seed), FIRST) - picture for picture in (bright, dark)]
        assert abs(noise[0].mean()) < 5 * noise[0].std() / 40
        grey = np.ptp(noise[0], axis=2).max() < 1e-12
        gaussian = noise[0].std() < 1.5 * noise[1].std()  # the noise of photons grows with the light: by sqrt(5)
        strength = noise[0].std() * 255 if gaussian else noise[0].std() / (0.5 / 256) ** 0.5
        low, high = FIRST.gaussian if gaussian else FIRST.poisson
        assert 0.9 * low <= strength <= 1.1 * high
        seen["grey"] += grey
        seen["gaussian"] += gaussian
    assert seen["grey"] == pytest.approx(0.4 * 300, abs=35)
    assert seen["gaussian"] == pytest.approx(0.5 * 300, abs=35)


@pytest.mark.parametrize("size", [(1, 1), (2, 7)])
@pytest.mark.parametrize("scale", [1, 2, 4, Fraction(3, 2)])
def test_the_smallest_pictures_survive_every_draw(size: tuple[int, int], scale: Scale) -> None:
    size = size[0] * scale.denominator, size[1] * scale.denominator
    hr = textured_uint8(0, enlarged(size[0], scale), enlarged(size[1], scale))
    for seed in range(12):
        assert RealWorld().lr(hr, EIGHT_BITS, scale, np.random.default_rng(seed)).shape == (*size, 3)
