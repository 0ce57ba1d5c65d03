"""GRL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from srbench import Paper
from srbench.types import Count, Positive, ProperFraction

from ..architecture import check, check_heads, up_to
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL, halved

AUTHORS = {
    "loss": "l1",
    "learning_rate": 1e-4,
    "schedule": halved(100 / 225, 150 / 225, 175 / 225, 200 / 225),
    "betas": (0.9, 0.999),
    "weight_decay": 1e-4,
    "ema": 0.0,
    "batch_size": 8,
    "patch": 64,
}
TINY = {
    "embed_dim": 64,
    "depths": (4, 4, 4, 4),
    "num_heads_window": (2, 2, 2, 2),
    "num_heads_stripe": (2, 2, 2, 2),
    "local_connection": False,
    "upsampler": "pixelshuffledirect",
}


@dataclass(frozen=True)
class GRL(SpandrelArchitecture):
    """Attention in windows and in stripes, by way of anchors, and to channels. Parameters at x4 in colour: `paper`
    20,201,299, `light` 906,192, `small` 109,672.

    Li, Fan, Xiang, Demandolx, Ranjan, Timofte, Van Gool, "Efficient and explicit modelling of image hierarchies for
    image restoration", CVPR 2023 (arXiv 2303.00748). The network is spandrel's, after the authors' code (MIT). `paper`
    is GRL-B, `light` GRL-T; GRL-S is `{embed_dim: 128, upsampler: pixelshuffle}` with the parameters of `light`.
    Training is that of the only options that the authors published for super-resolution (`grl_p256.yaml`), the last of
    several stages with larger and larger patches: L1, AdamW at 1e-4 with a decay of 1e-4, halved after 100,000,
    150,000, 175,000 and 200,000 of 225,000 steps, batches of 8 LR patches of 64 pixels.

    depths: layers in each group. num_heads_window, num_heads_stripe: heads of either attention. window_size,
    stripe_size: in LR pixels. anchor_window_down_factor: how many pixels along an anchor stands for. local_connection:
    whether layers have convolutions with channel attention.
    """

    papers: ClassVar = (
        Paper(
            ("Li", "Fan", "Xiang", "Demandolx", "Ranjan", "Timofte", "Van Gool"),
            "Efficient and explicit modelling of image hierarchies for image restoration",
            2023,
            conference="CVPR",
            arxiv="2303.00748",
        ),
    )
    home: ClassVar = "GRL"
    channels_as: ClassVar = ("in_channels", "out_channels")
    presets: ClassVar = {
        "paper": AUTHORS,
        "light": {**AUTHORS, **TINY},
        "small": {
            **SMALL,
            **TINY,
            "embed_dim": 32,
            "depths": (2, 2),
            "num_heads_window": (2, 2),
            "num_heads_stripe": (2, 2),
            "window_size": 8,
            "stripe_size": (8, 8),
            "anchor_window_down_factor": 2,
            "drop_path_rate": 0.0,
        },
    }

    embed_dim: Count = 180
    depths: tuple[Count, ...] = (4, 4, 8, 8, 8, 4, 4)
    num_heads_window: tuple[Count, ...] = (3, 3, 3, 3, 3, 3, 3)
    num_heads_stripe: tuple[Count, ...] = (3, 3, 3, 3, 3, 3, 3)
    window_size: Count = 32
    stripe_size: tuple[Count, Count] = (64, 64)
    anchor_window_down_factor: Count = 4
    mlp_ratio: Positive = 2.0
    qkv_bias: bool = True
    local_connection: bool = True
    drop_path_rate: ProperFraction = 0.1
    upsampler: Literal["pixelshuffle", "pixelshuffledirect"] = "pixelshuffle"

    def __post_init__(self) -> None:
        check(self.embed_dim % 2 == 0, "embed_dim: half of the channels are for windows, half for stripes")
        for heads in (self.num_heads_window, self.num_heads_stripe):
            check_heads(self.embed_dim // 2, self.depths, heads)
        sides = (self.window_size, *self.stripe_size)
        check(min(sides) >= 2, "window_size, stripe_size: give 2 pixels at least")
        check(all(max(sides) % side == 0 for side in sides), "window_size, stripe_size: each should divide the largest")
        check(
            all(side % (2 * self.anchor_window_down_factor) == 0 for side in self.stripe_size),
            f"stripe_size: {list(self.stripe_size)} should be multiples of {2 * self.anchor_window_down_factor}, twice "
            "anchor_window_down_factor, since stripes shift by half",
        )

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """What all its published networks have, and the size for which masks are kept."""
        return {
            "stripe_groups": [None, None],
            "stripe_shift": True,
            "img_size": up_to(patch, max(self.window_size, *self.stripe_size)),
        }
