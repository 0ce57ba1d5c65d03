"""DRCN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from srbench import Paper
from srbench.types import Count

from ..architecture import Architecture
from ..recipe import SMALL
from .vdsr import reach_after_bicubic

if TYPE_CHECKING:
    import torch

_OTHERS = 4
"""Convolutions besides the recursive one: two before it, two behind it."""


@dataclass(frozen=True)
class DRCN(Architecture):
    """One convolution, applied sixteen times to the bicubic-upsampled image. Parameters at any scale: `paper`
    1,775,121, `small` 16,086.

    Kim, Lee, Lee, "Deeply-recursive convolutional network for image super-resolution", CVPR 2016 (arXiv 1511.04491).
    Written from the paper; on the Y channel, chroma is bicubic. `paper` minimises the mean squared error of what each
    recursion gives and of their mean, the former counting less and less (here evenly, the paper does not say how), in
    batches of 64 patches, of 12 LR pixels in place of 41 HR pixels; Adam at 1e-4 along a cosine stands for SGD at .01
    that is divided by 10 where the error does not fall. The last convolution begins at zero.

    recursions: how often the convolution is applied. num_feat: channels.
    """

    papers: ClassVar = (
        Paper(
            ("Kim", "Lee", "Lee"),
            "Deeply-recursive convolutional network for image super-resolution",
            2016,
            conference="CVPR",
            arxiv="1511.04491",
        ),
    )
    trains_on: ClassVar = "y"
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "paper": {
            "loss": "mse",
            "learning_rate": 1e-4,
            "schedule": "cosine",
            "betas": (0.9, 0.999),
            "weight_decay": 1e-4,
            "clip": 0.4,
            "ema": 0.0,
            "batch_size": 64,
            "patch": 12,
        },
        "small": {**SMALL, "recursions": 5, "num_feat": 24, "patch": 16, "batch_size": 4},
    }

    recursions: Count = 16
    num_feat: Count = 256

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network."""
        from ..networks import drcn

        return drcn.DRCN(channels, scale, self.recursions, self.num_feat)

    def reach(self, scale: int) -> int:
        """One HR pixel a convolution, and what the upsampled image is made of."""
        return reach_after_bicubic(scale, self.recursions + _OTHERS)

    def learns_from(
        self, network: torch.nn.Module, lr: torch.Tensor, scale: int, progress: float
    ) -> Sequence[tuple[float, torch.Tensor]]:
        """What each recursion gives, less and less, and their mean, more and more."""
        from ..networks import drcn

        assert isinstance(network, drcn.DRCN)
        predictions = network.predictions(lr)
        early = [((1 - progress) / self.recursions, sr) for sr in predictions]
        return [*early, (progress, network.mixed(predictions))]
