"""DITN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from srbench import Paper
from srbench.types import Count, Positive

from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_LATE, SMALL


@dataclass(frozen=True)
class DITN(SpandrelArchitecture):
    """Attention to channels within patches, and large kernels between them. Parameters at x4 in colour: `paper`
    444,112, `small` 51,626.

    Liu, Dong, Liang, Liu, Dong, Chen, Chen, Fu, Wang, "Unfolding once is enough: A deployment-friendly transformer unit
    for super-resolution", ACM Multimedia 2023 (arXiv 2308.02794). The network is spandrel's, after the authors' code
    (Apache-2.0): DITN-Real, which has tanh in place of layer normalisation. The authors published no training; that of
    `paper` is traiNNer-redux's for it, with the paper's batch: L1 (there Charbonnier's with 1e-12 under the root, which
    is as good as L1), Adam at 2e-4, halved at 50, 80, 90 and 95 % of 500,000 steps, batches of 64 LR patches of 64
    pixels, averaged weights.

    dim: channels. ITL_blocks, SAL_blocks: layers within patches, and between them. UFONE_blocks: how often both.
    patch_size: side of a patch within which is attended, in LR pixels.
    """

    papers: ClassVar = (
        Paper(
            ("Liu", "Dong", "Liang", "Liu", "Dong", "Chen", "Chen", "Fu", "Wang"),
            "Unfolding once is enough: A deployment-friendly transformer unit for super-resolution",
            2023,
            conference="ACM Multimedia",
            arxiv="2308.02794",
        ),
    )
    home: ClassVar = "DITN"
    channels_as: ClassVar = ("inp_channels",)
    grey: ClassVar = False
    presets: ClassVar = {
        "paper": {
            "learning_rate": 2e-4,
            "schedule": HALVED_LATE,
            "betas": (0.9, 0.99),
            "ema": 0.999,
            "batch_size": 64,
            "patch": 64,
        },
        "small": {**SMALL, "dim": 24, "ITL_blocks": 2, "SAL_blocks": 2},
    }

    dim: Count = 60
    ITL_blocks: Count = 4
    SAL_blocks: Count = 4
    UFONE_blocks: Count = 1
    ffn_expansion_factor: Positive = 2.0
    bias: bool = False
    patch_size: Literal[2, 4, 8] = 8

    @property
    def multiple(self) -> int:
        """Spandrel's."""
        return 8
