"""SeemoRe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from srbench import Paper
from srbench.types import Count

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import HALVED_LATE, SMALL

if TYPE_CHECKING:
    import torch

AUTHORS = {
    "loss": "l1",
    "frequency_weight": 0.1,
    "learning_rate": 1e-3,
    "schedule": HALVED_LATE,
    "betas": (0.9, 0.99),
    "ema": 0.0,
    "batch_size": 32,
    "patch": 64,
}


@dataclass(frozen=True)
class SeemoRe(SpandrelArchitecture):
    """Experts of low rank, one of which each image is given to. Parameters at x4 in colour: `paper` 231,804, `large`
    968,896, `small` 65,172.

    Zamfir, Wu, Mehta, Zhang, Timofte, "See more details: Efficient image super-resolution by experts mining", ICML 2024
    (arXiv 2402.03412). The network is spandrel's, after the authors' code (Apache-2.0). `paper` is SeemoRe-T and
    `large` SeemoRe-L, both with the authors' options for T (`train_SeemoRe_T_X4.yml`): L1, and that of spectra at .1,
    Adam at 1e-3, halved at 50, 80, 90 and 95 % of 500,000 steps, batches of 32 LR patches of 64 pixels. SeemoRe-B is
    `{num_layers: 8, embedding_dim: 48}`. For grey no mean colour is taken away.

    num_experts: in each layer. lr_space: how their ranks grow, from 2: by one, by two, or doubling. topk: how many of
    them see an image. recursive: how often an image is shrunken by four, whose sides have so many pixels at least.
    use_shuffle: whether channels change places in each layer.
    """

    papers: ClassVar = (
        Paper(
            ("Zamfir", "Wu", "Mehta", "Zhang", "Timofte"),
            "See more details: Efficient image super-resolution by experts mining",
            2024,
            conference="ICML",
            arxiv="2402.03412",
        ),
    )
    home: ClassVar = "SeemoRe"
    scale_as: ClassVar = "scale"
    memory_format: ClassVar = "channels_last"
    alone: ClassVar = True
    presets: ClassVar = {
        "paper": AUTHORS,
        "large": {**AUTHORS, "num_layers": 16, "embedding_dim": 48, "use_shuffle": False, "recursive": 1},
        "small": {**SMALL, "num_layers": 3, "embedding_dim": 24},
    }

    num_experts: Count = 3
    num_layers: Count = 6
    embedding_dim: Count = 36
    use_shuffle: bool = True
    global_kernel_size: Count = 11
    recursive: Count = 2
    lr_space: Literal["linear", "double", "exp"] = "exp"
    topk: Count = 1

    def __post_init__(self) -> None:
        check(self.global_kernel_size % 2 == 1, f"global_kernel_size: {self.global_kernel_size} has no centre")
        check(self.topk <= self.num_experts, f"topk: there are {self.num_experts} experts (num_experts)")

    @property
    def least(self) -> int:
        """Spandrel's, which is for shrinking twice."""
        return max(16, 1 << 2 * self.recursive)

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network; spandrel has a mean colour even for grey."""
        import torch

        network = super().build(channels, scale, patch)
        if channels == 1:
            network.mean = torch.zeros(1, 1, 1, 1)
        return network
