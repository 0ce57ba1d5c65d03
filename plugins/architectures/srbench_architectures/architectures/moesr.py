"""MoESR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from srbench.types import Count, Positive

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_LATE, SMALL


@dataclass(frozen=True)
class MoESR(SpandrelArchitecture):
    """Gated convolutions as in MambaOut, at two sizes of the image. Parameters at x4 in colour: `released` 16,547,008,
    `small` 244,140.

    Published by umzi without a paper (github.com/umzi2/MoESR), after Yu and Wang, "MambaOut: Do we really need Mamba
    for vision?", CVPR 2025. The network is spandrel's, after that code (MIT). `released` is trained as the author
    tells: batches of 32 LR patches of 64 pixels, averaged weights; with L1 alone, in place of L1 and MS-SSIM, and with
    rates of traiNNer-redux: AdamW at 2e-4, halved at 50, 80, 90 and 95 % of 500,000 steps.

    dim: channels, a multiple of 8. n_blocks, n_block: groups, and blocks in each. expansion_factor, expansion_msg:
    hidden by outer channels of blocks, and of those at half the size. upsample_dim: channels of `pixelshuffle`.
    """

    home: ClassVar = "MoESR"
    channels_as: ClassVar = ("in_ch", "out_ch")
    scale_as: ClassVar = "scale"
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "released": {
            "loss": "l1",
            "learning_rate": 2e-4,
            "schedule": HALVED_LATE,
            "betas": (0.9, 0.99),
            "ema": 0.999,
            "batch_size": 32,
            "patch": 64,
        },
        "small": {**SMALL, "dim": 24, "n_blocks": 2, "n_block": 1, "expansion_factor": 1.5},
    }

    dim: Count = 64
    n_blocks: Count = 9
    n_block: Count = 4
    expansion_factor: Positive = 2.65625
    expansion_msg: Positive = 1.5
    upsampler: Literal["pixelshuffledirect", "pixelshuffle", "nearest+conv"] = "pixelshuffledirect"
    upsample_dim: Count = 64

    def __post_init__(self) -> None:
        check(self.dim % 8 == 0, f"dim: {self.dim} is no multiple of 8")
        least = min(self.expansion_factor, self.expansion_msg)
        check(least >= 1, f"expansion_factor or expansion_msg: {least} leaves too few channels; give 1 at least")

    @property
    def least(self) -> int:
        """Spandrel's."""
        return 2
