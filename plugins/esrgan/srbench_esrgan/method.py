"""RRDB and ESRGAN as methods: their parameters, presets and stages."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

import srbench
from srbench.training import Batch, Steps, adversarial_step, feature_loss, note_without_vgg19, vgg_weights
from srbench.types import Count, NonNegative, Positive, PositiveFraction, ProperFraction

if TYPE_CHECKING:
    import torch

    from srbench import FitContext, Problem, Scale, TrainingSet

Side = Annotated[int, Meta(ge=8, multiple_of=4)]
Keep = Literal["last", "best"]

SCALES = (1, 2, 3, 4, 8)
PIXEL_WEIGHT_ALONE = 1.0
"""The weight of L1 in the adversarial stage where it stands for the content loss, whose weight this is."""
_BETAS = (0.9, 0.99)


PIXEL_HALVINGS = Steps((0.2, 0.4, 0.6, 0.8))
"""Every 200,000 of 1,000,000 steps."""
ADVERSARIAL_HALVINGS = Steps((0.125, 0.25, 0.5, 0.75))
"""After 50,000, 100,000, 200,000 and 300,000 of 400,000 steps."""


class RRDB(srbench.TorchMethod):
    """Residual in residual dense blocks, trained on the mean absolute error: the first stage of ESRGAN.

    Wang et al., "ESRGAN: Enhanced super-resolution generative adversarial networks", ECCV workshops 2018 (arXiv
    1809.00219). The network is `RRDBNet`, for scales 1, 2, 3, 4 and 8. Preset `paper` is the published one: 23 blocks
    of 64 features with growth 32, 16,697,987 parameters at x4 in colour; Adam at 2e-4, halved four times; batches of 16
    HR patches of 128 pixels; the paper takes a million steps. Images of one channel are learned in one.

    Deviations from the paper: the training images and their LR are those of the matrix and its protocol; the weights
    that count are an exponential moving average, and Adam's second decay is .99, as in the authors' later programs; a
    few training images are held out, to show how the training goes. The paper has x4 alone. At x2 and x1 the network
    takes 2 x 2 or 4 x 4 pixels of LR as one with so many times the channels, as in the authors' Real-ESRGAN; x3 is one
    enlargement by 3, x8 three by 2, as in their first program.

    Preset `small` is for two CPU cores: 3 blocks of 32 features with growth 16, 578,755 parameters, Adam at 2e-3
    falling to zero along a cosine, gradients of norm 1 at most, batches of 8 patches of 64, training images in five
    sizes, the best weights kept.

    blocks, width, growth: of `RRDBNet`; width is its feature channels. clip: the largest norm of a gradient. ema: decay
    of the average of weights. keep: the last weights, or those that are best on the held-out images. patch: side of HR
    patches in pixels, at x3 and x8 rounded up to a whole number of LR pixels. sizes: at which training images are
    learned from, 1 being their own.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Wang", "Yu", "Wu", "Gu", "Liu", "Dong", "Loy", "Qiao", "Tang"),
            "ESRGAN: Enhanced super-resolution generative adversarial networks",
            2018,
            conference="ECCV workshops",
            arxiv="1809.00219",
        ),
    )
    presets: ClassVar = {
        "paper": {},
        "small": {
            "blocks": 3,
            "width": 32,
            "growth": 16,
            "learning_rate": 2e-3,
            "schedule": "cosine",
            "clip": 1.0,
            "keep": "best",
            "batch_size": 8,
            "patch": 64,
            "sizes": (1.0, 0.9, 0.8, 0.7, 0.6),
        },
    }

    def __init__(
        self,
        blocks: Count = 23,
        width: Count = 64,
        growth: Count = 32,
        learning_rate: Positive = 2e-4,
        clip: Positive | None = None,
        ema: ProperFraction = 0.999,
        keep: Keep = "last",
        batch_size: Count = 16,
        patch: Side = 128,
        sizes: tuple[PositiveFraction, ...] = (1.0,),
    ) -> None:
        self.blocks, self.width, self.growth = blocks, width, growth
        self.learning_rate, self.clip = learning_rate, clip
        self.ema, self.keep = ema, keep
        self.batch_size, self.patch = batch_size, patch
        if not sizes:
            raise srbench.SrbenchError("sizes: there should be at least one; [1] is the images' own")
        self.training_scales = sizes

    def supports(self, problem: Problem) -> srbench.Skip | None:
        """Scales 1, 2, 3, 4 and 8."""
        if problem.scale not in SCALES:
            return srbench.Skip(_not_by(problem.scale))
        return None

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """One network."""
        return {"generator": self._network(channels, scale)}

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """One stage, on L1."""
        generator = networks["generator"]
        return [self._pixel_stage("generator", generator, scale)]

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR of any size."""
        from .upscaling import enlarge

        return enlarge(self.networks["generator"], lr, int(self.scale))

    def _network(self, channels: int, scale: Scale) -> torch.nn.Module:
        from .generator import RRDBNet
        from .upscaling import reach

        if scale not in SCALES:
            raise srbench.SrbenchError(_not_by(scale))
        self.halo = reach(self.blocks, int(scale))
        return RRDBNet(channels, int(scale), self.blocks, self.width, self.growth)

    def in_own_names(self, tensors: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """The tensors of a released checkpoint, in whichever of its layouts. Raises `WeightsDamaged` for a mixture."""
        from .released import today

        return today(tensors)

    def _pixel_stage(self, name: str, network: torch.nn.Module, scale: Scale, share: float = 1.0) -> srbench.Stage:
        import torch
        from torch.nn.functional import l1_loss

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            return {"l1": l1_loss(network(batch.lr), batch.hr)}

        return srbench.Stage(
            "pixel",
            networks={name: network},
            optimisers={"l1": torch.optim.Adam(network.parameters(), lr=self.learning_rate, betas=_BETAS, fused=True)},
            step=step,
            batch_size=self.batch_size,
            patch=lr_patch(self.patch, scale),
            share=share,
            schedule=PIXEL_HALVINGS,
            ema={name: self.ema},
            clip=self.clip,
            validate=self.validation_psnr,
            keep=self.keep,
        )


class ESRGAN(RRDB):
    """RRDB, then a second stage against a discriminator that judges which of two images is the more real one.

    Wang et al., "ESRGAN: Enhanced super-resolution generative adversarial networks", ECCV workshops 2018 (arXiv
    1809.00219). Stage `pixel` is that of `rrdb`, with its parameters and deviations. In stage `adversarial` a copy of
    its network minimises the mean absolute error of VGG19's conv5_4 features before activation, plus 5e-3 times the
    relativistic average adversarial loss, plus 1e-2 times L1; Adam at 1e-4, halved four times, for it and for the
    discriminator, which is that of the authors' programs. Two sevenths of the budget are adversarial, as the paper
    has 1,000,000 and 400,000 steps. The networks of both stages are kept; `interpolation` says what lies between them
    (section 3.4 of the paper).

    Where the weights of VGG19 are not on this machine, the content loss is L1 of pixels in place of features, with the
    features' weight of 1, and the record and the page say so; `srbench fetch vgg19` gets them.

    Deviations from the paper, besides those of `rrdb`: the adversarial losses are half the sums that it prints, as in
    the authors' programs; in each step the gradients of generator and discriminator are computed before either is
    updated, in place of updating them in turn; the weights are those of the last step (a PSNR cannot tell which are
    best).

    Preset `small`: that of `rrdb`, and a discriminator of a quarter of the channels.

    adversarial_rate: the learning rate of the adversarial stage. adversarial_share: its part of the budget; 1 needs
    weights to start from. adversarial_patch: side of its HR patches, which its discriminator takes at 128
    or 256, at x3 at 129 or 258. content: `conv54`, or `l1` as where the weights of VGG19 are absent. pixel_weight: of
    L1 beside the features. adversarial_weight: of the adversarial loss. discriminator_width: its channels after the
    first convolution. interpolation: 0 upscales with the network of the pixel stage, 1 with that of the adversarial
    stage, what lies between with weights in proportion. The other parameters are those of `rrdb`.
    """

    presets: ClassVar = {
        "paper": {},
        "small": {**RRDB.presets["small"], "discriminator_width": 16},
    }

    def __init__(
        self,
        blocks: Count = 23,
        width: Count = 64,
        growth: Count = 32,
        learning_rate: Positive = 2e-4,
        adversarial_rate: Positive = 1e-4,
        clip: Positive | None = None,
        ema: ProperFraction = 0.999,
        keep: Keep = "last",
        batch_size: Count = 16,
        patch: Side = 128,
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        adversarial_share: PositiveFraction = 2 / 7,
        adversarial_patch: Literal[128, 256] = 128,
        content: Literal["conv54", "l1"] = "conv54",
        pixel_weight: NonNegative = 1e-2,
        adversarial_weight: NonNegative = 5e-3,
        discriminator_width: Count = 64,
        interpolation: Annotated[float, Meta(ge=0, le=1)] = 1.0,
    ) -> None:
        super().__init__(blocks, width, growth, learning_rate, clip, ema, keep, batch_size, patch, sizes)
        self.adversarial_rate, self.adversarial_share = adversarial_rate, adversarial_share
        self.adversarial_patch = adversarial_patch
        self.content, self.pixel_weight, self.adversarial_weight = content, pixel_weight, adversarial_weight
        self.discriminator_width, self.interpolation = discriminator_width, interpolation
        if content != "l1":
            self.weights = vgg_weights()

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The networks of both stages."""
        generator, pixel = (self._network(channels, scale) for _ in range(2))
        self._upscaler = generator
        return {"generator": generator, "pixel": pixel}

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """The pixel stage, unless no share is left for it, and the adversarial stage."""
        pixel = networks["pixel"]
        if self.adversarial_share == 1 and not self.started:
            raise srbench.SrbenchError("adversarial_share is 1: a stage without one before it needs `start` in `train`")
        stages = [self._adversarial_stage(networks["generator"], pixel, scale)]
        if self.adversarial_share < 1:
            first = self._pixel_stage("pixel", pixel, scale, 1 - self.adversarial_share)
            stages.insert(0, replace(first, validate=self._validation(pixel)))
        return stages

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train both stages."""
        super().fit(train, context)
        self._choose_upscaler()

    def load(self, folder: Path) -> None:
        """Read both networks, and make the one between them."""
        super().load(folder)
        self._choose_upscaler()

    def to(self, device: str) -> None:
        """Move the networks to a torch device."""
        super().to(device)
        if getattr(self, "networks", None):
            self._upscaler.to(device)

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR of any size; while training, by the network of the stage."""
        from .upscaling import enlarge

        return enlarge(self._upscaler, lr, int(self.scale))

    def upscalers(self) -> Sequence[torch.nn.Module]:
        """The network that upscales."""
        return [self._upscaler]

    def parameters_count(self) -> int:
        """The learned numbers of the network that upscales."""
        generator = getattr(self, "networks", {}).get("generator")
        return 0 if generator is None else sum(p.numel() for p in generator.parameters())

    def _choose_upscaler(self) -> None:
        from .upscaling import interpolate

        generator, pixel = self.networks["generator"], self.networks["pixel"]
        if self.interpolation in (0, 1):
            self._upscaler = generator if self.interpolation else pixel
            return
        self._upscaler = copy.deepcopy(generator)
        interpolate(pixel, generator, self.interpolation, self._upscaler)

    def _validation(self, network: torch.nn.Module) -> Callable[[Batch], float]:
        """Validation of the network that a stage trains, which is then the one that upscales."""

        def validate(batch: Batch) -> float:
            self._upscaler = network
            return self.validation_psnr(batch)

        return validate

    def _adversarial_stage(self, generator: torch.nn.Module, pixel: torch.nn.Module, scale: Scale) -> srbench.Stage:
        import torch
        from torch.nn.functional import l1_loss

        from .discriminator import Discriminator

        discriminator = Discriminator(self.channels, self.discriminator_width, self.adversarial_patch)
        features = self._content_loss()
        pixel_weight = PIXEL_WEIGHT_ALONE if features is None else self.pixel_weight

        def begin(draw: Callable[[], Batch]) -> None:
            generator.load_state_dict(pixel.state_dict())

        def content(sr: torch.Tensor, hr: torch.Tensor) -> dict[str, tuple[float, torch.Tensor]]:
            near = {"l1": (pixel_weight, l1_loss(sr, hr))}
            return near if features is None else {**near, "content": (1.0, features(sr, hr))}

        return srbench.Stage(
            "adversarial",
            networks={"generator": generator, "discriminator": discriminator},
            optimisers={
                name: torch.optim.Adam(network.parameters(), lr=self.adversarial_rate, betas=_BETAS, fused=True)
                for name, network in (("generator", generator), ("discriminator", discriminator))
            },
            step=adversarial_step(generator, discriminator, "relativistic", self.adversarial_weight, content),
            batch_size=self.batch_size,
            patch=lr_patch(self.adversarial_patch, scale),
            share=self.adversarial_share,
            schedule=ADVERSARIAL_HALVINGS,
            ema={"generator": self.ema},
            clip=self.clip,
            validate=self._validation(generator),
            begin=begin,
        )

    def _content_loss(self) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None:
        """The distance of features of VGG19, or None where the content loss is L1."""
        if self.content == "l1":
            return None
        if self.weights:
            return feature_loss({"conv5_4": 1.0}, self.device)
        note_without_vgg19(self.notes, "The content loss is L1 of pixels at weight 1, in place of features")
        return None


def lr_patch(side: int, scale: Scale) -> int:
    """The side of LR patches whose HR has at least this one: at x3 43 for 128, which the discriminator takes for 129.

    It halves a patch to 4 pixels, rounding down each time.
    """
    return -(-side // int(scale))


def _not_by(scale: Scale) -> str:
    return f"RRDBNet upscales by {', '.join(map(str, SCALES[:-1]))} or {SCALES[-1]}, not by {scale}"
