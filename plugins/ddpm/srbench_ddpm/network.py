"""The networks that tell the noise in an image: MONAI's U-Net on the noisy image, beside a condition or without."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
from monai.networks.nets.diffusion_model_unet import DiffusionModelUNet
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from .parameters import multiple_of

HEAD = 64
"""Channels of a head of attention, where the number of channels is a multiple of it."""
LIFTED = 4
"""How many times as large the side of an image is as that of features that are its condition."""


class _Folded(nn.Module):
    """A U-Net that sees `seen` channels of an image and tells `told`.

    channels: of each level, whose side is half that of the level before. blocks: residual blocks a level. attention:
    of the places of a level to each other, by level; the middle of the network always has it. fold: squares of so many
    pixels a side become one place of the first level (Hoogeboom et al., "simple diffusion", 2023, section 3.4).
    checkpointing: of the activations only those between levels are kept for the backward pass, the others are computed
    again. classes: how many it can be told of.

    multiple: the sides of images have to be multiples of it.
    """

    def __init__(
        self,
        seen: int,
        told: int,
        channels: Sequence[int],
        blocks: int,
        attention: Sequence[bool],
        fold: int = 1,
        checkpointing: bool = False,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        self.fold = fold
        self.multiple = multiple_of(len(channels), fold)
        self.unet = DiffusionModelUNet(
            spatial_dims=2,
            in_channels=seen * fold**2,
            out_channels=told * fold**2,
            num_res_blocks=blocks,
            channels=tuple(channels),
            attention_levels=tuple(attention),
            # A group of one channel would lose the step, which is told by a constant added to each channel, and
            # cannot be normalised where a level has one place.
            norm_num_groups=max(1, math.gcd(32, *channels) // 2),
            num_head_channels=tuple(math.gcd(HEAD, width) for width in channels),
            num_class_embeds=classes,
            use_flash_attention=True,  # the same arithmetic, without the memory that grows with the area squared
        )
        if checkpointing:
            for block in (*self.unet.down_blocks, self.unet.middle_block, *self.unet.up_blocks):
                block.forward = functools.partial(checkpoint, block.forward, use_reentrant=False)

    def tell(self, seen: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """What the U-Net makes of images `(N, seen, H, W)` at steps t `(N,)`: `(N, told, H, W)`."""
        folded = functional.pixel_unshuffle(seen, self.fold)
        return functional.pixel_shuffle(self.unet(folded, t, class_labels=labels), self.fold)


class Denoiser(_Folded):
    """The noise in images of `planes` channels, given a condition.

    features: the channels of a condition that lies at a quarter of the images' side; None: it is an image like them.
    """

    def __init__(
        self,
        planes: int,
        channels: Sequence[int],
        blocks: int,
        attention: Sequence[bool],
        fold: int = 1,
        checkpointing: bool = False,
        features: int | None = None,
    ) -> None:
        super().__init__(planes + (features or planes), planes, channels, blocks, attention, fold, checkpointing)
        self.lift: nn.ConvTranspose2d | None = None
        if features is not None:
            self.lift = nn.ConvTranspose2d(features, features, 2 * LIFTED, stride=LIFTED, padding=LIFTED // 2)

    def forward(self, noisy: torch.Tensor, condition: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The unit noise in `(N, planes, H, W)` at steps t `(N,)`.

        condition: of that shape, in [-1, 1]; or features `(N, features, h, w)`, whose first lies on the first 4 x 4
        pixels, cut or continued by their mirror image where the images are smaller or larger.
        """
        if self.lift is not None:
            condition = fitted(self.lift(condition), *noisy.shape[-2:])
        return self.tell(torch.cat([noisy, condition], dim=1), t)


class FreeDenoiser(_Folded):
    """The noise in images of `planes` channels, given nothing, or their classes."""

    def __init__(
        self,
        planes: int,
        channels: Sequence[int],
        blocks: int,
        attention: Sequence[bool],
        fold: int = 1,
        checkpointing: bool = False,
        classes: int | None = None,
    ) -> None:
        super().__init__(planes, planes, channels, blocks, attention, fold, checkpointing, classes)
        self.conditional = classes is not None

    def forward(self, noisy: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """The unit noise in `(N, planes, H, W)` at steps t `(N,)`; labels `(N,)` are not looked at without classes."""
        return self.tell(noisy, t, labels if self.conditional else None)


def continued(image: torch.Tensor, multiple: int) -> torch.Tensor:
    """An image `(..., H, W)` continued below and to the right by its mirror image, to multiples of `multiple`."""
    height, width = (-(-length // multiple) * multiple for length in image.shape[-2:])
    return fitted(image, height, width)


def fitted(image: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """An image `(..., H, W)` cut below and to the right, or continued there by its mirror image, to these sides."""
    for dim, side in ((-2, height), (-1, width)):
        length = image.shape[dim]
        places = torch.arange(side, device=image.device) % (2 * length)
        image = image.index_select(dim, torch.minimum(places, 2 * length - 1 - places))
    return image
