"""ATD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from srbench import Paper
from srbench.types import Count, Positive

from ..architecture import check, check_heads
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL, halved

LIGHT = {
    "embed_dim": 48,
    "depths": (6, 6, 6, 6),
    "num_heads": (4, 4, 4, 4),
    "category_size": 128,
    "num_tokens": 64,
    "reducted_dim": 8,
    "convffn_kernel_size": 7,
    "mlp_ratio": 1.0,
    "upsampler": "pixelshuffledirect",
}


@dataclass(frozen=True)
class ATD(SpandrelArchitecture):
    """Attention in windows, within categories of pixels, and to a dictionary of tokens. Parameters at x4 in colour:
    `paper` 20,260,929, `light` 768,792, `small` 87,172.

    Zhang, Li, Zhou, Gu, "Transcending the limit of local window: Advanced super-resolution transformer with adaptive
    token dictionary", CVPR 2024 (arXiv 2401.08209). The network is spandrel's, after the authors' code (Apache-2.0).
    `paper` and `light` have the authors' options for training from scratch (`000_ATD_SRx2_scratch.yml`,
    `101_ATD_light_SRx2_scratch.yml`), without the finer training on larger patches that follows theirs of `paper`: L1,
    AdamW with betas of .9 and .9, averaged weights, LR patches of 64 pixels; at 2e-4, halved after 250,000 of 300,000
    steps, with a warm-up of 10,000, in batches of 32; `light` at 5e-4, halved at 50, 80, 90, 95 and 98 % of 500,000,
    with a warm-up of 20,000, in batches of 64.

    depths, num_heads: layers and heads of each group. category_size: how many pixels attend to each other in a
    category. num_tokens: of the dictionary. reducted_dim: channels of queries to it. convffn_kernel_size: of the
    convolution between a layer's perceptrons.
    """

    papers: ClassVar = (
        Paper(
            ("Zhang", "Li", "Zhou", "Gu"),
            "Transcending the limit of local window: Advanced super-resolution transformer with adaptive token "
            "dictionary",
            2024,
            conference="CVPR",
            arxiv="2401.08209",
        ),
    )
    home: ClassVar = "ATD"
    presets: ClassVar = {
        "paper": {
            "learning_rate": 2e-4,
            "schedule": halved(250 / 300),
            "warm_up": 10 / 300,
            "betas": (0.9, 0.9),
            "ema": 0.999,
            "batch_size": 32,
            "patch": 64,
        },
        "light": {
            **LIGHT,
            "learning_rate": 5e-4,
            "schedule": halved(0.5, 0.8, 0.9, 0.95, 0.98),
            "warm_up": 0.04,
            "betas": (0.9, 0.9),
            "ema": 0.999,
            "batch_size": 64,
            "patch": 64,
        },
        "small": {
            **SMALL,
            **LIGHT,
            "embed_dim": 32,
            "depths": (2, 2),
            "num_heads": (4, 4),
            "window_size": 8,
            "category_size": 64,
            "num_tokens": 16,
            "convffn_kernel_size": 5,
            "batch_size": 4,
        },
    }

    embed_dim: Count = 210
    depths: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    num_heads: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    window_size: Count = 16
    category_size: Count = 256
    num_tokens: Count = 128
    reducted_dim: Count = 20
    convffn_kernel_size: Count = 5
    mlp_ratio: Positive = 2.0
    qkv_bias: bool = True
    resi_connection: Literal["1conv", "3conv"] = "1conv"
    upsampler: Literal["pixelshuffle", "pixelshuffledirect"] = "pixelshuffle"

    def __post_init__(self) -> None:
        check_heads(self.embed_dim, self.depths, self.num_heads)
        check(self.window_size >= 2, "window_size: a window of one pixel attends to nothing; give 2 at least")
        check(self.convffn_kernel_size % 2 == 1, f"convffn_kernel_size: {self.convffn_kernel_size} has no centre")

    @property
    def least(self) -> int:
        """Spandrel's, for windows of up to 16 pixels."""
        return max(8, -(-self.window_size // 2))

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """The size of images, which nothing hangs on."""
        return {"img_size": patch}
