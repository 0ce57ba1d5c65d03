"""The network of VDSR (Kim et al. 2016)."""

from __future__ import annotations

import torch
from torch import nn

from srbench.pictures import resize


class VDSR(nn.Module):
    """Convolutions with ReLUs on the bicubic-upsampled image, which give the difference to it.

    Weights begin as He et al. 2015 have them, but those of the last convolution at zero: an untrained network is
    bicubic interpolation.
    """

    def __init__(self, channels: int, scale: int, num_layers: int, num_feat: int) -> None:
        super().__init__()
        self.scale = scale
        widths = [channels, *[num_feat] * (num_layers - 1), channels]
        convolutions = [nn.Conv2d(widths[i], widths[i + 1], 3, padding=1) for i in range(num_layers)]
        for layer in convolutions:
            nn.init.kaiming_normal_(layer.weight)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(convolutions[-1].weight)
        layers: list[nn.Module] = []
        for layer in convolutions[:-1]:
            layers += [layer, nn.ReLU()]
        self.residual = nn.Sequential(*layers, convolutions[-1])

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR, both with white at 1."""
        upsampled = resize(lr, self.scale)
        sr: torch.Tensor = upsampled + self.residual(upsampled)
        return sr
