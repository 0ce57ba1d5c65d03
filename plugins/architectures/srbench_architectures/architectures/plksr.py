"""PLKSR and RealPLKSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from srbench import Paper
from srbench.types import Count, PositiveFraction, ProperFraction

from ..architecture import check
from ..from_spandrel import SpandrelArchitecture
from ..recipe import SMALL, halved

AUTHORS = {
    "learning_rate": 2e-4,
    "schedule": halved(100 / 450, 200 / 450, 300 / 450, 400 / 450, 425 / 450),
    "betas": (0.9, 0.99),
    "ema": 0.0,
    "batch_size": 64,
    "patch": 96,
}
_SMALL = {**SMALL, "dim": 32, "n_blocks": 4, "kernel_size": 13}


@dataclass(frozen=True)
class PLKSR(SpandrelArchitecture):
    """Large kernels on a part of the channels. Parameters at x4 in colour: `paper` 7,386,096, `light` 2,370,544,
    `small` 247,120.

    Lee, Yun, Ro, "Partial large kernel CNNs for efficient super-resolution", 2024 (arXiv 2404.11848). The network is
    spandrel's, after the authors' code (MIT). `light` is PLKSR-tiny. Both have the authors' options
    (`train_PLKSR_DIV2K_X2_64_28_0.25_17.yaml`, `train_PLKSR_DF2K_X4_64_12_0.25_13.yaml`): L1, Adam at 2e-4, halved
    after 100,000, 200,000, 300,000, 400,000 and 425,000 of 450,000 steps, batches of 64 LR patches of 96 pixels. At x3
    and x4 the authors began with the weights of x2.

    dim: channels. n_blocks: blocks. ccm_type: the kernels of the two convolutions that mix channels: `CCM` 3 and 1,
    `ICCM` 1 and 3, `DCCM` 3 and 3. kernel_size: of the large kernel. split_ratio: the share of channels that see it.
    use_ea: whether each value has a weight of its own.
    """

    papers: ClassVar = (
        Paper(
            ("Lee", "Yun", "Ro"), "Partial large kernel CNNs for efficient super-resolution", 2024, arxiv="2404.11848"
        ),
    )
    home: ClassVar = "PLKSR"
    channels_as: ClassVar = ()
    scale_as: ClassVar = "upscaling_factor"
    grey: ClassVar = False
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "paper": AUTHORS,
        "light": {**AUTHORS, "n_blocks": 12, "kernel_size": 13, "use_ea": False},
        "small": _SMALL,
    }

    dim: Count = 64
    n_blocks: Count = 28
    ccm_type: Literal["CCM", "ICCM", "DCCM"] = "DCCM"
    kernel_size: Count = 17
    split_ratio: PositiveFraction = 0.25
    use_ea: bool = True

    def __post_init__(self) -> None:
        _check(self.dim, self.kernel_size, self.split_ratio)

    def reach(self, scale: int) -> int:
        """Add up, in LR pixels, the two convolutions around the blocks and what each block has.

        A block has one or two that mix channels, the large one, and one that makes weights where it has attention.
        """
        mixing = 2 if self.ccm_type == "DCCM" else 1
        return 2 + self.n_blocks * (mixing + self.kernel_size // 2 + (1 if self.use_ea else 0))


@dataclass(frozen=True)
class RealPLKSR(SpandrelArchitecture):
    """PLKSR with normalisation. Parameters at x4 in colour: `released` 7,389,680, `small` 247,376.

    Published by musl in neosr, without a paper, after Lee, Yun, Ro, "Partial large kernel CNNs for efficient
    super-resolution", 2024 (arXiv 2404.11848). The network is spandrel's, after that code (MIT). `released` has
    traiNNer-redux's options for it: Charbonnier's loss, AdamW at 2e-4, halved after 100,000, 200,000, 300,000, 400,000
    and 425,000 of 450,000 steps, batches of 16 LR patches of 96 pixels, averaged weights, normalisation of each pixel.

    The parameters are those of `plksr`. layer_norm: each pixel is normalised, in place of groups of channels of the
    whole image. dropout: how often channels are left out before the last convolution. dysample: sample features at
    learned places in place of sub-pixel convolution.
    """

    home: ClassVar = "PLKSR"
    network: ClassVar = "RealPLKSR"
    channels_as: ClassVar = ()
    scale_as: ClassVar = "upscaling_factor"
    grey: ClassVar = False
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "released": {**AUTHORS, "loss": "charbonnier", "ema": 0.999, "batch_size": 16, "layer_norm": True},
        "small": {**_SMALL, "layer_norm": True},
    }

    dim: Count = 64
    n_blocks: Count = 28
    kernel_size: Count = 17
    split_ratio: PositiveFraction = 0.25
    use_ea: bool = True
    layer_norm: bool = False
    dropout: ProperFraction = 0.0
    dysample: bool = False

    def __post_init__(self) -> None:
        _check(self.dim, self.kernel_size, self.split_ratio)
        check(self.layer_norm or self.dim % 4 == 0, f"dim: {self.dim} is no multiple of 4 groups (layer_norm: false)")

    def reach(self, scale: int) -> int | None:
        """That of PLKSR with two convolutions that mix channels; none where the whole image is normalised."""
        if not self.layer_norm or self.dysample:
            return None
        return 2 + self.n_blocks * (2 + self.kernel_size // 2 + (1 if self.use_ea else 0))


def _check(dim: int, kernel_size: int, split_ratio: float) -> None:
    check(kernel_size % 2 == 1, f"kernel_size: {kernel_size} has no centre; use an odd size")
    check(int(dim * split_ratio) >= 1, f"split_ratio: {split_ratio} of {dim} channels is none")
