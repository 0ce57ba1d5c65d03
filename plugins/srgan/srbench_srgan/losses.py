"""The losses of SRResNet and SRGAN, on SR and HR `(N, 1 or 3, H, W)` with white at 1.

Errors of pixels are those of images in [-1, 1], as in the paper; all are computed in 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from srbench.training import feature_loss

from .parameters import FEATURES, Loss

FEATURE_SCALE = 1 / 12.75
"""A factor of VGG19's features, so that their error is about as large as that of pixels (Ledig et al. 2017, 3.2)."""


def content_loss(kind: Loss, device: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """What compares SR with HR: by their pixels (equation 4), or by features of VGG19 (equation 5).

    The mean is over channels, too, of pixels and of features. Raises `WeightsMissing` and `WeightsDamaged`.
    """
    if kind in FEATURES:
        return feature_loss({FEATURES[kind]: 1.0}, device, activated=True, distance="mse", factor=FEATURE_SCALE)
    compare = functional.mse_loss if kind == "mse" else functional.l1_loss
    return lambda sr, hr: compare(_signed(sr), _signed(hr))


def total_variation(sr: torch.Tensor) -> torch.Tensor:
    """The absolute differences of pixels to those below and to the right, summed over an image; the mean over images.

    The paper names the loss (3.3) and its weight, and not how it is summed.
    """
    sr = _signed(sr)
    return (sr.diff(dim=-1).abs().sum() + sr.diff(dim=-2).abs().sum()) / len(sr)


def _signed(image: torch.Tensor) -> torch.Tensor:
    return 2 * image.float() - 1
