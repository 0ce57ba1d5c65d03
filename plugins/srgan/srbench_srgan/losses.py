"""The losses of SRResNet and SRGAN, on SR and HR `(N, 1 or 3, H, W)` with white at 1.

Errors of pixels are those of images in [-1, 1], as in the paper; all are computed in 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from srbench.training import vgg_features

from .parameters import Content, PixelLoss

FEATURE_SCALE = 1 / 12.75
"""A factor of VGG19's features, so that their error is about as large as that of pixels (Ledig et al. 2017, 3.2)."""


def pixel_loss(kind: PixelLoss, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
    """The mean squared or the mean absolute error."""
    compare = functional.mse_loss if kind == "mse" else functional.l1_loss
    return compare(_signed(sr), _signed(hr))


def content_loss(content: Content, device: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """What compares SR with HR: by their pixels (equation 4), or by features of VGG19 (equation 5).

    The mean is over channels, too, of pixels and of features. Raises `WeightsMissing` and `WeightsDamaged`.
    """
    if content == "mse":
        return lambda sr, hr: pixel_loss("mse", sr, hr)
    network = vgg_features(content, device)

    def features(image: torch.Tensor) -> torch.Tensor:
        scaled: torch.Tensor = network(image.expand(-1, 3, -1, -1)).float() * FEATURE_SCALE
        return scaled

    def compare(sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            expected = features(hr)
        return functional.mse_loss(features(sr), expected)

    return compare


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """-log D(SR), the mean over the batch (equation 6), of the discriminator's logits."""
    return functional.binary_cross_entropy_with_logits(fake.float(), torch.ones_like(fake, dtype=torch.float32))


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """-log D(HR) - log(1 - D(SR)), the mean over the batch (equation 2), of the discriminator's logits."""
    real, fake = real.float(), fake.float()
    return functional.binary_cross_entropy_with_logits(
        real, torch.ones_like(real)
    ) + functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))


def _signed(image: torch.Tensor) -> torch.Tensor:
    return 2 * image.float() - 1
