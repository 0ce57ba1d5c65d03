"""Losses beside their formulas, the schedule of many papers beside the steps that papers count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from srbench_architectures.recipe import HALVED_LATE, frequency_loss, pixel_loss

from srbench.training import Recipe


def images() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.rand(2, 3, 6, 5), torch.rand(2, 3, 6, 5)


def test_losses_are_means_of_differences() -> None:
    sr, hr = images()
    difference = (sr - hr).double().numpy()
    assert pixel_loss("l1", sr, hr).item() == pytest.approx(abs(difference).mean(), rel=1e-5)
    assert pixel_loss("mse", sr, hr).item() == pytest.approx((difference**2).mean(), rel=1e-5)
    assert pixel_loss("charbonnier", sr, hr).item() == pytest.approx(np.sqrt(difference**2 + 1e-6).mean(), rel=1e-5)


def test_the_loss_of_spectra_is_that_of_numpys() -> None:
    sr, hr = images()
    one, other = (np.fft.fft2(image.double().numpy()) for image in (sr, hr))
    expected = (abs(one.real - other.real).mean() + abs(one.imag - other.imag).mean()) / 2
    assert frequency_loss(sr, hr).item() == pytest.approx(expected, rel=1e-4)
    assert frequency_loss(sr.bfloat16(), sr.bfloat16()).item() == 0


def test_the_rate_is_halved_after_as_many_steps_as_in_the_papers() -> None:
    factor = Recipe(schedule=HALVED_LATE).course
    rates = {step: 2e-4 * factor(step / 500_000) for step in (0, 249_999, 250_000, 400_000, 450_000, 475_000, 499_999)}
    assert list(rates.values()) == pytest.approx([2e-4, 2e-4, 1e-4, 5e-5, 2.5e-5, 1.25e-5, 1.25e-5])
