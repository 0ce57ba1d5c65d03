"""Swin2SR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from srbench import Paper
from srbench.types import Count, Positive, ProperFraction

from ..architecture import check, check_heads, up_to
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL
from .swinir import KAIR, LIGHT


@dataclass(frozen=True)
class Swin2SR(SpandrelArchitecture):
    """SwinIR with the layers of Swin transformer V2. Parameters at x4 in colour: `paper` 12,239,283, `light` 1,024,824,
    `small` 118,408.

    Conde, Choi, Burchi, Timofte, "Swin2SR: SwinV2 transformer for compressed image super-resolution and restoration",
    ECCV workshops 2022 (arXiv 2209.11345). The network is spandrel's, after the authors' code (Apache-2.0). The authors
    published no options of a training; `paper` and `light` are trained as SwinIR, on which theirs builds, with LR
    patches of 64 pixels.

    The parameters are those of `swinir`; upsamplers with losses of their own are left out.
    """

    papers: ClassVar = (
        Paper(
            ("Conde", "Choi", "Burchi", "Timofte"),
            "Swin2SR: SwinV2 transformer for compressed image super-resolution and restoration",
            2022,
            conference="ECCV workshops",
            arxiv="2209.11345",
        ),
    )
    home: ClassVar = "Swin2SR"
    presets: ClassVar = {
        "paper": {**KAIR, "batch_size": 32, "patch": 64},
        "light": {**KAIR, **LIGHT, "batch_size": 64, "patch": 64},
        "small": {
            **SMALL,
            **LIGHT,
            "embed_dim": 32,
            "depths": (3, 3),
            "num_heads": (4, 4),
            "drop_path_rate": 0.0,
        },
    }

    embed_dim: Count = 180
    depths: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    num_heads: tuple[Count, ...] = (6, 6, 6, 6, 6, 6)
    window_size: Count = 8
    mlp_ratio: Positive = 2.0
    qkv_bias: bool = True
    drop_path_rate: ProperFraction = 0.1
    resi_connection: Literal["1conv", "3conv"] = "1conv"
    upsampler: Literal["pixelshuffle", "pixelshuffledirect"] = "pixelshuffle"

    def __post_init__(self) -> None:
        check_heads(self.embed_dim, self.depths, self.num_heads)
        check(self.window_size >= 2, "window_size: a window of one pixel attends to nothing; give 2 at least")

    @property
    def least(self) -> int:
        """Spandrel's."""
        return max(16, self.window_size)

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """The size for which masks of windows are kept; in one of a single window, none would ever shift."""
        return {"img_size": up_to(max(patch, 2 * self.window_size), self.window_size)}
