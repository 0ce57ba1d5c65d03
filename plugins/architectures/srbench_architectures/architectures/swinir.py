"""SwinIR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from srbench import Paper
from srbench.types import Count, Positive, ProperFraction

from ..architecture import check, check_heads, up_to
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_LATE, SMALL

KAIR = {
    "loss": "l1",
    "learning_rate": 2e-4,
    "schedule": HALVED_LATE,
    "betas": (0.9, 0.999),
    "ema": 0.999,
}
"""What the authors' options for classical and for lightweight super-resolution have in common."""
LIGHT = {
    "embed_dim": 60,
    "depths": (6, 6, 6, 6),
    "num_heads": (6, 6, 6, 6),
    "upsampler": "pixelshuffledirect",
}


@dataclass(frozen=True)
class SwinIR(SpandrelArchitecture):
    """Swin transformer blocks, whose windows shift. Parameters at x4 in colour: `paper` 11,900,199, `light` 929,628,
    `small` 99,304.

    Liang, Cao, Sun, Zhang, Van Gool, Timofte, "SwinIR: Image restoration using Swin transformer", ICCV workshops 2021
    (arXiv 2108.10257). The network is spandrel's, after the authors' code (Apache-2.0). `paper` is the classical and
    `light` the lightweight one, with the options of the authors' training programs (KAIR): L1, Adam at 2e-4, halved at
    50, 80, 90 and 95 % of 500,000 steps, averaged weights; batches of 32 LR patches of 48 pixels, of `light` 64 of 64.
    The paper counts parameters without the tables of relative positions.

    depths: layers in each group. num_heads: of attention, in each group. window_size: side of a window, in LR pixels.
    mlp_ratio: hidden by outer channels of the layers' perceptrons. drop_path_rate: how often the last layer is left out
    while training. upsampler: `pixelshuffledirect` has one convolution behind the layers.
    """

    papers: ClassVar = (
        Paper(
            ("Liang", "Cao", "Sun", "Zhang", "Van Gool", "Timofte"),
            "SwinIR: Image restoration using Swin transformer",
            2021,
            conference="ICCV workshops",
            arxiv="2108.10257",
        ),
    )
    home: ClassVar = "SwinIR"
    presets: ClassVar = {
        "paper": {**KAIR, "batch_size": 32, "patch": 48},
        "light": {**KAIR, **LIGHT, "batch_size": 64, "patch": 64},
        "small": {**SMALL, **LIGHT, "embed_dim": 32, "depths": (3, 3), "num_heads": (4, 4), "drop_path_rate": 0.0},
    }

    embed_dim: Count = 180
    depths: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    num_heads: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    window_size: Count = 8
    mlp_ratio: Positive = 2.0
    qkv_bias: bool = True
    drop_path_rate: ProperFraction = 0.1
    resi_connection: Literal["1conv", "3conv"] = "1conv"
    upsampler: Literal["pixelshuffle", "pixelshuffledirect"] = "pixelshuffle"

    def __post_init__(self) -> None:
        check_heads(self.embed_dim, self.depths, self.num_heads)
        check(self.window_size >= 2, "window_size: a window of one pixel attends to nothing; give 2 at least")

    @property
    def least(self) -> int:
        """Spandrel's."""
        return max(16, self.window_size)

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """The size for which masks of windows are kept; in one of a single window, none would ever shift."""
        return {"img_size": up_to(max(patch, 2 * self.window_size), self.window_size)}
