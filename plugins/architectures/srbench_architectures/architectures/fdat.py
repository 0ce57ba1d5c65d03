"""FDAT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from srbench.types import Count, Positive, ProperFraction

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL
from .mosr import TRAINNER


@dataclass(frozen=True)
class FDAT(SpandrelArchitecture):
    """A simpler and faster DAT. Parameters at x4 in colour: `released` 4,030,623, `light` 1,909,467, `small` 103,992.

    Published by sharekhan without a paper (github.com/stinkybread/FDAT), after Chen et al., "Dual aggregation
    transformer for image super-resolution", ICCV 2023. The network is spandrel's, after that code (MIT). `released` is
    FDAT-medium; `light` is FDAT-light. Both have traiNNer-redux's options: Charbonnier's loss, AdamW at 2e-4, halved at
    50, 80, 90 and 95 % of 500,000 steps, batches of 8 LR patches of 64 pixels, averaged weights.

    num_groups, depth_per_group: groups, and pairs of layers in each. ffn_expansion_ratio: hidden by outer channels of
    the layers' perceptrons. aim_reduction_ratio: by how much the weights of channels have fewer. mid_dim: channels of
    `pixelshuffle` and `pa_up`.
    """

    home: ClassVar = "FDAT"
    channels_as: ClassVar = ("num_in_ch", "num_out_ch")
    scale_as: ClassVar = "scale"
    scales: ClassVar = (2, 3, 4)
    presets: ClassVar = {
        "released": TRAINNER,
        "light": {**TRAINNER, "embed_dim": 108, "num_groups": 3, "depth_per_group": 2, "drop_path_rate": 0.08},
        "small": {
            **SMALL,
            "embed_dim": 32,
            "num_groups": 1,
            "depth_per_group": 2,
            "drop_path_rate": 0.0,
            "upsampler_type": "pixelshuffledirect",
        },
    }

    embed_dim: Count = 120
    num_groups: Count = 4
    depth_per_group: Count = 3
    num_heads: Count = 4
    window_size: Count = 8
    ffn_expansion_ratio: Positive = 2.0
    aim_reduction_ratio: Count = 8
    drop_path_rate: ProperFraction = 0.1
    mid_dim: Count = 64
    upsampler_type: Literal["transpose+conv", "pixelshuffledirect", "pixelshuffle", "nearest+conv", "pa_up"] = (
        "transpose+conv"
    )

    def __post_init__(self) -> None:
        check(
            self.embed_dim % self.num_heads == 0,
            f"embed_dim {self.embed_dim} is no multiple of its {self.num_heads} heads (num_heads)",
        )
        reduced = self.embed_dim // self.aim_reduction_ratio
        check(reduced >= 1, f"aim_reduction_ratio: {self.aim_reduction_ratio} of {self.embed_dim} channels is none")
