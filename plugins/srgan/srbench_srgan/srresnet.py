"""SRResNet as a method: its parameters, presets, and one stage of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench.training import Batch, vgg_smallest
from srbench.types import Count, NonNegative, Positive, PositiveFraction, ProperFraction

from .parameters import FEATURES, Activation, Ends, Keep, Loss, why_not

if TYPE_CHECKING:
    import torch

SMALL = {
    "blocks": 8,
    "ends": "light",
    "batch_norm": False,
    "loss": "l1",
    "learning_rate": 5e-4,
    "schedule": "cosine",
    "batch_size": 8,
    "ema": 0.999,
    "sizes": (1.0, 0.85, 0.7, 0.6),
    "keep": "best",
}


class SRResNet(srbench.TorchMethod):
    """Residual blocks on LR, then sub-pixel layers, trained on the pixels' mean squared error.

    Ledig et al., "Photo-realistic single image super-resolution using a generative adversarial network", CVPR 2017
    (arXiv 1609.04802). Preset `paper` is the published one: 16 blocks of 64 channels with batch normalisation and
    PReLU, 1,549,462 parameters at x4 in colour; LR in [0, 1], HR learned in [-1, 1]; the mean squared error, Adam at
    1e-4, batches of 16 HR patches of 96 pixels; the paper takes a million steps. Scales 2, 3, 4 and 8; x3 has one
    sub-pixel layer, the others have one a factor of two. Images of one channel are learned in one.

    Deviations from the paper: the training images and their LR are those of the matrix and its protocol, in place of
    350,000 images of ImageNet; patches are flipped and turned; a few training images are held out, to show how the
    training goes (`keep: best` hands on the weights that were best on them).

    Preset `small` is for two CPU cores, and further from the paper: 8 blocks without batch normalisation (Lim et al.,
    EDSR, 2017: better and cheaper without), light ends, the mean absolute error, Adam at 5e-4 falling to zero along a
    cosine, batches of 8, training images in four sizes, averaged weights, the best ones kept.

    Preset `vgg22` is the paper's SRResNet-VGG22: `paper`, learned not from pixels but from the mean squared error of
    VGG19's features phi_2,2, scaled by 1 / 12.75, with 2e-8 times the total variation beside it, and against nobody.
    How the total variation is summed is ours: absolute differences of neighbours in [-1, 1], over an image. It needs
    the weights of VGG19, which are torchvision's, on images normalised as they were trained; where they are not on
    this machine, the cell is skipped.

    width: feature channels. ends: the first and the last layers; `light` are one convolution of 3 x 3 each, the last of
    which gives all pixels that lie over its place in LR. second_activation: a block's second convolution has one, too.
    upsampling: the factors of the sub-pixel layers, [2, 2] at x4 say; a layer of factor 1 is a convolution and enlarges
    nothing; none: those of the paper. upsampling_activation: each of these layers has one. tanh: behind the last
    convolution. signed_lr: LR goes in as [-1, 1]. loss: `mse` or `l1` of pixels, `vgg22` or `vgg54` of features.
    total_variation: its weight. patch: side of HR patches in pixels. ema: decay of the
    average of weights, 0 for none. clip: the largest norm of a gradient. sizes: at which training images are learned
    from, 1 being their own.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Ledig", "others"),
            "Photo-realistic single image super-resolution using a generative adversarial network",
            2017,
            conference="CVPR",
            arxiv="1609.04802",
        ),
    )
    presets: ClassVar = {"paper": {}, "small": SMALL, "vgg22": {"loss": "vgg22", "total_variation": 2e-8}}

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
        loss: Loss = "mse",
        total_variation: NonNegative = 0.0,
        learning_rate: Positive = 1e-4,
        batch_size: Count = 16,
        patch: Count = 96,
        clip: Positive | None = None,
        ema: ProperFraction = 0.0,
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        keep: Keep = "last",
    ) -> None:
        if not sizes:
            raise srbench.SrbenchError("sizes: there should be at least one; [1] is the images' own")
        if ends == "light" and (upsampling is not None or not upsampling_activation):
            raise srbench.SrbenchError(
                "upsampling, upsampling_activation: light ends have one sub-pixel layer, without an activation"
            )
        if loss in FEATURES:
            check_patch(loss, patch)
            self.weights = ("vgg19",)
        self.blocks, self.width, self.ends = blocks, width, ends
        self.batch_norm, self.activation, self.second_activation = batch_norm, activation, second_activation
        self.upsampling, self.upsampling_activation = upsampling, upsampling_activation
        self.tanh, self.signed_lr = tanh, signed_lr
        self.loss, self.total_variation = loss, total_variation
        self.learning_rate = learning_rate
        self.batch_size, self.patch, self.clip = batch_size, patch, clip
        self.ema, self.training_scales, self.keep = ema, sizes, keep

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """Scales 2, 3, 4 and 8, or that of `upsampling`, where HR patches are a whole number of LR pixels."""
        reason = why_not(problem.scale, self.patch, self.upsampling)
        return None if reason is None else srbench.Skip(reason)

    def build(self, channels: int, scale: srbench.Scale) -> dict[str, torch.nn.Module]:
        """The generator."""
        from .generator import Generator

        reason = why_not(scale, self.patch, self.upsampling)
        if reason is not None:
            raise srbench.SrbenchError(f"{type(self).__name__}: {reason}")
        generator = Generator(
            channels,
            int(scale),
            self.blocks,
            self.width,
            self.ends,
            self.batch_norm,
            self.activation,
            self.second_activation,
            self.upsampling,
            self.upsampling_activation,
            self.tanh,
            self.signed_lr,
        )
        self.halo = generator.reach
        return {"generator": generator}

    def stages(self, networks: dict[str, torch.nn.Module], scale: srbench.Scale) -> list[srbench.Stage]:
        """One stage, on the error of pixels or of features."""
        import torch

        from .losses import content_loss, total_variation

        generator = networks["generator"]
        compare = content_loss(self.loss, self.device)
        minimised = "total" if self.total_variation else self.loss

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            sr = generator(batch.lr)
            losses: dict[str, torch.Tensor] = {self.loss: compare(sr, batch.hr)}
            if self.total_variation:
                losses["variation"] = total_variation(sr)
                losses[minimised] = losses[self.loss] + self.total_variation * losses["variation"]
            return losses

        return [
            srbench.Stage(
                "features" if self.loss in FEATURES else "pixel",
                networks={"generator": generator},
                optimisers={minimised: torch.optim.Adam(generator.parameters(), lr=self.learning_rate, fused=True)},
                step=step,
                batch_size=self.batch_size,
                patch=self.patch // scale,
                ema=self._averaged(),
                clip=self.clip,
                validate=self.validation_psnr,
                keep=self.keep,
            )
        ]

    def _averaged(self) -> dict[str, float]:
        return {"generator": self.ema} if self.ema else {}


def check_patch(content: str, patch: int) -> None:
    """Raise `SrbenchError` where HR patches of this side have no features for this loss."""
    smallest = vgg_smallest([FEATURES[content]])
    if patch < smallest:
        raise srbench.SrbenchError(
            f"patch: {content} has no features of {patch} pixels; use at least {smallest}, or content mse"
        )
