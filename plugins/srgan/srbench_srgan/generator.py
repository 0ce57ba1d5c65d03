"""The generator: SRResNet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from .parameters import Activation, Ends, factors

SLOPE = 0.2
"""The slope of a leaky ReLU below zero, as in the discriminator."""

_OUTER, _INNER = 9, 3
"""Kernels of the published first and last convolution, and of all others."""


class Generator(nn.Module):
    """Ledig et al. 2017, figure 4: residual blocks on LR, then sub-pixel layers.

    planes: of an image, 1 or 3. width: feature channels. ends: see `parameters.Ends`. Every PReLU has one slope for all
    its channels, as the published number of parameters has it. What the last convolution gives is SR in [-1, 1];
    `forward` maps it to white at 1, black at 0.

    second_activation: a block's second convolution has an activation, too. upsampling: the factors of the sub-pixel
    layers, in their order; None: the published ones. upsampling_activation: each has an activation. tanh: behind the
    last convolution. signed_lr: the first convolution sees LR in [-1, 1], not in [0, 1].

    reach: how many LR pixels around an output pixel can influence it, in evaluation mode.
    """

    def __init__(
        self,
        planes: int,
        scale: int,
        blocks: int,
        width: int,
        ends: Ends = "published",
        batch_norm: bool = True,
        activation: Activation = "prelu",
        second_activation: bool = False,
        upsampling: Sequence[int] | None = None,
        upsampling_activation: bool = True,
        tanh: bool = False,
        signed_lr: bool = False,
    ) -> None:
        super().__init__()
        self._signed_lr = signed_lr
        head: list[nn.Module]
        tail: list[nn.Module]
        if ends == "light":
            head = [_conv(planes, width)]
            tail = [_conv(width, planes * scale**2), nn.PixelShuffle(scale)]
            before = after = _INNER // 2
        else:
            head = [_conv(planes, width, _OUTER), _activation(activation)]
            tail = []
            for factor in factors(scale, upsampling):
                tail += [_conv(width, width * factor**2), nn.PixelShuffle(factor)]
                tail += [_activation(activation)] if upsampling_activation else []
            tail.append(_conv(width, planes, _OUTER))
            before = after = _OUTER // 2
            for factor in reversed(factors(scale, upsampling)):
                after = math.ceil(after / factor) + _INNER // 2
        if tanh:
            tail.append(nn.Tanh())
        self.head = nn.Sequential(*head)
        self.body = nn.Sequential(
            *(Block(width, batch_norm, activation, second_activation) for _ in range(blocks)),
            *_normalised(width, batch_norm),
        )
        self.tail = nn.Sequential(*tail)
        self.reach = before + (2 * blocks + 1) * (_INNER // 2) + after

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """SR `(N, planes, H * scale, W * scale)` of LR `(N, planes, H, W)`, both with white at 1; not clamped."""
        shallow = self.head(2 * lr - 1 if self._signed_lr else lr)
        sr: torch.Tensor = self.tail(shallow + self.body(shallow))
        return (sr + 1) / 2


class Block(nn.Module):
    """Convolution, activation, convolution, each with its batch normalisation, added to what went in.

    second_activation: one more, before that is added.
    """

    def __init__(self, width: int, batch_norm: bool, activation: Activation, second_activation: bool) -> None:
        super().__init__()
        layers = [*_normalised(width, batch_norm), _activation(activation), *_normalised(width, batch_norm)]
        self.body = nn.Sequential(*layers, *([_activation(activation)] if second_activation else []))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """`(N, width, H, W)` to the same shape."""
        result: torch.Tensor = features + self.body(features)
        return result


def _conv(inside: int, outside: int, kernel: int = _INNER) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, kernel, padding=kernel // 2)


def _normalised(width: int, batch_norm: bool) -> list[nn.Module]:
    return [_conv(width, width), nn.BatchNorm2d(width)] if batch_norm else [_conv(width, width)]


def _activation(activation: Activation) -> nn.Module:
    return nn.PReLU() if activation == "prelu" else nn.LeakyReLU(SLOPE)
