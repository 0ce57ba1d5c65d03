"""The networks: MONAI's autoencoder and diffusion U-Net, and what is added to them here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.networks.blocks.spatialattention import SpatialAttentionBlock
from monai.networks.nets.autoencoderkl import AEKLResBlock, AutoencoderKL
from monai.networks.nets.diffusion_model_unet import DiffusionModelUNet, DiffusionUNetResnetBlock
from torch import nn
from torch.utils.checkpoint import checkpoint

_BLOCKS = (AEKLResBlock, DiffusionUNetResnetBlock, SpatialAttentionBlock)
"""What is computed anew in a backward pass with checkpointing: residual blocks and attention, one by one."""


def make_autoencoder(
    planes: int, channels: Sequence[int], latent_channels: int, blocks: int, attention: bool, groups: int
) -> AutoencoderKL:
    """MONAI's AutoencoderKL: images `(N, planes, H, W)` with white at 1 to the mean and deviation of latents, and back.

    channels: one a level; each after the first halves the sides. attention: in the deepest level and in the middle.
    """
    last = len(channels) - 1
    return AutoencoderKL(
        spatial_dims=2,
        in_channels=planes,
        out_channels=planes,
        channels=channels,
        latent_channels=latent_channels,
        num_res_blocks=blocks,
        norm_num_groups=groups,
        attention_levels=[attention and level == last for level in range(len(channels))],
        with_encoder_nonlocal_attn=attention,
        with_decoder_nonlocal_attn=attention,
        use_flash_attention=True,
    )


class Denoiser(nn.Module):
    """MONAI's DiffusionModelUNet, and the scale of the latents that it works on.

    latent_channels, planes: of what it removes the noise from, and of LR. attention: for each level, whether it has
    any. levels: how many noise levels of LR there are, besides the one without noise; each has an embedding.

    latent_scale: 1 / the standard deviation of the training set's latents; 0 until that has been measured.
    """

    latent_scale: torch.Tensor

    def __init__(
        self,
        latent_channels: int,
        planes: int,
        channels: Sequence[int],
        attention: Sequence[bool],
        head_channels: int,
        blocks: int,
        groups: int,
        levels: int,
    ) -> None:
        super().__init__()
        self.unet = DiffusionModelUNet(
            spatial_dims=2,
            in_channels=latent_channels + planes,
            out_channels=latent_channels,
            num_res_blocks=blocks,
            channels=channels,
            attention_levels=attention,
            norm_num_groups=groups,
            num_head_channels=head_channels,
            # Without it, the network would not see the labels that it is given.
            num_class_embeds=levels + 1,
            use_flash_attention=True,
        )
        self.register_buffer("latent_scale", torch.zeros(()))

    def forward(self, latent: torch.Tensor, lr: torch.Tensor, t: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """The noise in scaled latents `(N, latent_channels, h, w)` at steps t `(N,)`.

        lr: `(N, planes, h, w)`, white at 1 and black at -1, noised to `level` `(N,)`.
        """
        noise: torch.Tensor = self.unet(torch.cat([latent, lr], 1), t, class_labels=level)
        return noise


def checkpoint_blocks(network: nn.Module) -> None:
    """Make a backward pass compute the blocks of a network again, in place of keeping what is inside them."""
    for block in network.modules():
        if isinstance(block, _BLOCKS):
            block.forward = _Recomputed(block.forward)  # type: ignore[method-assign]


class _Recomputed:
    def __init__(self, forward: Callable[..., torch.Tensor]) -> None:
        self._forward = forward

    def __call__(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        if not torch.is_grad_enabled():
            return self._forward(*args, **kwargs)
        result: torch.Tensor = checkpoint(self._forward, *args, use_reentrant=False, **kwargs)
        return result
