"""The network of FSRCNN (Dong et al. 2016)."""

from __future__ import annotations

import torch
from torch import nn

KERNEL = 9
"""Of the deconvolution."""


class FSRCNN(nn.Module):
    """Feature extraction, shrinking, mapping, expanding; then a deconvolution, which alone knows the scale.

    Weights begin as He et al. 2015 have them for PReLUs, and those of the deconvolution small, as in the paper.
    """

    def __init__(self, channels: int, scale: int, d: int, s: int, m: int) -> None:
        super().__init__()
        self.extraction = _activated(channels, d, 5)
        self.shrinking = _activated(d, s, 1)
        self.mapping = nn.Sequential(*(_activated(s, s, 3) for _ in range(m)))
        self.expanding = _activated(s, d, 1)
        self.deconvolution = nn.ConvTranspose2d(
            d, channels, KERNEL, stride=scale, padding=KERNEL // 2, output_padding=scale - 1
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=0.25)
                assert module.bias is not None
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.deconvolution.weight, std=0.001)
        assert self.deconvolution.bias is not None
        nn.init.zeros_(self.deconvolution.bias)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR, both with white at 1."""
        features = self.expanding(self.mapping(self.shrinking(self.extraction(lr))))
        sr: torch.Tensor = self.deconvolution(features)
        return sr


def _activated(inside: int, outside: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inside, outside, kernel, padding=kernel // 2), nn.PReLU(outside))
