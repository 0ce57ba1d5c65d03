"""SPAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from srbench import Paper
from srbench.types import Count

from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_IN_FIFTHS, SMALL

if TYPE_CHECKING:
    import torch

AUTHORS = {
    "learning_rate": 5e-4,
    "schedule": HALVED_IN_FIFTHS,
    "betas": (0.9, 0.99),
    "ema": 0.999,
    "batch_size": 64,
    "patch": 64,
}
_CONVOLUTIONS = 1 + 6 * 3 + 1 + 1
"""Of 3 x 3, one after the other: one, those of six blocks, one behind them, and the sub-pixel layer's."""


@dataclass(frozen=True)
class SPAN(SpandrelArchitecture):
    """Convolutions that weigh themselves, without parameters for that. Parameters at x4 in colour: `paper` 498,208,
    `light` 426,288, `small` 112,368.

    Wan, Yu, Li, Chen, Zou, Liu, Yin, Zuo, "Swift parameter-free attention network for efficient super-resolution", CVPR
    workshops 2024 (arXiv 2311.12770). The network is spandrel's, after the authors' code (Apache-2.0). `paper` has 52
    channels, `light` 48 (the paper's SPAN-S). Training is traiNNer-redux's for it, with the paper's batch: L1 (there
    Charbonnier's with 1e-12 under the root, which is as good as L1), Adam at 5e-4, halved at each fifth of 1,000,000
    steps, batches of 64 LR patches of 64 pixels, averaged weights.

    Each convolution is learned as several, which are one when it upscales: that one is what is counted here and on
    boards. For grey the network is made without `norm`.

    feature_channels: of all layers. norm: whether LR comes as the difference to the mean colour of DIV2K, times 255.
    """

    papers: ClassVar = (
        Paper(
            ("Wan", "Yu", "Li", "Chen", "Zou", "Liu", "Yin", "Zuo"),
            "Swift parameter-free attention network for efficient super-resolution",
            2024,
            conference="CVPR workshops",
            arxiv="2311.12770",
        ),
    )
    home: ClassVar = "SPAN"
    channels_as: ClassVar = ("num_in_ch", "num_out_ch")
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "paper": AUTHORS,
        "light": {**AUTHORS, "feature_channels": 48},
        "small": {**SMALL, "feature_channels": 24, "norm": False},
    }

    feature_channels: Count = 52
    norm: bool = True

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """No mean colour for grey, which spandrel has none of."""
        return {} if channels == 3 else {"norm": False}

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network; convolutions that sum up others are not learned."""
        network = super().build(channels, scale, patch)
        for name, parameter in network.named_parameters():
            if "eval_conv" in name:
                parameter.requires_grad = False
        return network

    def reach(self, scale: int) -> int:
        """One pixel a convolution."""
        return _CONVOLUTIONS

    def parameters_count(self, network: torch.nn.Module) -> int:
        """Those of the convolutions that sum up others, and of those that stand alone."""
        return sum(
            parameter.numel()
            for name, parameter in network.named_parameters()
            if ".sk." not in name and ".conv." not in name
        )
