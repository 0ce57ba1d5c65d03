"""RGT."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from srbench import Paper
from srbench.types import Count, OpenFraction, Positive, ProperFraction

from ..architecture import check, check_heads
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL
from .dat import BASICSR

_MASK = 64
"""The side for which spandrel keeps masks of windows."""


@dataclass(frozen=True)
class RGT(SpandrelArchitecture):
    """Windows of attention, and attention of all pixels to a shrunken image, in turn. Parameters at x4 in colour:
    `paper` 13,365,543, `small` 367,463.

    Chen, Zhang, Gu, Kong, Yang, "Recursive generalization transformer for image super-resolution", ICLR 2024 (arXiv
    2303.06373). The network is spandrel's, after the authors' code (Apache-2.0). `paper` has the authors' options
    (`train_RGT_x2.yml`): L1, Adam at 2e-4, halved at 50, 80, 90 and 95 % of 500,000 steps, batches of 32 LR patches of
    64 pixels. RGT-S has six groups of layers in place of eight.

    The image is shrunken by four as often as its size allows, and twice at least when it upscales: LR patches of fewer
    than 64 pixels train another network than is used then.

    depth, num_heads: layers and heads of each group. split_size: sides of a window, in LR pixels; they divide 64.
    c_ratio: the share of channels that attend to the shrunken image.
    """

    papers: ClassVar = (
        Paper(
            ("Chen", "Zhang", "Gu", "Kong", "Yang"),
            "Recursive generalization transformer for image super-resolution",
            2024,
            conference="ICLR",
            arxiv="2303.06373",
        ),
    )
    home: ClassVar = "RGT"
    presets: ClassVar = {
        "paper": BASICSR,
        "small": {
            **SMALL,
            "embed_dim": 32,
            "depth": (4,),
            "num_heads": (4,),
            "split_size": (8, 8),
            "drop_path_rate": 0.0,
            "batch_size": 2,
            "patch": 64,
            "sizes": (1.0,),
        },
    }

    embed_dim: Count = 180
    depth: tuple[Count, ...] = (6, 6, 6, 6, 6, 6, 6, 6)
    num_heads: tuple[Count, ...] = (6, 6, 6, 6, 6, 6, 6, 6)
    split_size: tuple[Count, Count] = (8, 32)
    mlp_ratio: Positive = 2.0
    qkv_bias: bool = True
    drop_path_rate: ProperFraction = 0.1
    c_ratio: OpenFraction = 0.5
    resi_connection: Literal["1conv", "3conv"] = "1conv"

    def __post_init__(self) -> None:
        check_heads(self.embed_dim, self.depth, self.num_heads, "depth")
        check(all(heads % 2 == 0 for heads in self.num_heads), "num_heads: half of them are for each shape of window")
        check(self.embed_dim >= 32 and self.embed_dim % 2 == 0, "embed_dim: give an even number, 32 at least")
        check(
            all(side >= 2 and _MASK % side == 0 for side in self.split_size),
            f"split_size: {list(self.split_size)} should divide {_MASK} pixels",
        )
        shrunken = int(self.embed_dim * self.c_ratio)
        for heads in self.num_heads:
            check(
                shrunken >= heads and shrunken % heads == 0,
                f"c_ratio: {shrunken} of {self.embed_dim} channels are no multiple of {heads} heads (num_heads)",
            )

    @property
    def least(self) -> int:
        """Spandrel's."""
        return 16

    def sides(self, height: int, width: int, scale: int) -> tuple[int, int]:
        """Spandrel's, and of long images as many pixels across as it shrinks them along."""
        height, width = super().sides(height, width, scale)
        # It shrinks as often as the longer side allows; the shorter one has to have a pixel left.
        times = max(2, int(math.log(max(height, width) // 16, 4)))
        return max(height, 4**times), max(width, 4**times)

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """The size of images, which nothing hangs on."""
        return {"img_size": _MASK}
