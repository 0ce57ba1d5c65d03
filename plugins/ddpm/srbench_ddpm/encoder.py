"""The encoder of SRDiff: a network that has learned SR by itself, and tells the diffusion what it sees in LR."""

from __future__ import annotations

import torch
from srbench_esrgan.generator import RRDBNet
from srbench_esrgan.upscaling import enlarge
from torch.nn import functional


class Encoder(RRDBNet):
    """The network of `rrdb`, whose features before they are made larger are a condition.

    channels: of an image, 1 or 3. scale: 2 or 4. width: channels of the features; half as many grow in a block.
    """

    def __init__(self, channels: int, scale: int, blocks: int, width: int) -> None:
        super().__init__(channels, scale, blocks, width, width // 2)
        self.scale = scale

    def features(self, lr: torch.Tensor) -> torch.Tensor:
        """Features `(N, width, H * scale / 4, W * scale / 4)`, rounded up, of LR `(N, channels, H, W)`."""
        fold = 4 // self.scale
        below, right = (-side % fold for side in lr.shape[-2:])
        squares = functional.pixel_unshuffle(functional.pad(lr, [0, right, 0, below], mode="replicate"), fold)
        shallow: torch.Tensor = self.conv_first(squares)
        features: torch.Tensor = shallow + self.conv_body(self.body(shallow))
        return features

    def enlarged(self, lr: torch.Tensor) -> torch.Tensor:
        """Its own SR of LR of any size."""
        return enlarge(self, lr, self.scale)
