"""MoSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from srbench.types import Count, Positive, PositiveFraction, ProperFraction

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_LATE, SMALL

TRAINNER = {
    "loss": "charbonnier",
    "learning_rate": 2e-4,
    "schedule": HALVED_LATE,
    "betas": (0.9, 0.99),
    "ema": 0.999,
    "batch_size": 8,
    "patch": 64,
}
"""traiNNer-redux's options for MoSR and for FDAT."""


@dataclass(frozen=True)
class MoSR(SpandrelArchitecture):
    """Gated convolutions as in MambaOut. Parameters at x4 in colour: `released` 4,287,600, `small` 236,112.

    Published by umzi without a paper (github.com/umzi2/MoSR), after Yu and Wang, "MambaOut: Do we really need Mamba for
    vision?", CVPR 2025. The network is spandrel's, after that code (MIT). `released` has traiNNer-redux's options for
    it, with sub-pixel convolution: Charbonnier's loss, AdamW at 2e-4, halved at 50, 80, 90 and 95 % of 500,000 steps,
    batches of 8 LR patches of 64 pixels, averaged weights.

    n_block: blocks. dim: channels. upsampler: `ps` is sub-pixel convolution, `gps` the mean of eight of them, `dys`
    samples features at learned places. kernel_size, conv_ratio: of the large kernel, and for how many of `dim` channels
    it is. expansion_ratio: hidden by outer channels of a block.
    """

    home: ClassVar = "MoSR"
    channels_as: ClassVar = ("in_ch", "out_ch")
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {"released": TRAINNER, "small": {**SMALL, "n_block": 4, "dim": 32}}

    n_block: Count = 24
    dim: Count = 64
    upsampler: Literal["ps", "gps", "dys"] = "ps"
    drop_path: ProperFraction = 0.0
    kernel_size: Count = 7
    expansion_ratio: Positive = 1.5
    conv_ratio: PositiveFraction = 1.0

    def __post_init__(self) -> None:
        check(self.kernel_size % 2 == 1, f"kernel_size: {self.kernel_size} has no centre; use an odd size")
        seeing, hidden = int(self.conv_ratio * self.dim), int(self.expansion_ratio * self.dim)
        check(1 <= seeing <= hidden, f"conv_ratio: the large kernel is for {seeing} of {hidden} channels")
        check(self.upsampler != "dys" or self.dim % 4 == 0, f"dim: {self.dim} is no multiple of 4 (upsampler: dys)")

    def reach(self, scale: int) -> int | None:
        """Add up, in LR pixels, two convolutions and the large one of each block, and four more around the blocks.

        These are one before, three behind with that of the sub-pixel layer. None for the upsampler `dys`.
        """
        return None if self.upsampler == "dys" else 4 + self.n_block * (2 + self.kernel_size // 2)
