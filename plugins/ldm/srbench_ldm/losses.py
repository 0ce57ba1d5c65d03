"""The losses of the autoencoder, on images `(N, 1 or 3, H, W)` with white at 1; all are computed in 32 bits."""

from __future__ import annotations

from collections.abc import Callable

import torch
from monai.losses.adversarial_loss import PatchAdversarialLoss
from torch import nn
from torch.nn import functional

from srbench.training import vgg_features

from .parameters import PERCEPTUAL_LAYER

_EPSILON = 1e-10


def kl_loss(mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """How far the latents' normal distributions are from the standard one: the sum over a latent, the mean over images.

    1/2 sum(mean^2 + deviation^2 - log deviation^2 - 1) (Kingma and Welling, "Auto-encoding variational Bayes", 2014,
    appendix B, with the sign of a loss).
    """
    variance = deviation.float().square()
    terms = mean.float().square() + variance - variance.log() - 1
    return 0.5 * terms.flatten(1).sum(1).mean()


def perceptual_loss(device: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """How far two images are apart as VGG19 sees them: features of unit length at each place, their squared distance.

    That is the distance of Zhang et al., "The unreasonable effectiveness of deep features", 2018, equation 1, for one
    layer and with all its channels counting the same. Raises `WeightsMissing` and `WeightsDamaged`.
    """
    network = vgg_features(PERCEPTUAL_LAYER, device)

    def directions(image: torch.Tensor) -> torch.Tensor:
        return functional.normalize(network(image.expand(-1, 3, -1, -1)).float(), dim=1, eps=_EPSILON)

    def compare(image: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            expected = directions(real)
        return (directions(image) - expected).square().sum(1).mean()

    return compare


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
