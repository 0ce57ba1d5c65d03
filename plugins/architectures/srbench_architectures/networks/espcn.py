"""The network of ESPCN (Shi et al. 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class ESPCN(nn.Module):
    """Convolutions on LR, with tanh between them, the last of which gives all pixels that lie over its place in LR."""

    def __init__(self, channels: int, scale: int, kernels: Sequence[int], filters: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = channels
        for kernel, width in zip(kernels, filters, strict=False):
            layers += [nn.Conv2d(inside, width, kernel, padding=kernel // 2), nn.Tanh()]
            inside = width
        self.hidden = nn.Sequential(*layers)
        self.subpixel = nn.Sequential(
            nn.Conv2d(inside, channels * scale**2, kernels[-1], padding=kernels[-1] // 2), nn.PixelShuffle(scale)
        )

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR, both with white at 1."""
        sr: torch.Tensor = self.subpixel(self.hidden(lr))
        return sr
