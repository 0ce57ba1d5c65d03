"""FSRCNN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from srbench import Paper
from srbench.types import Count, Natural

from ..architecture import Architecture
from ..recipe import SMALL

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class FSRCNN(Architecture):
    """A narrow network on LR that ends in a deconvolution. Parameters at any scale: `paper` 12,809, `small` 4,086.

    Dong, Loy, Tang, "Accelerating the super-resolution convolutional neural network", ECCV 2016 (arXiv 1608.00367).
    Written from the paper; on the Y channel, chroma is bicubic. `paper` is FSRCNN (56, 12, 4), `small` FSRCNN-s
    (32, 5, 1), whose published 12,464 and 3,937 parameters are the weights without biases and slopes. `paper` minimises
    the mean squared error; Adam at 1e-3 along a cosine stands for SGD at 1e-3, and LR patches of 16 pixels for those of
    7 to 11. The authors trained on the 91 images, then on 100 more, which they made larger and smaller, too.

    d: channels of the ends. s: of the layers between them. m: how many layers map.
    """

    papers: ClassVar = (
        Paper(
            ("Dong", "Loy", "Tang"),
            "Accelerating the super-resolution convolutional neural network",
            2016,
            conference="ECCV",
            arxiv="1608.00367",
        ),
    )
    trains_on: ClassVar = "y"
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "paper": {
            "loss": "mse",
            "learning_rate": 1e-3,
            "schedule": "cosine",
            "betas": (0.9, 0.999),
            "ema": 0.0,
            "batch_size": 64,
            "patch": 16,
            "sizes": (1.0, 0.9, 0.8, 0.7, 0.6),
        },
        "small": {**SMALL, "d": 32, "s": 5, "m": 1, "learning_rate": 3e-3},
    }

    d: Count = 56
    s: Count = 12
    m: Natural = 4

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network."""
        from ..networks import fsrcnn

        return fsrcnn.FSRCNN(channels, scale, self.d, self.s, self.m)

    def reach(self, scale: int) -> int:
        """Two pixels of the first kernel, one a mapping, and what lies under half of the deconvolution's kernel."""
        return 2 + self.m + (scale + 3) // scale
