"""The autoencoder whose latents are vectors of a codebook."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from monai.networks.layers.vector_quantizer import EMAQuantizer, VectorQuantizer
from torch.nn import functional

from .networks import Autoencoder


class QuantisedAutoencoder(Autoencoder):
    """The same encoder and decoder, with the nearest of `codes` vectors between them at each place.

    Van den Oord et al., "Neural discrete representation learning", 2017, with MONAI's quantiser: the vectors are moving
    averages of the latents that they stand for (appendix A.1), gradients of the decoder pass it by, and what the
    encoder is told of it is the commitment, the mean squared distance of latents to their vectors (the third term of
    equation 3). Quantising belongs to `decode`: what is diffused are latents before it (Rombach et al. 2022, section
    3.1).
    """

    regulariser: ClassVar[str] = "commitment"

    def __init__(self, *network: Any, codes: int) -> None:
        """Take what `Autoencoder` takes, and how many vectors there are."""
        super().__init__(*network)
        del self.quant_conv_log_sigma  # latents are not drawn
        # A weight of 1: what is learned from is weighted where all losses are.
        self.quantizer = VectorQuantizer(EMAQuantizer(2, codes, self.latent_channels, commitment_cost=1.0))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        """Images through quantised latents, and the commitment."""
        quantised, commitment = self.quantise(self.encode(x)[0])
        return super().decode(quantised), commitment

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The latents of images before they are quantised, and their deviation, which is none."""
        latents: torch.Tensor = self.quant_conv_mu(self.encoder(functional.pixel_unshuffle(x, self.fold)))
        latents = latents if self.linear is None else latents + self.linear.encode(x)
        return latents, torch.zeros_like(latents)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """The images of latents, each place's as its nearest vector."""
        return super().decode(self.quantise(z)[0])

    def quantise(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The nearest vectors to latents `(N, C, h, w)`, through which gradients pass unchanged; the commitment.

        In training mode the vectors learn from this. In 32 bits, where a distance to all vectors can be told.
        """
        with torch.autocast(latents.device.type, enabled=False):
            commitment, quantised = self.quantizer(latents.float())
        return quantised, commitment

    @property
    def perplexity(self) -> torch.Tensor:
        """How many vectors the last latents were quantised to, as if each were used alike: in [1, codes]."""
        return self.quantizer.perplexity

    def _draw_quietly(self) -> None:
        """Latents are not drawn."""

    def start_codes(self, batches: Iterable[torch.Tensor]) -> None:
        """Begin with latents of some images as vectors, from random places.

        Latents far from all vectors would have the same one, and the others no latents to learn from.
        """
        with torch.no_grad():
            latents = torch.cat([self.encode(images)[0].float().movedim(1, -1).flatten(0, -2) for images in batches])
            quantizer = self.quantizer.quantizer
            places = torch.randperm(len(latents)).repeat(math.ceil(quantizer.num_embeddings / len(latents)))
            chosen = latents[places[: quantizer.num_embeddings].to(latents.device)]
            quantizer.embedding.weight.copy_(chosen)
            quantizer.ema_w.copy_(chosen)
            quantizer.ema_cluster_size.fill_(1)
