"""SAFMN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from srbench import Paper
from srbench.types import Count, Positive

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL

AUTHORS = {"loss": "l1", "frequency_weight": 0.05, "schedule": "cosine", "betas": (0.9, 0.99), "ema": 0.999}


@dataclass(frozen=True)
class SAFMN(SpandrelArchitecture):
    """Features weighed by shrunken images of several sizes. Parameters at x4 in colour: `paper` 239,520, `large`
    5,600,816, `small` 86,256.

    Sun, Dong, Tang, Pan, "Spatially-adaptive feature modulation for efficient image super-resolution", ICCV 2023 (arXiv
    2302.13800). The network is spandrel's, after the authors' code (Apache-2.0). `paper` and `large` have the authors'
    options (`train_DF2K_X4.yml`, `train_L_DF2K_X4.yml`): L1, and that of spectra at .05, Adam along a cosine, averaged
    weights; at 1e-3 with batches of 64 LR patches of 64 pixels, `large` at 3e-4 with 48 of 48. Their cosines end at
    1e-5 and 1e-6, here at zero.

    dim: channels, a multiple of 4. n_blocks: blocks. ffn_scale: hidden by outer channels of their convolutions.
    """

    papers: ClassVar = (
        Paper(
            ("Sun", "Dong", "Tang", "Pan"),
            "Spatially-adaptive feature modulation for efficient image super-resolution",
            2023,
            conference="ICCV",
            arxiv="2302.13800",
        ),
    )
    home: ClassVar = "SAFMN"
    channels_as: ClassVar = ()
    scale_as: ClassVar = "upscaling_factor"
    grey: ClassVar = False
    presets: ClassVar = {
        "paper": {**AUTHORS, "learning_rate": 1e-3, "batch_size": 64, "patch": 64},
        "large": {**AUTHORS, "dim": 128, "n_blocks": 16, "learning_rate": 3e-4, "batch_size": 48, "patch": 48},
        "small": {**SMALL, "dim": 24, "n_blocks": 6},
    }

    dim: Count = 36
    n_blocks: Count = 8
    ffn_scale: Positive = 2.0

    def __post_init__(self) -> None:
        check(self.dim % 4 == 0, f"dim: {self.dim} is no multiple of its 4 sizes of images")

    @property
    def multiple(self) -> int:
        """Spandrel's."""
        return 8
