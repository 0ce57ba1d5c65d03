"""DAT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from srbench import Paper
from srbench.types import Count, Positive, ProperFraction

from ..architecture import check, check_heads, up_to
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_LATE, SMALL

BASICSR = {
    "loss": "l1",
    "learning_rate": 2e-4,
    "schedule": HALVED_LATE,
    "betas": (0.9, 0.99),
    "ema": 0.0,
    "batch_size": 32,
    "patch": 64,
}
"""The authors' options, for DAT and for RGT."""
LIGHT = {
    "embed_dim": 60,
    "depth": (18,),
    "num_heads": (6,),
    "expansion_factor": 2.0,
    "resi_connection": "3conv",
    "upsampler": "pixelshuffledirect",
}


@dataclass(frozen=True)
class DAT(SpandrelArchitecture):
    """Layers that attend to windows and to channels in turn. Parameters at x4 in colour: `paper` 14,802,051, `light`
    572,766, `small` 59,056.

    Chen, Zhang, Gu, Kong, Yang, Yu, "Dual aggregation transformer for image super-resolution", ICCV 2023 (arXiv
    2308.03364). The network is spandrel's, after the authors' code (Apache-2.0). `paper` and `light` have the authors'
    options (`train_DAT_x2.yml`, `train_DAT_light_x2.yml`): L1, Adam at 2e-4, halved at 50, 80, 90 and 95 % of 500,000
    steps, batches of 32 LR patches of 64 pixels. DAT-S is `{split_size: [8, 16], expansion_factor: 2}`, DAT-2
    `{expansion_factor: 2}`.

    depth, num_heads: layers and heads of each group. split_size: sides of a window, in LR pixels. expansion_factor:
    hidden by outer channels of the layers' perceptrons. Layers normalise over a batch, or what `micro_batches` leave of
    it, which holds two images at least.
    """

    papers: ClassVar = (
        Paper(
            ("Chen", "Zhang", "Gu", "Kong", "Yang", "Yu"),
            "Dual aggregation transformer for image super-resolution",
            2023,
            conference="ICCV",
            arxiv="2308.03364",
        ),
    )
    home: ClassVar = "DAT"
    fewest: ClassVar = 2
    presets: ClassVar = {
        "paper": BASICSR,
        "light": {**BASICSR, **LIGHT},
        "small": {
            **SMALL,
            **LIGHT,
            "embed_dim": 32,
            "split_size": (8, 8),
            "depth": (4,),
            "num_heads": (4,),
            "drop_path_rate": 0.0,
        },
    }

    embed_dim: Count = 180
    split_size: tuple[Count, Count] = (8, 32)
    depth: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    num_heads: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    expansion_factor: Positive = 4.0
    qkv_bias: bool = True
    drop_path_rate: ProperFraction = 0.1
    resi_connection: Literal["1conv", "3conv"] = "1conv"
    upsampler: Literal["pixelshuffle", "pixelshuffledirect"] = "pixelshuffle"

    def __post_init__(self) -> None:
        check_heads(self.embed_dim, self.depth, self.num_heads, "depth")
        check(all(heads % 2 == 0 for heads in self.num_heads), "num_heads: half of them are for each shape of window")
        check(self.embed_dim >= 32 and self.embed_dim % 2 == 0, "embed_dim: give an even number, 32 at least")
        check(min(self.split_size) >= 2, "split_size: give 2 pixels at least")
        check(max(self.split_size) % min(self.split_size) == 0, "split_size: one side should divide the other")

    @property
    def least(self) -> int:
        """Spandrel's."""
        return 16

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """The size for which masks of windows are kept."""
        return {"img_size": up_to(patch, max(self.split_size))}
