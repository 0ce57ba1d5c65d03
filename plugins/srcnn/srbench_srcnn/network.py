"""The network of SRCNN."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from srbench.pictures import Scale, resize


class Network(nn.Module):
    """Bicubic upsampling, then convolution, ReLU, convolution, ReLU, convolution, on one channel.

    The convolutions give the difference to the upsampled image. Weights start as He et al. 2015 have them, but the
    last convolution at zero: an untrained network is bicubic interpolation.
    """

    def __init__(self, scale: Scale, kernels: tuple[int, int, int], filters: tuple[int, int]) -> None:
        super().__init__()
        self.scale = scale
        self.radius = sum(kernel // 2 for kernel in kernels)
        self.extraction = nn.Conv2d(1, filters[0], kernels[0])
        self.mapping = nn.Conv2d(filters[0], filters[1], kernels[1])
        self.reconstruction = nn.Conv2d(filters[1], 1, kernels[2])
        for layer in (self.extraction, self.mapping):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(self.reconstruction.weight)
        for layer in (self.extraction, self.mapping, self.reconstruction):
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def refine(self, upsampled: torch.Tensor) -> torch.Tensor:
        """`(N, 1, H, W)` to `(N, 1, H - 2 * radius, W - 2 * radius)`: what can be told without padding."""
        hidden = functional.relu(self.extraction(upsampled))
        hidden = functional.relu(self.mapping(hidden))
        difference: torch.Tensor = self.reconstruction(hidden)
        return inner(upsampled, self.radius) + difference

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """SR `(N, 1, H * scale, W * scale)` of LR `(N, 1, H, W)`; the upsampled image is continued at its borders."""
        return self.refine(functional.pad(resize(lr, self.scale), [self.radius] * 4, mode="replicate"))


def inner(image: torch.Tensor, border: int) -> torch.Tensor:
    """An image `(..., H, W)` without `border` pixels on every side."""
    return image[..., border : image.shape[-2] - border, border : image.shape[-1] - border]
