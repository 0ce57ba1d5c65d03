"""How a network is trained: types of parameters, losses, and the course of the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from srbench.training import Schedule, cosine
from srbench.types import OpenFraction

if TYPE_CHECKING:
    import torch

Loss = Literal["l1", "mse", "charbonnier"]
Keep = Literal["last", "best"]
Course = Literal["cosine"] | tuple[OpenFraction, ...]
"""The learning rate: along a `cosine` to zero, or halved at each of these points of the training's progress."""

FIRST = 0.01
"""The share of the learning rate with which a warm-up begins."""
_EPSILON = 1e-3

HALVED_LATE = (0.5, 0.8, 0.9, 0.95)
"""After 250,000, 400,000, 450,000 and 475,000 of 500,000 steps, as many have it since SwinIR."""
HALVED_IN_FIFTHS = (0.2, 0.4, 0.6, 0.8)

REALESRNET: dict[str, Any] = {
    "loss": "l1",
    "learning_rate": 2e-4,
    "schedule": (),
    "betas": (0.9, 0.99),
    "ema": 0.999,
    "batch_size": 48,
    "patch": 64,
}
"""The stage on pixels of Real-ESRGAN (Wang et al. 2021; `train_realesrnet_x4plus.yml`)."""

SMALL: dict[str, Any] = {
    "loss": "l1",
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "betas": (0.9, 0.99),
    "clip": 1.0,
    "ema": 0.999,
    "keep": "best",
    "batch_size": 8,
    "patch": 24,
    "sizes": (1.0, 0.85, 0.7, 0.6),
}
"""What the presets `small` have in common: a training of minutes on two CPU cores."""


def pixel_loss(name: Loss, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
    """The mean over all values of the difference: absolute, squared, or sqrt(d^2 + 1e-6) (Charbonnier)."""
    from torch.nn import functional

    if name == "charbonnier":
        return ((sr - hr).float().square() + _EPSILON**2).sqrt().mean()
    return functional.l1_loss(sr, hr) if name == "l1" else functional.mse_loss(sr, hr)


def frequency_loss(sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
    """The mean absolute difference between the real and the imaginary parts of the two spectra."""
    import torch

    return torch.view_as_real(torch.fft.fft2((sr - hr).float())).abs().mean()


def course(schedule: Course, warm_up: float) -> Schedule:
    """The factor of the learning rate over the progress of the training; it rises evenly during the warm-up."""

    def factor(progress: float) -> float:
        if progress < warm_up:
            return FIRST + (1 - FIRST) * progress / warm_up
        return cosine(progress) if schedule == "cosine" else 0.5 ** sum(progress >= point for point in schedule)

    return factor
