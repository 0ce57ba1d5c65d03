"""SRVGGNetCompact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from srbench import Paper
from srbench.types import Count

from ..from_spandrel import SpandrelArchitecture
from ..recipe import REALESRNET, SMALL


@dataclass(frozen=True)
class Compact(SpandrelArchitecture):
    """SRVGGNetCompact: convolutions on LR, added to the repeated pixels. Parameters at x4 in colour: `released`
    621,424, `general` 1,213,296, `small` 230,496.

    Published with Wang, Xie, Dong, Shan, "Real-ESRGAN: Training real-world blind super-resolution with pure synthetic
    data", ICCV workshops 2021 (arXiv 2107.10833), in the code of its later models. The network is spandrel's, after
    that code (BSD-3-Clause). `released` is the network of `realesr-animevideov3`, `general` that of
    `realesr-general-x4v3`. How these were trained is not published; here it is the paper's stage on pixels
    (`train_realesrnet_x4plus.yml`): L1, Adam at 2e-4, batches of 48 LR patches of 64 pixels, averaged weights.

    num_feat: channels. num_conv: convolutions between the first and the last.
    """

    papers: ClassVar = (
        Paper(
            ("Wang", "Xie", "Dong", "Shan"),
            "Real-ESRGAN: Training real-world blind super-resolution with pure synthetic data",
            2021,
            conference="ICCV workshops",
            arxiv="2107.10833",
        ),
    )
    home: ClassVar = "Compact"
    channels_as: ClassVar = ("num_in_ch", "num_out_ch")
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "released": REALESRNET,
        "general": {**REALESRNET, "num_conv": 32},
        "small": {**SMALL, "num_feat": 48, "num_conv": 10},
    }

    num_feat: Count = 64
    num_conv: Count = 16
    act_type: Literal["prelu", "relu", "leakyrelu"] = "prelu"

    def reach(self, scale: int) -> int:
        """One pixel a convolution."""
        return self.num_conv + 2
