"""SRGAN as a method: SRResNet, and a stage of training against a discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench.training import VGG_SMALLEST, Batch, vgg_weights
from srbench.types import Count, OpenFraction, Positive, PositiveFraction, ProperFraction

from .parameters import Activation, Content, Ends, Keep, PixelLoss, Schedule
from .srresnet import SMALL, SRResNet

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


class SRGAN(SRResNet):
    """SRResNet, trained further on features of VGG19 and against a discriminator: sharper, at a lower PSNR.

    Ledig et al., "Photo-realistic single image super-resolution using a generative adversarial network", CVPR 2017
    (arXiv 1609.04802). Stage `pixel` is SRResNet's, with its parameters and deviations. Stage `adversarial` minimises
    the content loss plus 1e-3 times -log D(SR); the discriminator learns to tell SR from HR by cross-entropy. Content
    losses: `mse`, `vgg22` and `vgg54` (features after activation, scaled by 1 / 12.75). Preset `paper` is SRGAN-VGG54:
    batches of 16 HR patches of 96 pixels, Adam at 1e-4 for the first half of the stage and 1e-5 for the second; a sixth
    of the budget is adversarial, as the paper has a million steps of SRResNet and 2 x 100,000 of SRGAN.

    Where the weights of VGG19 are not on this machine, the content loss is `mse`, and the record and the page say so;
    `srbench fetch vgg19` gets them.

    Deviations from the paper, besides SRResNet's: in each step the gradients of generator and discriminator are
    computed before either is updated, in place of updating them in turn; VGG19's weights are torchvision's, on
    images normalised as they were trained. The weights are those of the last step (a PSNR cannot tell which are
    best).

    Preset `small` is for two CPU cores: the generator and the pixel stage of SRResNet's `small`, on HR patches of 48
    pixels; a discriminator of half the channels with a dense layer of 256, `vgg22`, a quarter of the budget
    adversarial.

    Preset `mri-x3` is for slices of brain MRI, in grey, from 50 to 150 pixels: 7 blocks, leaky ReLU, dropout in the
    discriminator, the mean squared error and cross-entropy on patches of 150 pixels. The rate of the dropout, .25, and
    its place, between the dense layers, are ours.

    adversarial_weight: of -log D(SR) beside the content loss. adversarial_rate: the stage's learning rate.
    adversarial_share: its part of the budget. discriminator_width, dense, dropout: of the discriminator. The other
    parameters are SRResNet's; `clip` and `ema` hold for both stages.
    """

    presets: ClassVar = {
        "paper": {},
        "small": {
            **SMALL,
            "patch": 48,
            "content": "vgg22",
            "adversarial_share": 0.25,
            "discriminator_width": 32,
            "dense": 256,
        },
        "mri-x3": {"blocks": 7, "activation": "leaky_relu", "patch": 150, "content": "mse", "dropout": 0.25},
    }

    def __init__(
        self,
        blocks: Count = 16,
        width: Count = 64,
        ends: Ends = "published",
        batch_norm: bool = True,
        activation: Activation = "prelu",
        loss: PixelLoss = "mse",
        learning_rate: Positive = 1e-4,
        schedule: Schedule = "constant",
        batch_size: Count = 16,
        patch: Count = 96,
        clip: Positive | None = None,
        ema: ProperFraction = 0.0,
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        keep: Keep = "last",
        content: Content = "vgg54",
        adversarial_weight: Positive = 1e-3,
        adversarial_rate: Positive = 1e-4,
        adversarial_share: OpenFraction = 1 / 6,
        discriminator_width: Count = 64,
        dense: Count = 1024,
        dropout: ProperFraction = 0.0,
    ) -> None:
        super().__init__(
            blocks=blocks,
            width=width,
            ends=ends,
            batch_norm=batch_norm,
            activation=activation,
            loss=loss,
            learning_rate=learning_rate,
            schedule=schedule,
            batch_size=batch_size,
            patch=patch,
            clip=clip,
            ema=ema,
            sizes=sizes,
            keep=keep,
        )
        if content != "mse" and patch < VGG_SMALLEST[content]:
            raise srbench.SrbenchError(
                f"patch: {content} has no features of {patch} pixels; use at least "
                f"{VGG_SMALLEST[content]}, or content mse"
            )
        if batch_size == 1 and patch <= 16:
            raise srbench.SrbenchError(
                "batch_size, patch: of one patch of 16 pixels or fewer the discriminator's last features are a single "
                "place, which batch normalisation cannot normalise; use more or larger patches"
            )
        self.content, self.adversarial_weight = content, adversarial_weight
        if content != "mse":
            self.weights = vgg_weights()
        self.adversarial_rate, self.adversarial_share = adversarial_rate, adversarial_share
        self.discriminator_width, self.dense, self.dropout = discriminator_width, dense, dropout

    def stages(self, networks: dict[str, torch.nn.Module], scale: srbench.Scale) -> list[srbench.Stage]:
        """SRResNet's stage, then the one against the discriminator."""
        import torch

        from .discriminator import Discriminator
        from .losses import discriminator_loss, generator_loss

        generator = networks["generator"]
        discriminator = Discriminator(self.channels, self.patch, self.discriminator_width, self.dense, self.dropout)
        content = self._content_loss()

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            sr = generator(batch.lr)
            near = content(sr, batch.hr)
            fooling = generator_loss(discriminator(sr))
            return {
                "generator": near + self.adversarial_weight * fooling,
                "discriminator": discriminator_loss(discriminator(batch.hr), discriminator(sr.detach())),
                "content": near.detach(),
                "adversarial": fooling.detach(),
            }

        adversarial = srbench.Stage(
            "adversarial",
            networks={"generator": generator, "discriminator": discriminator},
            optimisers={
                "generator": torch.optim.Adam(generator.parameters(), lr=self.adversarial_rate, fused=True),
                "discriminator": torch.optim.Adam(discriminator.parameters(), lr=self.adversarial_rate, fused=True),
            },
            step=step,
            batch_size=self.batch_size,
            patch=self.patch // scale,
            # The pixel stage has a share of 1.
            share=self.adversarial_share / (1 - self.adversarial_share),
            schedule=lambda progress: 1.0 if progress < 0.5 else 0.1,
            ema=self._averaged(),
            clip=self.clip,
            validate=self.validation_psnr,
        )
        return [*super().stages(networks, scale), adversarial]

    def _content_loss(self) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        from .losses import content_loss

        if self.content == "mse" or self.weights:
            return content_loss(self.content, self.device)
        note = (
            f"The content loss is the mean squared error in place of {self.content}: the weights of VGG19 were not on "
            "the machine that trained; `srbench fetch vgg19` gets them."
        )
        if note not in self.notes:
            self.notes.append(note)
        return content_loss("mse", self.device)
