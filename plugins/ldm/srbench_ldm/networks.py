"""The networks: MONAI's autoencoder and diffusion U-Net, and what is added to them here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from monai.networks.blocks.spatialattention import SpatialAttentionBlock
from monai.networks.nets.autoencoderkl import AEKLResBlock, AutoencoderKL
from monai.networks.nets.diffusion_model_unet import DiffusionModelUNet, DiffusionUNetResnetBlock
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from srbench.devices import widest

from .losses import kl_loss

_BLOCKS = (AEKLResBlock, DiffusionUNetResnetBlock, SpatialAttentionBlock)
"""What is computed anew in a backward pass with checkpointing: residual blocks and attention, one by one."""
QUIET = 0.01
"""The deviation of latents in an autoencoder that begins as a linear one, whose white is 1."""


class Autoencoder(AutoencoderKL):
    """MONAI's AutoencoderKL: images `(N, planes, H, W)` with white at 1 to the mean and deviation of latents, and back.

    fold: squares of `fold` x `fold` pixels are one place of its first level. channels: one a level; each after the
    first halves the sides. attention: in the deepest level and in the middle. shortcut: a linear map of squares of
    pixels to latents, and one back, beside the network, as in Chen et al., "Deep compression autoencoder for efficient
    high-resolution diffusion models", 2025, where it only moves and averages; `start_linear` gives it its weights.

    regulariser: the name of what keeps its latents in order.
    """

    regulariser: ClassVar[str] = "kl"

    def __init__(
        self,
        planes: int,
        channels: Sequence[int],
        latent_channels: int,
        blocks: int,
        attention: bool,
        groups: int,
        fold: int = 1,
        shortcut: bool = False,
    ) -> None:
        last = len(channels) - 1
        super().__init__(
            spatial_dims=2,
            in_channels=planes * fold**2,
            out_channels=planes * fold**2,
            channels=channels,
            latent_channels=latent_channels,
            num_res_blocks=blocks,
            norm_num_groups=groups,
            attention_levels=[attention and level == last for level in range(len(channels))],
            with_encoder_nonlocal_attn=attention,
            with_decoder_nonlocal_attn=attention,
            use_flash_attention=True,
        )
        self.fold, self.factor = fold, fold * 2**last
        self.linear = Projection(planes, latent_channels, self.factor) if shortcut else None

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        """Images through latents that are drawn, and the divergence of these: what `regulariser` names."""
        made, mean, deviation = super().forward(x)
        return made, kl_loss(mean, deviation)

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and deviation of the latents of images."""
        mean, deviation = super().encode(functional.pixel_unshuffle(x, self.fold))
        return mean if self.linear is None else mean + self.linear.encode(x), deviation

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """The images of latents."""
        image = functional.pixel_shuffle(super().decode(z), self.fold)
        return image if self.linear is None else image + self.linear.decode(z)

    def start_linear(self, images: torch.Tensor) -> None:
        """Begin as the best linear autoencoder of some images, to which the network adds nothing yet."""
        assert self.linear is not None
        self.linear.fit(images)
        *_, last = (module for module in self.decoder.modules() if isinstance(module, nn.Conv2d))
        _silence(self.quant_conv_mu, last)
        self._draw_quietly()

    def _draw_quietly(self) -> None:
        """Give latents a small deviation, whatever the image."""
        _silence(self.quant_conv_log_sigma)
        *_, bias = self.quant_conv_log_sigma.parameters()
        with torch.no_grad():
            bias.fill_(2 * math.log(QUIET))


def _silence(*modules: nn.Module) -> None:
    """Make convolutions give zeros."""
    with torch.no_grad():
        for module in modules:
            for parameter in module.parameters():
                parameter.zero_()


class Projection(nn.Module):
    """A linear map from squares of `factor` x `factor` pixels to latents, and one back."""

    def __init__(self, planes: int, latent_channels: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.analysis = nn.Conv2d(planes * factor**2, latent_channels, 1)
        self.synthesis = nn.Conv2d(latent_channels, planes * factor**2, 1)

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Latents of images `(N, planes, H, W)`."""
        latents: torch.Tensor = self.analysis(functional.pixel_unshuffle(images, self.factor))
        return latents

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """The images of latents."""
        return functional.pixel_shuffle(self.synthesis(latents), self.factor)

    def fit(self, images: torch.Tensor) -> None:
        """Project squares of some images onto their first principal components.

        No linear autoencoder has a smaller squared error (Baldi and Hornik, "Neural networks and principal component
        analysis", 1989). The maps are orthonormal: an error in latents is as large in pixels. More latents than pixels
        in a square stay empty.
        """
        squares = functional.pixel_unshuffle(images, self.factor).transpose(0, 1).flatten(1)
        squares = squares.to(widest(images.device))
        mean = squares.mean(1)
        _, directions = torch.linalg.eigh(torch.cov(squares))  # the largest come last
        basis = directions.flip(1)[:, : self.analysis.out_channels]
        basis = functional.pad(basis, (0, self.analysis.out_channels - basis.shape[1])).to(images)
        mean = mean.to(images)
        with torch.no_grad():
            self.analysis.weight.copy_(basis.T[..., None, None])
            self.analysis.bias.copy_(-basis.T @ mean)  # type: ignore[union-attr]
            self.synthesis.weight.copy_(basis[..., None, None])
            self.synthesis.bias.copy_(mean)  # type: ignore[union-attr]


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
