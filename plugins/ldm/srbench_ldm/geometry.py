"""How LR, HR and latents lie on each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from srbench.pictures import resize


@dataclass(frozen=True)
class Geometry:
    """Sizes at one scale.

    multiple: of what the sides of latents are whole multiples, since the U-Net halves them again and again.
    """

    scale: int
    multiple: int

    @property
    def factor(self) -> int:
        """HR side / latent side: the scale where it is a power of two, so that LR is as large as the latent.

        Otherwise the largest power of two below: an autoencoder halves.
        """
        return largest_power(self.scale)

    def framed(self, hr: torch.Tensor) -> torch.Tensor:
        """HR `(N, C, H, W)`, its last line and column repeated until its latent has sides of the right multiple."""
        return _continued(hr, self.factor * self.multiple)

    def condition(self, lr: torch.Tensor) -> torch.Tensor:
        """LR `(N, C, h, w)` at the size of the latent of its framed HR, each pixel where it belongs.

        As it is but for the repeated border, where the latent has LR's size; otherwise by bicubic interpolation.
        """
        if self.factor == self.scale:
            return _continued(lr, self.multiple)
        return resize(self.framed(resize(lr, self.scale)), 1 / self.factor)


def levels(channels: Sequence[int], scale: int, fold: int = 1) -> tuple[int, ...]:
    """The channels of an autoencoder's levels at this scale: as many as it needs, the last one again and again.

    fold: the side of the squares of pixels that are one place of its first level; a power of two, at most the scale.
    """
    needed = (largest_power(scale) // fold).bit_length()
    return tuple(channels[min(level, len(channels) - 1)] for level in range(needed))


def largest_power(scale: int) -> int:
    """The largest power of two that is at most `scale`."""
    return 1 << (scale.bit_length() - 1)


def _continued(image: torch.Tensor, multiple: int) -> torch.Tensor:
    below, right = (-side % multiple for side in image.shape[-2:])
    return functional.pad(image, (0, right, 0, below), mode="replicate") if below or right else image
