"""The generator of Swift-SRGAN."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from srbench import Paper
from srbench.types import Count

from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL


@dataclass(frozen=True)
class SwiftSRGAN(SpandrelArchitecture):
    """SRResNet with separable convolutions. Parameters at x4 in colour: `paper` 201,209, `small` 30,585.

    Krishnan and Krishnan, "SwiftSRGAN: Rethinking super-resolution for efficient and real-time inference", 2021 (arXiv
    2111.14320). The network is spandrel's, after the authors' code (CC0). `paper` is their generator, trained on the
    mean squared error of pixels, which is one of the losses of theirs; the others are for a discriminator and for
    features. AdamW at 1e-3 with its decay of .01, HR patches of 96 pixels at x4, as in their program; the batch of 16
    is ours. SR comes out of a tanh, and lies in [0, 1].

    num_channels: of all layers. num_blocks: residual blocks.
    """

    papers: ClassVar = (
        Paper(
            ("Krishnan", "Krishnan"),
            "SwiftSRGAN: Rethinking super-resolution for efficient and real-time inference",
            2021,
            arxiv="2111.14320",
        ),
    )
    home: ClassVar = "SwiftSRGAN"
    channels_as: ClassVar = ("in_channels",)
    scale_as: ClassVar = "upscale_factor"
    scales: ClassVar = (2, 4, 8)
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "paper": {
            "loss": "mse",
            "learning_rate": 1e-3,
            "schedule": "constant",
            "betas": (0.9, 0.999),
            "weight_decay": 0.01,
            "ema": 0.0,
            "batch_size": 16,
            "patch": 24,
        },
        "small": {**SMALL, "num_channels": 32, "num_blocks": 6},
    }

    num_channels: Count = 64
    num_blocks: Count = 16

    def reach(self, scale: int) -> int:
        """Add up, in LR pixels, the first kernel of 9, two convolutions a block, one more, and those in HR.

        The latter are one for each doubling and the last kernel of 9.
        """
        behind = 4
        for _ in range(int(math.log2(scale))):
            behind = math.ceil(behind / 2) + 1
        return 4 + 2 * self.num_blocks + 1 + behind
