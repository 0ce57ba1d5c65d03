"""The losses of the autoencoder, on images `(N, 1 or 3, H, W)` with white at 1; all are computed in 32 bits."""

from __future__ import annotations

import torch
from monai.losses.adversarial_loss import PatchAdversarialLoss
from torch import nn


def kl_loss(mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """How far the latents' normal distributions are from the standard one: the sum over a latent, the mean over images.

    1/2 sum(mean^2 + deviation^2 - log deviation^2 - 1) (Kingma and Welling, "Auto-encoding variational Bayes", 2014,
    appendix B, with the sign of a loss).
    """
    variance = deviation.float().square()
    terms = mean.float().square() + variance - variance.log() - 1
    return 0.5 * terms.flatten(1).sum(1).mean()


class PatchJudgement:
    """The least-squares losses of a discriminator that judges patches (Mao et al. 2017), by MONAI's definition.

    A discriminator should give 1 for what is real and 0 for what is not; each place of its map counts the same.
    """

    def __init__(self, discriminator: nn.Module) -> None:
        self._discriminator = discriminator
        self._loss = PatchAdversarialLoss(criterion="least_squares")

    def fooling(self, fake: torch.Tensor) -> torch.Tensor:
        """What a generator minimises: how far the discriminator is from taking its images for real."""
        return self._distance(fake, real=True, for_discriminator=False)

    def telling(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """What the discriminator minimises, the mean of both kinds of images."""
        return 0.5 * (
            self._distance(real, real=True, for_discriminator=True)
            + self._distance(fake.detach(), real=False, for_discriminator=True)
        )

    def _distance(self, image: torch.Tensor, *, real: bool, for_discriminator: bool) -> torch.Tensor:
        judged: torch.Tensor = self._discriminator(image)[-1].float()
        loss: torch.Tensor = self._loss(judged, target_is_real=real, for_discriminator=for_discriminator)
        return loss
