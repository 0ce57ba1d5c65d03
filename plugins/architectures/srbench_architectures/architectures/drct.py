"""DRCT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from srbench import Paper
from srbench.types import Count, Positive, ProperFraction

from ..architecture import check, check_heads, up_to
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL
from .hat import BASICSR

LAYERS = 5
"""In each group, of which the first has `embed_dim` channels and each other one `gc` more."""


@dataclass(frozen=True)
class DRCT(SpandrelArchitecture):
    """Swin transformer layers with dense connections. Parameters at x4 in colour: `paper` 14,139,579, `small` 451,795.

    Hsu, Lee, Chou, "DRCT: Saving image super-resolution away from information bottleneck", CVPR workshops 2024 (arXiv
    2404.00722). The network is spandrel's, after the authors' code (MIT). `paper` has the authors' options
    (`train_DRCT_SRx4_from_scratch.yml`): L1, Adam at 2e-4, halved at 50, 80, 90 and 95 % of 500,000 steps, batches of
    32 LR patches of 64 pixels, averaged weights.

    num_heads: of attention, of each group of five layers, where these divide its channels; spandrel takes less where
    they do not. gc: how many channels each layer adds.
    """

    papers: ClassVar = (
        Paper(
            ("Hsu", "Lee", "Chou"),
            "DRCT: Saving image super-resolution away from information bottleneck",
            2024,
            conference="CVPR workshops",
            arxiv="2404.00722",
        ),
    )
    home: ClassVar = "DRCT"
    presets: ClassVar = {
        "paper": BASICSR,
        "small": {
            **SMALL,
            "embed_dim": 24,
            "num_heads": (4, 4),
            "window_size": 8,
            "gc": 8,
            "drop_path_rate": 0.0,
            "batch_size": 4,
        },
    }

    embed_dim: Count = 180
    num_heads: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    window_size: Count = 16
    mlp_ratio: Positive = 2.0
    qkv_bias: bool = True
    drop_path_rate: ProperFraction = 0.1
    gc: Count = 32

    def __post_init__(self) -> None:
        check_heads(self.embed_dim, self.num_heads, self.num_heads)
        check(self.window_size >= 2, "window_size: a window of one pixel attends to nothing; give 2 at least")
        for heads in self.num_heads:
            for channels in (self.embed_dim + layer * self.gc for layer in range(1, LAYERS)):
                taken = heads - channels % heads
                check(
                    channels % taken == 0,
                    f"num_heads {heads} does not go with embed_dim {self.embed_dim} and gc {self.gc}: a layer of "
                    f"{channels} channels would have {taken} heads",
                )

    @property
    def multiple(self) -> int:
        """Spandrel's, which is for windows of 16 pixels."""
        return self.window_size

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """How many groups there are, the layers behind them, and the size for which masks of windows are kept."""
        return {
            "depths": [LAYERS + 1] * len(self.num_heads),
            "upsampler": "pixelshuffle",
            "img_size": up_to(max(patch, 2 * self.window_size), self.window_size),
        }
