"""SRGAN as a method: SRResNet, and a stage of training against a discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench.training import Steps, adversarial_step, note_without_vgg19, vgg_weights
from srbench.types import Count, Positive, PositiveFraction, ProperFraction

from .parameters import FEATURES, Activation, Content, Ends, Keep, PixelLoss
from .srresnet import SMALL, SRResNet, check_patch

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
    adversarial, with a rate that falls along a cosine there, too.

    Preset `mri-x3` is that of a published study of brain MRI and chest X-rays in grey, from 50 to 150 pixels: 7 blocks,
    each of whose convolutions has a leaky ReLU, three sub-pixel layers without one, tanh, LR and HR in [-1, 1]; dropout
    of half of what each convolution of the discriminator gives; the mean squared error and cross-entropy on whole
    images, and no stage on pixels alone before. Three times (convolution, shuffle) can make x3 in one way, as 3 is a
    prime: one of the shuffles is by 3, and the others are by 1, which moves nothing. Which one is not published; here
    it is the last. `upsampling: [3]` is the other reading, a single layer. Not published either, and so SRGAN's: the
    layers before and behind the blocks, the weight of the adversarial loss, Adam's rates, batches of 16. Where dropout
    lies in a block is ours: behind the activation. The study's noise on LR is the degradation `noise` of a protocol.

    adversarial_weight: of -log D(SR) beside the content loss. adversarial_rate: the stage's learning rate.
    adversarial_share: its part of the budget; 1 leaves none for the stage before. discriminator_width, dense: of the
    discriminator. dropout: of its features between the dense layers. block_dropout: of what each of its convolutions
    gives. The other parameters are SRResNet's; `clip` and `ema` hold for both stages.
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
        "mri-x3": {
            "blocks": 7,
            "activation": "leaky_relu",
            "second_activation": True,
            "upsampling": (1, 1, 3),
            "upsampling_activation": False,
            "tanh": True,
            "signed_lr": True,
            "patch": 150,
            "content": "mse",
            "adversarial_share": 1.0,
            "block_dropout": 0.5,
        },
    }

    def __init__(
        self,
        blocks: Count = 16,
        width: Count = 64,
        ends: Ends = "published",
        batch_norm: bool = True,
        activation: Activation = "prelu",
        second_activation: bool = False,
        upsampling: tuple[Count, ...] | None = None,
        upsampling_activation: bool = True,
        tanh: bool = False,
        signed_lr: bool = False,
        loss: PixelLoss = "mse",
        learning_rate: Positive = 1e-4,
        batch_size: Count = 16,
        patch: Count = 96,
        clip: Positive | None = None,
        ema: ProperFraction = 0.0,
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        keep: Keep = "last",
        content: Content = "vgg54",
        adversarial_weight: Positive = 1e-3,
        adversarial_rate: Positive = 1e-4,
        adversarial_share: PositiveFraction = 1 / 6,
        discriminator_width: Count = 64,
        dense: Count = 1024,
        dropout: ProperFraction = 0.0,
        block_dropout: ProperFraction = 0.0,
    ) -> None:
        super().__init__(
            blocks=blocks,
            width=width,
            ends=ends,
            batch_norm=batch_norm,
            activation=activation,
            second_activation=second_activation,
            upsampling=upsampling,
            upsampling_activation=upsampling_activation,
            tanh=tanh,
            signed_lr=signed_lr,
            loss=loss,
            learning_rate=learning_rate,
            batch_size=batch_size,
            patch=patch,
            clip=clip,
            ema=ema,
            sizes=sizes,
            keep=keep,
        )
        if content in FEATURES:
            check_patch(content, patch)
            self.weights = vgg_weights()
        if batch_size == 1 and patch <= 16:
            raise srbench.SrbenchError(
                "batch_size, patch: of one patch of 16 pixels or fewer the discriminator's last features are a single "
                "place, which batch normalisation cannot normalise; use more or larger patches"
            )
        self.content, self.adversarial_weight = content, adversarial_weight
        self.adversarial_rate, self.adversarial_share = adversarial_rate, adversarial_share
        self.discriminator_width, self.dense = discriminator_width, dense
        self.dropout, self.block_dropout = dropout, block_dropout

    def stages(self, networks: dict[str, torch.nn.Module], scale: srbench.Scale) -> list[srbench.Stage]:
        """SRResNet's stage, unless no share is left for it, then the one against the discriminator."""
        import torch

        from srbench.training import VGGDiscriminator

        generator, share = networks["generator"], self.adversarial_share
        discriminator = VGGDiscriminator(
            self.channels, self.patch, self.discriminator_width, self.dense, self.dropout, self.block_dropout
        )
        compare = self._content_loss()

        def content(sr: torch.Tensor, hr: torch.Tensor) -> dict[str, tuple[float, torch.Tensor]]:
            return {"content": (1.0, compare(sr, hr))}

        adversarial = srbench.Stage(
            "adversarial",
            networks={"generator": generator, "discriminator": discriminator},
            optimisers={
                "generator": torch.optim.Adam(generator.parameters(), lr=self.adversarial_rate, fused=True),
                "discriminator": torch.optim.Adam(discriminator.parameters(), lr=self.adversarial_rate, fused=True),
            },
            step=adversarial_step(generator, discriminator, "plain", self.adversarial_weight, content),
            batch_size=self.batch_size,
            patch=self.patch // scale,
            share=share / (1 - share) if share < 1 else 1.0,  # the pixel stage has 1
            schedule=Steps((0.5,), 0.1),
            ema=self._averaged(),
            clip=self.clip,
            validate=self.validation_psnr,
        )
        return [*(super().stages(networks, scale) if share < 1 else ()), adversarial]

    def _content_loss(self) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        from .losses import content_loss

        if self.content == "mse" or self.weights:
            return content_loss(self.content, self.device)
        note_without_vgg19(self.notes, f"The content loss is the mean squared error in place of {self.content}")
        return content_loss("mse", self.device)
