"""The network that tells the noise in an image: MONAI's U-Net on the noisy image beside its condition."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
from monai.networks.nets.diffusion_model_unet import DiffusionModelUNet
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

HEAD = 64
"""Channels of a head of attention, where the number of channels is a multiple of it."""


class Denoiser(nn.Module):
    """A U-Net on images of `planes` channels, concatenated with a condition of the same shape.

    channels: of each level, whose side is half that of the level before. blocks: residual blocks a level. attention:
    of the places of a level to each other, by level; the middle of the network always has it. fold: squares of so many
    pixels a side become one place of the first level (Hoogeboom et al., "simple diffusion", 2023, section 3.4).
    checkpointing: of the activations only those between levels are kept for the backward pass, the others are computed
    again.

    multiple: the sides of images have to be multiples of it.
    """

    def __init__(
        self,
        planes: int,
        channels: Sequence[int],
        blocks: int,
        attention: Sequence[bool],
        fold: int = 1,
        checkpointing: bool = False,
    ) -> None:
        super().__init__()
        self.fold = fold
        self.multiple = multiple_of(len(channels), fold)
        self.unet = DiffusionModelUNet(
            spatial_dims=2,
            in_channels=2 * planes * fold**2,
            out_channels=planes * fold**2,
            num_res_blocks=blocks,
            channels=tuple(channels),
            attention_levels=tuple(attention),
            # A group of one channel would lose the step, which is told by a constant added to each channel, and
            # cannot be normalised where a level has one place.
            norm_num_groups=max(1, math.gcd(32, *channels) // 2),
            num_head_channels=tuple(math.gcd(HEAD, width) for width in channels),
            use_flash_attention=True,  # the same arithmetic, without the memory that grows with the area squared
        )
        if checkpointing:
            for block in (*self.unet.down_blocks, self.unet.middle_block, *self.unet.up_blocks):
                block.forward = functools.partial(checkpoint, block.forward, use_reentrant=False)

    def forward(self, noisy: torch.Tensor, condition: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The unit noise in `(N, planes, H, W)` at steps t `(N,)`, given a condition of that shape in [-1, 1]."""
        seen = functional.pixel_unshuffle(torch.cat([noisy, condition], dim=1), self.fold)
        return functional.pixel_shuffle(self.unet(seen, t), self.fold)


def multiple_of(levels: int, fold: int) -> int:
    """What the sides of images have to be multiples of."""
    return int(fold * 2 ** (levels - 1))


def continued(image: torch.Tensor, multiple: int) -> torch.Tensor:
    """An image `(..., H, W)` continued below and to the right by its mirror image, to multiples of `multiple`."""
    for dim in (-2, -1):
        length = image.shape[dim]
        places = torch.arange(-(-length // multiple) * multiple, device=image.device) % (2 * length)
        image = image.index_select(dim, torch.minimum(places, 2 * length - 1 - places))
    return image
