"""HAT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from srbench import Paper
from srbench.types import Count, Fraction, Positive, ProperFraction

from ..architecture import check, check_heads, up_to
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_LATE, SMALL

BASICSR = {
    "loss": "l1",
    "learning_rate": 2e-4,
    "schedule": HALVED_LATE,
    "betas": (0.9, 0.99),
    "ema": 0.999,
    "batch_size": 32,
    "patch": 64,
}
"""The authors' options, and those of DRCT."""


@dataclass(frozen=True)
class HAT(SpandrelArchitecture):
    """Windows of attention beside channel attention, and windows that overlap. Parameters at x4 in colour: `paper`
    20,772,507, `small` 175,055.

    Chen, Wang, Zhou, Qiao, Dong, "Activating more pixels in image super-resolution transformer", CVPR 2023 (arXiv
    2205.04437). The network is spandrel's, after the authors' code (spandrel's copy is MIT, the repository Apache-2.0).
    `paper` has the authors' options (`train_HAT_SRx2_from_scratch.yml`): L1, Adam at 2e-4, halved at 50, 80, 90 and
    95 % of 500,000 steps, batches of 32 LR patches of 64 pixels, averaged weights. The authors' best weights began with
    ImageNet, and those of x4 with those of x2. HAT-S is `{compress_ratio: 24, squeeze_factor: 24, embed_dim: 144}`.

    depths, num_heads: layers and heads of each group. compress_ratio, squeeze_factor: by how much the convolutions
    beside the attention, and their channel attention, have fewer channels. conv_scale: their weight. overlap_ratio: by
    how much windows are larger that overlap. num_feat: channels behind the layers.
    """

    papers: ClassVar = (
        Paper(
            ("Chen", "Wang", "Zhou", "Qiao", "Dong"),
            "Activating more pixels in image super-resolution transformer",
            2023,
            conference="CVPR",
            arxiv="2205.04437",
        ),
    )
    home: ClassVar = "HAT"
    presets: ClassVar = {
        "paper": BASICSR,
        "small": {
            **SMALL,
            "embed_dim": 36,
            "depths": (2, 2),
            "num_heads": (4, 4),
            "window_size": 8,
            "compress_ratio": 6,
            "squeeze_factor": 6,
            "drop_path_rate": 0.0,
            "num_feat": 24,
            "batch_size": 4,
        },
    }

    embed_dim: Count = 180
    depths: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    num_heads: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    window_size: Count = 16
    compress_ratio: Count = 3
    squeeze_factor: Count = 30
    conv_scale: Positive = 0.01
    overlap_ratio: Fraction = 0.5
    mlp_ratio: Positive = 2.0
    qkv_bias: bool = True
    drop_path_rate: ProperFraction = 0.1
    num_feat: Count = 64

    def __post_init__(self) -> None:
        check_heads(self.embed_dim, self.depths, self.num_heads)
        check(self.window_size >= 2, "window_size: a window of one pixel attends to nothing; give 2 at least")
        most = max(self.compress_ratio, self.squeeze_factor)
        check(most <= self.embed_dim, f"compress_ratio or squeeze_factor: {most} of {self.embed_dim} channels is none")

    @property
    def least(self) -> int:
        """Spandrel's."""
        return max(16, self.window_size)

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """The size that says whether windows shift: in one of a single window, none would ever."""
        return {"img_size": up_to(max(patch, 2 * self.window_size), self.window_size)}
