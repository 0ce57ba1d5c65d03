"""RRDBNet, of ESRGAN and Real-ESRGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from srbench import Paper
from srbench.types import Count

from ..architecture import up_to
from ..from_spandrel import SpandrelArchitecture, network_class
from ..gan import REAL_ESRGAN
from ..recipe import HALVED_IN_FIFTHS, REALESRNET, SMALL

if TYPE_CHECKING:
    import torch

_FOLDS = {1: 4, 2: 2}
"""The side of the squares of LR pixels that become one pixel, where not 1."""
_INITIAL = 0.1
"""What Kaiming's initial weights of the blocks are multiplied by, as in the authors' program."""


@dataclass(frozen=True)
class RRDB(SpandrelArchitecture):
    """Residual in residual dense blocks. Parameters at x4 in colour: `paper` 16,697,987, `real-esrgan` 16,697,987,
    `small` 1,284,355.

    Wang, Yu, Wu, Gu, Liu, Dong, Loy, Qiao, Tang, "ESRGAN: Enhanced super-resolution generative adversarial networks",
    ECCV workshops 2018 (arXiv 1809.00219). The network is spandrel's, after the authors' code (Apache-2.0); blocks
    begin with Kaiming's normal weights times .1, as there. At x2 and x1 squares of 2 x 2 or 4 x 4 LR pixels are taken
    as one with so many times the channels, as in Real-ESRGAN. `paper` is ESRGAN's stage on pixels: L1, Adam at 2e-4,
    halved four times, batches of 16 LR patches of 32 pixels. The method `esrgan` adds its second stage.

    `real-esrgan` is trained as Wang, Xie, Dong, Shan, "Real-ESRGAN: Training real-world blind super-resolution with
    pure synthetic data", ICCV workshops 2021 (arXiv 2107.10833) have it, at x4: five parts of the budget on L1 alone,
    Adam at 2e-4; two parts, at 1e-4, on 1 x L1, features of VGG19 before activation (conv1_2 to conv5_4, weights .1,
    .1, 1, 1, 1) and .1 x the loss of a U-Net discriminator with spectral normalisation; batches of 48 LR patches of 64
    pixels, averaged weights (.999). LR should be that of the degradation `real-world`. HR is as it is: the paper's
    Real-ESRGAN+, and so the weights that the authors released, learned from HR after an unsharp mask, which is not
    offered here.

    num_filters: channels. num_blocks: blocks of three dense blocks each.
    """

    papers: ClassVar = (
        Paper(
            ("Wang", "Yu", "Wu", "Gu", "Liu", "Dong", "Loy", "Qiao", "Tang"),
            "ESRGAN: Enhanced super-resolution generative adversarial networks",
            2018,
            conference="ECCV workshops",
            arxiv="1809.00219",
        ),
    )
    home: ClassVar = "ESRGAN"
    scales: ClassVar = (1, 2, 3, 4, 8)
    presets: ClassVar = {
        "paper": {
            "loss": "l1",
            "learning_rate": 2e-4,
            "schedule": HALVED_IN_FIFTHS,
            "betas": (0.9, 0.99),
            "ema": 0.999,
            "batch_size": 16,
            "patch": 32,
        },
        "real-esrgan": {**REALESRNET, "gan": REAL_ESRGAN},
        "small": {**SMALL, "num_filters": 32, "num_blocks": 3},
    }

    num_filters: Count = 64
    num_blocks: Count = 23

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network."""
        fold = _FOLDS.get(scale)
        network: torch.nn.Module = network_class(self.home, self.home)(
            in_nc=channels * (fold or 1) ** 2,
            out_nc=channels,
            num_filters=self.num_filters,
            num_blocks=self.num_blocks,
            scale=scale * (fold or 1),
            shuffle_factor=fold,
        )
        _begin(network)
        return network

    def reach(self, scale: int) -> int | None:
        """One convolution before the blocks, 15 in each, one behind them; those in HR see two, at x3 one; see `rrdb`.

        None where squares of pixels are taken as one: SR depends on where a tile begins.
        """
        if scale in _FOLDS:
            return None
        return 15 * self.num_blocks + (3 if scale == 3 else 4)

    def sides(self, height: int, width: int, scale: int) -> tuple[int, int]:
        """Multiples of four where squares of pixels are taken as one, as spandrel has it; otherwise any."""
        multiple = 4 if scale in _FOLDS else 1
        return up_to(height, multiple), up_to(width, multiple)


def _begin(network: torch.nn.Module) -> None:
    """Give the convolutions in dense blocks their initial weights."""
    from torch.nn import init

    for name, parameter in network.named_parameters():
        if ".RDB" in name:
            if name.endswith(".bias"):
                init.zeros_(parameter)
            else:
                init.kaiming_normal_(parameter).data.mul_(_INITIAL)
