"""Discriminators: which of two images was made by the generator?

Imported where torch is: `srbench.training` offers both without importing them.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import interpolate, leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

SLOPE = 0.2
"""The slope of a leaky ReLU below zero."""
_CONVOLUTIONS = (1, 1, 2, 2, 4, 4, 8, 8)
"""Channels of the VGG-style discriminator's convolutions, as multiples of its width; every second halves the side."""


class VGGDiscriminator(nn.Module):
    """Ledig et al. 2017, figure 4: eight convolutions, every second with stride 2, then two dense layers.

    channels: of an image, 1 or 3. side: of the square patches it judges, in pixels; the first dense layer has an input
    for every place that is left of them after four halvings. width: channels of the first convolution, doubled with
    every second one. dense: outputs of the first dense layer. dropout: of the features between the dense layers.
    block_dropout: of those that each convolution ends with.
    """

    def __init__(
        self,
        channels: int,
        side: int,
        width: int = 64,
        dense: int = 1024,
        dropout: float = 0.0,
        block_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = channels
        for index, outside in enumerate(width * factor for factor in _CONVOLUTIONS):
            layers.append(nn.Conv2d(inside, outside, 3, stride=1 + index % 2, padding=1))
            if index > 0:
                layers.append(nn.BatchNorm2d(outside))
            layers.append(nn.LeakyReLU(SLOPE))
            if block_dropout:
                layers.append(nn.Dropout(block_dropout))
            inside = outside
        self.features = nn.Sequential(*layers)
        self.judgement = nn.Sequential(
            nn.Flatten(),
            nn.Linear(inside * (-(-side // 16)) ** 2, dense),  # halved four times, and rounded up each time
            nn.LeakyReLU(SLOPE),
            nn.Dropout(dropout),
            nn.Linear(dense, 1),
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits `(N, 1)` of `(N, channels, side, side)` with white at 1: high for HR, low for SR."""
        logits: torch.Tensor = self.judgement(self.features(2 * image - 1))
        return logits


class UNetDiscriminator(nn.Module):
    """Real-ESRGAN's: a U-Net with spectral normalisation, which judges every pixel (Wang et al. 2021, figure 6).

    Three halvings by kernels of 4, three bilinear doublings with what was there before the halving added, and three
    convolutions more; all but the first and the last are normalised (Miyato et al. 2018). Layers are called as in
    basicsr's `UNetDiscriminatorSN`.

    channels: of an image, 1 or 3. width: channels of the first convolution, doubled with every halving.
    """

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(channels, width, 3, padding=1)
        for place, factor in enumerate((1, 2, 4), 1):
            halving = nn.Conv2d(width * factor, width * factor * 2, 4, stride=2, padding=1, bias=False)
            self.add_module(f"conv{place}", spectral_norm(halving))
        for place, (inside, outside) in enumerate(((8, 4), (4, 2), (2, 1), (1, 1), (1, 1)), 4):
            keeping = nn.Conv2d(width * inside, width * outside, 3, padding=1, bias=False)
            self.add_module(f"conv{place}", spectral_norm(keeping))
        self.conv9 = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits `(N, 1, H, W)` of `(N, channels, H, W)` with white at 1: high for HR, low for SR. Sides from 8 up."""
        _, *layers = self.children()
        halvings, doublings, further = layers[:3], layers[3:6], layers[6:8]
        levels = [_active(self.conv0(image))]
        for layer in halvings:
            levels.append(_active(layer(levels[-1])))
        features = levels.pop()
        for layer in doublings:
            before = levels.pop()
            larger = interpolate(features, size=before.shape[-2:], mode="bilinear", align_corners=False)
            features = _active(layer(larger)) + before
        for layer in further:
            features = _active(layer(features))
        logits: torch.Tensor = self.conv9(features)
        return logits


def _active(features: torch.Tensor) -> torch.Tensor:
    return leaky_relu(features, SLOPE, inplace=True)
