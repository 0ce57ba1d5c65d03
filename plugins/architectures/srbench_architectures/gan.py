"""A second stage of training, against a discriminator: its parameters, and how a network learns in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from srbench.training import (
    AdversarialLoss,
    Distance,
    VGGConvolution,
    feature_loss,
    note_without_vgg19,
    vgg_smallest,
)
from srbench.types import Count, NonNegative, Positive, PositiveFraction

from .recipe import Loss, pixel_loss

if TYPE_CHECKING:
    import torch

_SMALLEST = {"unet": 8, "vgg": 1}
"""The side of the smallest patches that a discriminator takes: `unet` halves them three times."""
_ONE_PLACE = 16
"""The side of the largest patches of which `vgg` leaves a single place."""
PIXEL_WEIGHT_ALONE = 1.0
"""The weight of the loss on pixels where it stands for the features, too."""


class GAN(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Adversarial training. By default that of Real-ESRGAN (Wang et al. 2021, section 4.1, and their settings).

    loss: `plain` or `relativistic` (average). discriminator: `unet`, which judges every pixel, with spectral
    normalisation, or `vgg`, SRGAN's, which judges a patch. width: channels of its first convolution. weight: of the
    adversarial loss. pixel_weight: of the loss on pixels. layers: convolutions of VGG19 whose features are compared,
    each with its weight; none: {}. activated: features are taken behind ReLU. distance: of features. learning_rate: of
    the network, constant but where `schedule` says otherwise. discriminator_rate: of the discriminator; None: the same.
    share: of the budget; with 1 there is no stage on pixels before.
    """

    loss: AdversarialLoss = "plain"
    discriminator: Literal["unet", "vgg"] = "unet"
    width: Count = 64
    weight: Positive = 0.1
    pixel_weight: NonNegative = 1.0
    layers: dict[VGGConvolution, Positive] = msgspec.field(
        default_factory=lambda: {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1.0, "conv4_4": 1.0, "conv5_4": 1.0}
    )
    activated: bool = False
    distance: Distance = "l1"
    learning_rate: Positive = 1e-4
    discriminator_rate: Positive | None = None
    share: PositiveFraction = 2 / 7

    def __post_init__(self) -> None:
        if not self.pixel_weight and not self.layers:
            raise ValueError("pixel_weight is 0 and there are no layers: nothing would tie SR to HR")

    def why_not(self, side: int, batch_size: int) -> str | None:
        """Why it cannot learn from batches of HR patches of this side; None where it can."""
        if self.layers and side < vgg_smallest(self.layers):
            return f"`gan`: VGG19 has no such features of HR patches of {side} pixels; set `patch` to more, or `layers`"
        if side < (smallest := _SMALLEST[self.discriminator]):
            return f"`gan`: its discriminator takes HR patches of {smallest} pixels at least, not {side}; set `patch`"
        if self.discriminator == "vgg" and batch_size == 1 and side <= _ONE_PLACE:
            return (
                f"`gan`: its discriminator cannot normalise over one HR patch of {side} pixels; "
                "set `batch_size` or `patch` to more"
            )
        return None

    def judge(self, channels: int, side: int) -> torch.nn.Module:
        """The discriminator, for HR patches of this side."""
        from srbench.training import UNetDiscriminator, VGGDiscriminator

        if self.discriminator == "unet":
            return UNetDiscriminator(channels, self.width)
        return VGGDiscriminator(channels, side, self.width)

    def content(
        self, loss: Loss, device: str, features_are_there: bool, notes: list[str]
    ) -> Callable[[torch.Tensor, torch.Tensor], dict[str, tuple[float, torch.Tensor]]]:
        """What compares SR with HR besides the discriminator: losses by name, each with its weight."""
        perceptual, pixel_weight = None, self.pixel_weight
        if self.layers and features_are_there:
            perceptual = feature_loss(self.layers, device, activated=self.activated, distance=self.distance)
        elif self.layers:
            pixel_weight = PIXEL_WEIGHT_ALONE
            note_without_vgg19(notes, "The content loss is that of pixels at weight 1, in place of features")

        def content(sr: torch.Tensor, hr: torch.Tensor) -> dict[str, tuple[float, torch.Tensor]]:
            near: dict[str, tuple[float, torch.Tensor]] = {loss: (pixel_weight, pixel_loss(loss, sr, hr))}
            if perceptual is not None:
                near["perceptual"] = (1.0, perceptual(sr, hr))
            return near

        return content


REAL_ESRGAN = msgspec.structs.asdict(GAN())
"""The defaults, for presets to name."""
