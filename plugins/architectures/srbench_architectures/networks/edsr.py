"""The network of EDSR (Lim et al. 2017)."""

from __future__ import annotations

import torch
from torch import nn

FACTORS: dict[int, tuple[int, ...]] = {2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}
"""The factors of the sub-pixel layers that make up each scale."""
_DIV2K = (0.4488, 0.4371, 0.4040)
"""The mean colour of the training set of the paper."""


class EDSR(nn.Module):
    """A convolution, residual blocks without normalisation, a convolution, all of it added up; then sub-pixel layers.

    The mean colour of DIV2K, of grey its average, is taken away before and added again afterwards.
    """

    mean: torch.Tensor

    def __init__(self, channels: int, scale: int, num_feat: int, num_block: int, res_scale: float) -> None:
        super().__init__()
        colour = torch.tensor(_DIV2K if channels == 3 else (sum(_DIV2K) / 3,))
        self.register_buffer("mean", colour.reshape(1, channels, 1, 1), persistent=False)
        self.head = convolution(channels, num_feat)
        blocks = (Block(num_feat, res_scale) for _ in range(num_block))
        self.body = nn.Sequential(*blocks, convolution(num_feat, num_feat))
        layers: list[nn.Module] = []
        for factor in FACTORS[scale]:
            layers += [convolution(num_feat, num_feat * factor**2), nn.PixelShuffle(factor)]
        self.tail = nn.Sequential(*layers, convolution(num_feat, channels))

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR, both with white at 1."""
        shallow = self.head(lr - self.mean)
        sr: torch.Tensor = self.tail(shallow + self.body(shallow)) + self.mean
        return sr


class Block(nn.Module):
    """Convolution, ReLU, convolution; `res_scale` times that is added to what went in."""

    def __init__(self, num_feat: int, res_scale: float) -> None:
        super().__init__()
        self.body = nn.Sequential(convolution(num_feat, num_feat), nn.ReLU(), convolution(num_feat, num_feat))
        self.res_scale = res_scale

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """`(N, num_feat, H, W)` to the same shape."""
        result: torch.Tensor = features + self.res_scale * self.body(features)
        return result


def convolution(inside: int, outside: int) -> nn.Conv2d:
    """One of 3 x 3 that keeps the size."""
    return nn.Conv2d(inside, outside, 3, padding=1)
