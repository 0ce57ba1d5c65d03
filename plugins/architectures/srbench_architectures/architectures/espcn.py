"""ESPCN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from srbench import Paper
from srbench.types import Count

from ..architecture import Architecture, check
from ..recipe import SMALL

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ESPCN(Architecture):
    """Three convolutions on LR, the last of which gives all pixels of SR. Parameters at x4: `paper` 24,752, `small`
    24,752.

    Shi, Caballero, Huszár, Totz, Aitken, Bishop, Rueckert, Wang, "Real-time single image and video super-resolution
    using an efficient sub-pixel convolutional neural network", CVPR 2016 (arXiv 1609.05158). Written from the paper; on
    the Y channel, chroma is bicubic. `paper` minimises the mean squared error on LR patches of 17 pixels, in batches of
    16. Its learning rate falls from .01 to .0001 where the error does not; here Adam's falls from .001 along a cosine.

    kernels: of the layers. filters: channels of all layers but the last.
    """

    papers: ClassVar = (
        Paper(
            ("Shi", "Caballero", "Huszár", "Totz", "Aitken", "Bishop", "Rueckert", "Wang"),
            "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural "
            "network",
            2016,
            conference="CVPR",
            arxiv="1609.05158",
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
            "batch_size": 16,
            "patch": 17,
        },
        "small": {**SMALL, "learning_rate": 2e-3},
    }

    kernels: tuple[Count, ...] = (5, 3, 3)
    filters: tuple[Count, ...] = (64, 32)

    def __post_init__(self) -> None:
        check(
            len(self.kernels) == len(self.filters) + 1,
            f"{len(self.kernels)} kernels need {len(self.kernels) - 1} filters: the last layer has as many channels as "
            "the scale asks for",
        )
        for kernel in self.kernels:
            check(kernel % 2 == 1, f"kernels: {kernel} has no centre; use odd sizes")

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network."""
        from ..networks import espcn

        return espcn.ESPCN(channels, scale, self.kernels, self.filters)

    def reach(self, scale: int) -> int:
        """Half of each kernel."""
        return sum(kernel // 2 for kernel in self.kernels)
