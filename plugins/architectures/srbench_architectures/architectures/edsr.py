"""EDSR."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from srbench import Paper
from srbench.types import Count, Positive

from ..architecture import Architecture
from ..recipe import SMALL, halved

if TYPE_CHECKING:
    import torch

AUTHORS = {
    "loss": "l1",
    "learning_rate": 1e-4,
    "schedule": halved(2 / 3),
    "betas": (0.9, 0.999),
    "ema": 0.0,
    "batch_size": 16,
    "patch": 48,
}


@dataclass(frozen=True)
class EDSR(Architecture):
    """Residual blocks without normalisation. Parameters at x4 in colour: `paper` 43,089,923, `baseline` 1,517,571,
    `small` 232,963.

    Lim, Son, Kim, Nah, Lee, "Enhanced deep residual networks for single image super-resolution", CVPR workshops 2017
    (arXiv 1707.02921). Written from the paper. `paper` has 32 blocks of 256 channels, `baseline` 16 of 64. Both are
    trained as there: L1, Adam at 1e-4, halved after 200,000 steps, here of 300,000; batches of 16 LR patches of 48
    pixels. At x3 and x4 the authors began with the weights of x2. SR is not the mean of those of turned images. x8 has
    three sub-pixel layers.

    num_feat: channels. num_block: blocks. res_scale: the weight of a block.
    """

    papers: ClassVar = (
        Paper(
            ("Lim", "Son", "Kim", "Nah", "Lee"),
            "Enhanced deep residual networks for single image super-resolution",
            2017,
            conference="CVPR workshops",
            arxiv="1707.02921",
        ),
    )
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "paper": AUTHORS,
        "baseline": {**AUTHORS, "num_feat": 64, "num_block": 16, "res_scale": 1.0},
        "small": {**SMALL, "num_feat": 32, "num_block": 8, "res_scale": 1.0},
    }

    num_feat: Count = 256
    num_block: Count = 32
    res_scale: Positive = 0.1

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network."""
        from ..networks import edsr

        return edsr.EDSR(channels, scale, self.num_feat, self.num_block, self.res_scale)

    def reach(self, scale: int) -> int:
        """One convolution before the blocks, two in each, one behind them, one a sub-pixel layer and the last one."""
        behind = 1
        for factor in (3,) if scale == 3 else (2,) * int(math.log2(scale)):
            behind = math.ceil(behind / factor) + 1
        return 2 + 2 * self.num_block + behind
