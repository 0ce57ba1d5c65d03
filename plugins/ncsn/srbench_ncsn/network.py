"""The network that tells the score."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from srbench_ddpm.network import FreeDenoiser

from .parameters import Predicts

FINEST = 1000
"""What the U-Net is told for the largest level, where it is told any: as many steps as a diffusion has."""


class ScoreNetwork(FreeDenoiser):
    """MONAI's U-Net on images with white at 1 and noise of a level, a standard deviation.

    predicts: `noise`: it tells minus the noise, without knowing the level (Song and Ermon 2020, technique 3).
    `velocity`: it sees noisy images in [-1, 1] with a variance of about 1, is told the level, and tells the velocity
    (Salimans and Ho, "Progressive distillation", 2022, appendix D): where there is hardly anything but noise, that is
    the image.

    largest, smallest: the first and the last level; `largest` is 0 until it has been measured.
    """

    largest: torch.Tensor

    def __init__(
        self,
        planes: int,
        channels: Sequence[int],
        blocks: int,
        attention: Sequence[bool],
        fold: int,
        checkpointing: bool,
        predicts: Predicts,
        smallest: float,
    ) -> None:
        super().__init__(planes, channels, blocks, attention, fold, checkpointing)
        self.predicts, self.smallest = predicts, smallest
        self.register_buffer("largest", torch.zeros(()))

    def forward(self, noisy: torch.Tensor, level: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """The score times the level, of images `(N, planes, H, W)` at levels `(N,)`: minus the unit noise in them."""
        centred = 2 * noisy - 1
        if self.predicts == "noise":
            return self.tell(centred, torch.zeros_like(level))
        whole = self.clean_share(level).sqrt()[:, None, None, None]
        seen = whole * centred
        place = (level / self.smallest).log() / (self.largest / self.smallest).log()
        velocity = self.tell(seen, FINEST * place).float()
        return -(1 - whole.square()).sqrt() * seen - whole * velocity

    def clean_share(self, level: torch.Tensor) -> torch.Tensor:
        """The share of the image's variance in what it sees, 1 / (1 + (2 level)^2), at levels `(N,)`."""
        return 1 / (1 + (2 * level).square())
