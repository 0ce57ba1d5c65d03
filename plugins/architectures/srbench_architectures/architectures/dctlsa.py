"""DCTLSA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from srbench import Paper
from srbench.types import Count

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_IN_FIFTHS, SMALL


@dataclass(frozen=True)
class DCTLSA(SpandrelArchitecture):
    """Linear attention in windows, its layers densely connected. Parameters at x4 in colour: `paper` 885,328, `small`
    129,468.

    Zeng, Lin, Yan, Fang, "Densely connected transformer with linear self-attention for lightweight image
    super-resolution", IEEE Transactions on Instrumentation and Measurement 72, 2023. The network is spandrel's, after
    the authors' code (Apache-2.0). `paper` has the authors' options (`src/option.py`): L1, Adam at 5e-4, halved at each
    fifth of 1,000 epochs, batches of 16 LR patches of 64 pixels.

    nf: channels. num_head: of attention.
    """

    papers: ClassVar = (
        Paper(
            ("Zeng", "Lin", "Yan", "Fang"),
            "Densely connected transformer with linear self-attention for lightweight image super-resolution",
            2023,
            journal="IEEE Transactions on Instrumentation and Measurement",
        ),
    )
    home: ClassVar = "DCTLSA"
    channels_as: ClassVar = ("in_nc", "out_nc")
    presets: ClassVar = {
        "paper": {
            "learning_rate": 5e-4,
            "schedule": HALVED_IN_FIFTHS,
            "betas": (0.9, 0.999),
            "ema": 0.0,
            "batch_size": 16,
            "patch": 64,
        },
        "small": {**SMALL, "nf": 20, "num_head": 4, "batch_size": 4},
    }

    nf: Count = 55
    num_head: Count = 5

    def __post_init__(self) -> None:
        check(self.nf % self.num_head == 0, f"nf: {self.nf} channels are no multiple of {self.num_head} heads")

    @property
    def least(self) -> int:
        """Spandrel's."""
        return 16
