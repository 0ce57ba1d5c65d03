"""RCAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from srbench import Paper
from srbench.types import Count, Positive

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_IN_FIFTHS, SMALL

if TYPE_CHECKING:
    import torch


_DIV2K = (0.4488, 0.4371, 0.4040)
"""The mean colour that spandrel's network takes away."""


@dataclass(frozen=True)
class RCAN(SpandrelArchitecture):
    """Residual blocks in groups, with channel attention. Parameters at x4 in colour: `paper` 15,592,355, `small`
    253,795.

    Zhang, Li, Li, Wang, Zhong, Fu, "Image super-resolution using very deep residual channel attention networks", ECCV
    2018 (arXiv 1807.02758). The network is spandrel's, after code that builds on EDSR's (MIT). `paper` has the authors'
    options: L1, Adam at 1e-4, halved at each fifth of 1,000 epochs of 1,000 steps, batches of 16 LR patches of 48
    pixels. At x3, x4 and x8 the authors began with the weights of x2. For grey no mean colour is taken away.

    n_resgroups, n_resblocks: groups, and blocks in each. n_feats: channels. reduction: by how much the channel
    attention has fewer. res_scale: the weight of a block.
    """

    papers: ClassVar = (
        Paper(
            ("Zhang", "Li", "Li", "Wang", "Zhong", "Fu"),
            "Image super-resolution using very deep residual channel attention networks",
            2018,
            conference="ECCV",
            arxiv="1807.02758",
        ),
    )
    home: ClassVar = "RCAN"
    channels_as: ClassVar = ("n_colors",)
    scale_as: ClassVar = "scale"
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "paper": {
            "learning_rate": 1e-4,
            "schedule": HALVED_IN_FIFTHS,
            "betas": (0.9, 0.999),
            "ema": 0.0,
            "batch_size": 16,
            "patch": 48,
        },
        "small": {**SMALL, "n_resgroups": 2, "n_resblocks": 4, "n_feats": 32, "reduction": 8},
    }

    n_resgroups: Count = 10
    n_resblocks: Count = 20
    n_feats: Count = 64
    reduction: Count = 16
    res_scale: Positive = 1.0

    def __post_init__(self) -> None:
        check(self.reduction <= self.n_feats, f"reduction: {self.reduction} of {self.n_feats} channels is none")

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """A mean colour is taken away from colour only."""
        return {"norm": channels == 3}

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network; the mean colour is not learned, and told as other networks tell it."""
        import torch

        network = super().build(channels, scale, patch)
        mean, width = (_DIV2K, 255.0) if channels == 3 else ((0.0,), 1.0)
        network.register_buffer("mean", torch.tensor(mean), persistent=False)
        network.register_buffer("img_range", torch.tensor(width), persistent=False)
        for name, parameter in network.named_parameters():
            if name.startswith(("sub_mean", "add_mean")):
                parameter.requires_grad = False
        return network
