"""The generator: RRDBNet, with the names of parameters that released checkpoints have."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import interpolate, leaky_relu, pixel_unshuffle

SLOPE = 0.2
"""The slope of a leaky ReLU below zero; in the discriminator too."""
_RESIDUAL = 0.2
"""What a residual is multiplied by before it is added (section 3.1: between 0 and 1)."""
_INITIAL = 0.1
"""What Kaiming's initial weights of the blocks are multiplied by: deep residuals train better from small ones."""


FOLDS = {1: 4, 2: 2}
"""The side of the squares of LR pixels that become one pixel with so many more channels, where not 1."""
_ENLARGEMENTS = {3: (3,), 8: (2, 2, 2)}
"""By what the side grows, layer by layer, where not twice by 2."""


class RRDBNet(nn.Module):
    """Wang et al. 2018, figures 3 and 4: residual in residual dense blocks on LR, then two doublings of the side.

    A doubling repeats pixels and convolves, as in the authors' program. Blocks begin with Kaiming's normal weights
    times 0.1 and without bias; all else as torch has it.

    channels: of an image, 1 or 3. scale: 4; or 1 or 2, where squares of LR pixels become one pixel, as in the authors'
    Real-ESRGAN; or 3, where the side grows once by 3, or 8, where it is doubled three times, as in their first program.
    features: channels between blocks. growth: channels that a convolution adds within a block.
    """

    def __init__(self, channels: int, scale: int, blocks: int, features: int, growth: int) -> None:
        super().__init__()
        self._fold = FOLDS.get(scale, 1)
        self._enlargements = _ENLARGEMENTS.get(scale, (2, 2))
        self.conv_first = _conv(channels * self._fold**2, features)
        self.body = nn.Sequential(*(ResidualInResidual(features, growth) for _ in range(blocks)))
        self.conv_body = _conv(features, features)
        for place in range(1, len(self._enlargements) + 1):
            self.add_module(f"conv_up{place}", _conv(features, features))
        self.conv_hr = _conv(features, features)
        self.conv_last = _conv(features, channels)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """SR `(N, channels, H * scale, W * scale)` of LR `(N, channels, H, W)`, at x2 and x1 of whole squares."""
        shallow = self.conv_first(pixel_unshuffle(lr, self._fold))
        features = shallow + self.conv_body(self.body(shallow))
        for place, factor in enumerate(self._enlargements, 1):
            layer = self.get_submodule(f"conv_up{place}")
            features = _active(layer(interpolate(features, scale_factor=factor, mode="nearest")))
        sr: torch.Tensor = self.conv_last(_active(self.conv_hr(features)))
        return sr


class ResidualInResidual(nn.Module):
    """Three dense blocks in a row, whose result is a residual itself (figure 4, right)."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(features, growth) for _ in range(3))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """`(N, features, H, W)` to the same shape."""
        residual: torch.Tensor = self.rdb3(self.rdb2(self.rdb1(features)))
        return features + _RESIDUAL * residual


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees the block's input and what all before it gave (figure 4, right)."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for before, outside in enumerate((growth, growth, growth, growth, features)):
            self.add_module(f"conv{before + 1}", _conv(features + before * growth, outside))
        for name, parameter in self.named_parameters():
            if name.endswith(".bias"):
                nn.init.zeros_(parameter)
            else:
                nn.init.kaiming_normal_(parameter).data.mul_(_INITIAL)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """`(N, features, H, W)` to the same shape."""
        *inner, last = self.children()
        seen = [features]
        for layer in inner:
            seen.append(_active(layer(torch.cat(seen, dim=1))))
        residual: torch.Tensor = last(torch.cat(seen, dim=1))
        return features + _RESIDUAL * residual


def _conv(inside: int, outside: int) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, kernel_size=3, padding=1)


def _active(features: torch.Tensor) -> torch.Tensor:
    return leaky_relu(features, SLOPE, inplace=True)
