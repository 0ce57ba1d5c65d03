"""The network of DRCN (Kim et al. 2016)."""

from __future__ import annotations

import torch
from torch import nn

from srbench.pictures import resize


class DRCN(nn.Module):
    """One convolution, applied again and again to features of the bicubic-upsampled image; each time gives an SR.

    What it gives at last is their sum with learned weights, which at first make it their mean. Weights of convolutions
    begin as He et al. 2015 have them; those of the recursive one at the identity, as in the paper, and those of the
    last one at zero: an untrained network is bicubic interpolation.
    """

    def __init__(self, channels: int, scale: int, recursions: int, num_feat: int) -> None:
        super().__init__()
        self.scale, self.recursions = scale, recursions
        self.embedding = nn.Sequential(_conv(channels, num_feat), nn.ReLU(), _conv(num_feat, num_feat), nn.ReLU())
        self.recursive = _conv(num_feat, num_feat)
        self.reconstruction = nn.Sequential(_conv(num_feat, num_feat), nn.ReLU(), _conv(num_feat, channels))
        self.mixture = nn.Parameter(torch.full((recursions,), 1 / recursions))
        nn.init.dirac_(self.recursive.weight)
        last = self.reconstruction[-1]
        assert isinstance(last, nn.Conv2d)
        nn.init.zeros_(last.weight)

    def predictions(self, lr: torch.Tensor) -> torch.Tensor:
        """SR after each recursion: `(recursions, N, C, H, W)`."""
        upsampled = resize(lr, self.scale)
        features = self.embedding(upsampled)
        made = []
        for _ in range(self.recursions):
            features = torch.relu(self.recursive(features))
            made.append(upsampled + self.reconstruction(features))
        return torch.stack(made)

    def mixed(self, predictions: torch.Tensor) -> torch.Tensor:
        """The sum of predictions with the learned weights."""
        sr: torch.Tensor = torch.tensordot(self.mixture, predictions, dims=1)
        return sr

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR, both with white at 1."""
        return self.mixed(self.predictions(lr))


def _conv(inside: int, outside: int) -> nn.Conv2d:
    layer = nn.Conv2d(inside, outside, 3, padding=1)
    nn.init.kaiming_normal_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
