"""Kernels of blur against basicsr's, and what they are: of sum 1, symmetric about their middle."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from srbench_degradations.kernels import gaussian, low_pass, plateau

WIDTHS, ANGLE = (2.6, 0.8), 0.7


def test_they_are_basicsrs(basicsr: ModuleType) -> None:
    made = basicsr.data.degradations
    for size in (7, 21):
        arguments = (size, *WIDTHS, ANGLE)
        pairs = [
            (gaussian(size, WIDTHS, ANGLE), made.bivariate_Gaussian(*arguments, isotropic=False)),
            (gaussian(size, (1.3, 1.3), 0.0), made.bivariate_Gaussian(size, 1.3, 1.3, 0, isotropic=True)),
            (
                gaussian(size, WIDTHS, ANGLE, 0.6),
                made.bivariate_generalized_Gaussian(*arguments, 0.6, isotropic=False),
            ),
            (plateau(size, WIDTHS, ANGLE, 1.7), made.bivariate_plateau(*arguments, 1.7, isotropic=False)),
            (low_pass(size, 1.9), made.circular_lowpass_kernel(1.9, size)),
        ]
        for mine, theirs in pairs:
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "kernel",
    [gaussian(9, WIDTHS, ANGLE), gaussian(9, WIDTHS, ANGLE, 3.0), plateau(9, WIDTHS, ANGLE, 1.5), low_pass(9, 2.0)],
)
def test_they_keep_brightness_and_place(kernel: np.ndarray) -> None:
    assert kernel.sum() == pytest.approx(1)
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-15)


def test_a_low_pass_lets_low_frequencies_through_and_no_high_ones() -> None:
    kernel = low_pass(201, 1.0)
    wave = np.cos(np.arange(-100, 101)[:, None] * np.array([0.0, 0.5, 0.8, 1.2, 2.0, 3.0]))
    np.testing.assert_allclose(kernel.sum(1) @ wave, [1, 1, 1, 0, 0, 0], atol=0.07)
