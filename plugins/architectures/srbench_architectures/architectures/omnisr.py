"""OmniSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from srbench import Paper
from srbench.types import Count

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL, halved


@dataclass(frozen=True)
class OmniSR(SpandrelArchitecture):
    """Attention in windows and grids, to pixels and to channels. Parameters at x4 in colour: `paper` 805,376, `small`
    114,032.

    Wang, Chen, Ni, Tian, Wang, Xu, "Omni aggregation networks for lightweight image super-resolution", CVPR 2023 (arXiv
    2304.10244). The network is spandrel's, after the authors' code (Apache-2.0). `paper` has the authors' options
    (`train_OmniSR_X4_DF2K.yaml`): L1, AdamW at 5e-4 with a decay of 1e-4, halved at each quarter of 1,000 epochs,
    batches of 64 LR patches of 64 pixels. The paper's number of parameters, 792 K, leaves out those that belong to no
    layer of torch's.

    num_feat: channels, a multiple of 4. res_num: groups. block_num: blocks in each group.
    """

    papers: ClassVar = (
        Paper(
            ("Wang", "Chen", "Ni", "Tian", "Wang", "Xu"),
            "Omni aggregation networks for lightweight image super-resolution",
            2023,
            conference="CVPR",
            arxiv="2304.10244",
        ),
    )
    home: ClassVar = "OmniSR"
    channels_as: ClassVar = ("num_in_ch", "num_out_ch")
    scale_as: ClassVar = "up_scale"
    presets: ClassVar = {
        "paper": {
            "learning_rate": 5e-4,
            "schedule": halved(0.25, 0.5, 0.75),
            "betas": (0.9, 0.999),
            "weight_decay": 1e-4,
            "ema": 0.0,
            "batch_size": 64,
            "patch": 64,
        },
        "small": {**SMALL, "num_feat": 32, "res_num": 2},
    }

    num_feat: Count = 64
    res_num: Count = 5
    block_num: Count = 1
    window_size: Count = 8

    def __post_init__(self) -> None:
        check(self.num_feat % 4 == 0, f"num_feat: {self.num_feat} is no multiple of its 4 heads")
        check(self.window_size >= 2, "window_size: a window of one pixel attends to nothing; give 2 at least")

    @property
    def least(self) -> int:
        """Spandrel's."""
        return 16
