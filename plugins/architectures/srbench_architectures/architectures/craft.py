"""CRAFT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from srbench import Paper
from srbench.types import Count, Positive

from ..architecture import check, check_heads
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_LATE, SMALL


@dataclass(frozen=True)
class CRAFT(SpandrelArchitecture):
    """Attention in long windows, joined with what convolutions tell of high frequencies. Parameters at x4 in colour:
    `paper` 753,344, `small` 115,028.

    Li, Zhang, Liu, Zhu, "Feature modulation transformer: Cross-refinement of global representation via high-frequency
    prior for image super-resolution", ICCV 2023 (arXiv 2308.05022). The network is spandrel's, after the authors' code
    (Apache-2.0). `paper` has the authors' options (`train_CRAFT_SRx4_scratch.yml`): L1, Adam at 2e-4, halved at 50, 80,
    90 and 95 % of 500,000 steps, batches of 64 LR patches of 64 pixels.

    depths, num_heads: layers and heads of each group. split_size_0, split_size_1: sides of a window, in LR pixels; they
    divide 16, by whose multiples images are continued.
    """

    papers: ClassVar = (
        Paper(
            ("Li", "Zhang", "Liu", "Zhu"),
            "Feature modulation transformer: Cross-refinement of global representation via high-frequency prior for "
            "image super-resolution",
            2023,
            conference="ICCV",
            arxiv="2308.05022",
        ),
    )
    home: ClassVar = "CRAFT"
    presets: ClassVar = {
        "paper": {
            "learning_rate": 2e-4,
            "schedule": HALVED_LATE,
            "betas": (0.9, 0.99),
            "ema": 0.0,
            "batch_size": 64,
            "patch": 64,
        },
        "small": {**SMALL, "embed_dim": 32, "depths": (1, 1), "num_heads": (4, 4), "patch": 32, "batch_size": 2},
    }

    embed_dim: Count = 48
    depths: tuple[Count, ...] = (2, 2, 2, 2)
    num_heads: tuple[Count, ...] = (6, 6, 6, 6)
    split_size_0: Count = 4
    split_size_1: Count = 16
    mlp_ratio: Positive = 2.0
    qkv_bias: bool = True

    def __post_init__(self) -> None:
        check_heads(self.embed_dim, self.depths, self.num_heads)
        check(self.embed_dim >= 32 and self.embed_dim % 2 == 0, "embed_dim: give an even number, 32 at least")
        check(all(heads % 2 == 0 for heads in self.num_heads), "num_heads: half of them are for each shape of window")
        check(
            all(side >= 2 and 16 % side == 0 for side in (self.split_size_0, self.split_size_1)),
            f"split_size_0, split_size_1: {self.split_size_0} and {self.split_size_1} should divide 16 pixels",
        )

    @property
    def least(self) -> int:
        """Spandrel's."""
        return 16

    @property
    def multiple(self) -> int:
        """Spandrel's."""
        return 16
