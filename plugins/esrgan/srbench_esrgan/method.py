"""RRDB and ESRGAN as methods: their parameters, presets and stages."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

import srbench
from srbench.training.stages import Batch, Schedule, cosine
from srbench.weights import WeightsMissing

if TYPE_CHECKING:
    import torch

    from srbench.method import Problem
    from srbench.training.context import FitContext
    from srbench.training.trainingset import TrainingSet

AtLeastOne = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Decay = Annotated[float, Meta(ge=0, lt=1)]
Side = Annotated[int, Meta(ge=8, multiple_of=4)]
Decline = Literal["steps", "cosine"]

SCALES = (2, 4)
PIXEL_WEIGHT_ALONE = 1.0
"""The weight of L1 in the adversarial stage where it stands for the content loss, whose weight this is."""
_BETAS = (0.9, 0.99)


def halved_at(*points: float) -> Schedule:
    """Half the rate from each of these points of a stage's progress on."""
    return lambda progress: 0.5 ** sum(progress >= point for point in points)


PIXEL_HALVINGS = halved_at(0.2, 0.4, 0.6, 0.8)
"""Every 200,000 of 1,000,000 steps."""
ADVERSARIAL_HALVINGS = halved_at(0.125, 0.25, 0.5, 0.75)
"""After 50,000, 100,000, 200,000 and 300,000 of 400,000 steps."""


class RRDB(srbench.TorchMethod):
    """Residual in residual dense blocks, trained on the mean absolute error: the first stage of ESRGAN.

    Wang, Yu, Wu, Gu, Liu, Dong, Loy, Qiao, Change Loy, "ESRGAN: Enhanced super-resolution generative adversarial
    networks", 2018. The network is basicsr's `RRDBNet`. Preset `paper`: 23 blocks, 64 features, growth 32, 16,697,987
    parameters in colour at x4; Adam at 2e-4, halved four times; HR patches of 128, batches of 16.

    Deviations from the paper: the weights that count are an exponential moving average, as in the authors' later
    programs; Adam's second decay is .99, as there; at x2 the network sees 2 x 2 pixels of LR as one with four times the
    channels. The budget is yours: the paper's is 1,000,000 steps. Preset `small` has 4 blocks, 32 features and growth
    16, and learning rates that fall along a cosine.
    """

    presets: ClassVar = {
        "paper": {},
        "small": {
            "blocks": 4,
            "features": 32,
            "growth": 16,
            "learning_rate": 5e-4,
            "schedule": "cosine",
            "keep": "best",
            "batch_size": 8,
            "training_scales": (1.0, 0.9, 0.8, 0.7, 0.6),
        },
    }

    def __init__(
        self,
        blocks: AtLeastOne = 23,
        features: AtLeastOne = 64,
        growth: AtLeastOne = 32,
        learning_rate: Positive = 2e-4,
        schedule: Decline = "steps",
        ema: Decay = 0.999,
        keep: Literal["last", "best"] = "last",
        batch_size: AtLeastOne = 16,
        patch: Side = 128,
        training_scales: tuple[float, ...] = (1.0,),
        weights: Path | None = None,
    ) -> None:
        """What it is and how it learns.

        blocks, features, growth: of `RRDBNet`. schedule: how learning rates fall, in steps as in the paper or along a
        cosine. ema: decay of the average of the weights. keep: the last weights, or those with the best PSNR on the
        held-out images. patch: side of a patch in HR pixels. training_scales: sizes of HR to learn from, 1 being its
        own. weights: a released checkpoint of the same network (safetensors, or a pickle that holds tensors only) to
        start from.
        """
        self.blocks, self.features, self.growth = blocks, features, growth
        self.learning_rate, self.schedule, self.ema, self.keep = learning_rate, schedule, ema, keep
        self.batch_size, self.patch, self.weights = batch_size, patch, weights
        self.training_scales = tuple(training_scales)

    def supports(self, problem: Problem) -> srbench.Skip | None:
        """Scales 2 and 4. Raises `WeightsMissing` when the weights to start from are not there."""
        if problem.scale not in SCALES:
            return srbench.Skip(f"RRDBNet upscales by 2 or 4, not by {problem.scale}")
        if isinstance(self.weights, Path) and not self.weights.is_file():
            raise WeightsMissing(f"there is no file of weights {self.weights}")
        return None

    def build(self, channels: int, scale: int) -> dict[str, torch.nn.Module]:
        """One network."""
        return {"generator": self._network(channels, scale)}

    def stages(self, networks: dict[str, torch.nn.Module], scale: int) -> list[srbench.Stage]:
        """One stage, on L1."""
        generator = networks["generator"]
        self._start(generator)
        return [self._pixel_stage("generator", generator, scale)]

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR of any size."""
        from .upscaling import enlarge

        return enlarge(self.networks["generator"], lr, self.scale)

    def _network(self, channels: int, scale: int) -> torch.nn.Module:
        from .basicsr_networks import rrdb_net
        from .upscaling import halo

        if scale not in SCALES:
            raise srbench.SrbenchError(f"RRDBNet upscales by 2 or 4, not by {scale}")
        self.halo = halo(self.blocks, scale)
        return rrdb_net(channels, scale, self.blocks, self.features, self.growth)

    def _start(self, network: torch.nn.Module) -> None:
        from .released import load_released

        if self.weights is not None:
            load_released(network, self.weights)

    def _pixel_stage(self, name: str, network: torch.nn.Module, scale: int, share: float = 1.0) -> srbench.Stage:
        import torch
        from torch.nn.functional import l1_loss

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            return {"l1": l1_loss(network(batch.lr), batch.hr)}

        return srbench.Stage(
            "pixel",
            networks={name: network},
            optimisers={"l1": torch.optim.Adam(network.parameters(), lr=self.learning_rate, betas=_BETAS)},
            step=step,
            batch_size=self.batch_size,
            patch=self.patch // scale,
            share=share,
            schedule=self._declining(PIXEL_HALVINGS),
            ema={name: self.ema},
            validate=self.validation_psnr,
            keep=self.keep,
        )

    def _declining(self, halvings: Schedule) -> Schedule:
        return halvings if self.schedule == "steps" else cosine


class ESRGAN(RRDB):
    """RRDB, then a second stage against a discriminator that judges which of two images is the more real one.

    Wang et al., "ESRGAN: Enhanced super-resolution generative adversarial networks", 2018. The first stage is that of
    `rrdb`. In the second, a copy of its network learns from 1 x the mean absolute error of VGG19's conv5_4 features
    before activation, 5e-3 x the relativistic average adversarial loss and 1e-2 x L1; both optimisers are Adam at 1e-4,
    halved four times; the discriminator is basicsr's `VGGStyleDiscriminator`. Both networks are kept: `interpolation`
    says how much of the second is in the one that upscales (section 3.4 of the paper).

    Deviations from the paper: those of `rrdb`; the first stage has 70 % of the budget where the paper has 1,000,000 of
    1,400,000 steps; the adversarial losses are the means, not the sums, of their two halves, as in the authors'
    programs; generator and discriminator learn from the same SR, each from the other as it was before the step. Where
    the weights of VGG19 are not on the machine (the record's notes then say so), or with `content: l1`, the content
    loss is L1 of pixels, with the weight 1 of what it stands for.
    """

    presets: ClassVar = {
        "paper": {},
        "small": {**RRDB.presets["small"], "discriminator_features": 16},
    }

    def __init__(
        self,
        blocks: AtLeastOne = 23,
        features: AtLeastOne = 64,
        growth: AtLeastOne = 32,
        learning_rate: Positive = 2e-4,
        adversarial_learning_rate: Positive = 1e-4,
        schedule: Decline = "steps",
        ema: Decay = 0.999,
        keep: Literal["last", "best"] = "last",
        batch_size: AtLeastOne = 16,
        patch: Literal[128, 256] = 128,
        training_scales: tuple[float, ...] = (1.0,),
        weights: Path | None = None,
        pixel_share: Annotated[float, Meta(ge=0, lt=1)] = 0.7,
        content: Literal["conv54", "l1"] = "conv54",
        pixel_weight: NotNegative = 1e-2,
        adversarial_weight: NotNegative = 5e-3,
        discriminator_features: AtLeastOne = 64,
        interpolation: Annotated[float, Meta(ge=0, le=1)] = 1.0,
    ) -> None:
        """What it is and how it learns; what is not said here is as for `rrdb`.

        learning_rate: of the pixel stage. keep: what the pixel stage hands on; the adversarial stage ends with its last
        weights. patch: what the discriminator takes. pixel_share: of the budget, for the pixel stage; with 0 the
        adversarial stage starts from `weights` as they are. content: VGG19's features, or pixels. pixel_weight: of L1
        beside the features. interpolation: 0 upscales with the network of the pixel stage, 1 with that of the
        adversarial stage, and what lies between with weights that lie between theirs.
        """
        if pixel_share == 0 and weights is None:
            raise srbench.SrbenchError("pixel_share is 0, so the adversarial stage needs `weights` to start from")
        super().__init__(
            blocks, features, growth, learning_rate, schedule, ema, keep, batch_size, patch, training_scales, weights
        )
        self.adversarial_learning_rate, self.pixel_share = adversarial_learning_rate, pixel_share
        self.content, self.pixel_weight, self.adversarial_weight = content, pixel_weight, adversarial_weight
        self.discriminator_features, self.interpolation = discriminator_features, interpolation

    def build(self, channels: int, scale: int) -> dict[str, torch.nn.Module]:
        """The networks of both stages."""
        generator, pixel = (self._network(channels, scale) for _ in range(2))
        self._upscaler = generator
        return {"generator": generator, "pixel": pixel}

    def stages(self, networks: dict[str, torch.nn.Module], scale: int) -> list[srbench.Stage]:
        """The pixel stage, unless it has no share, and the adversarial stage."""
        pixel = networks["pixel"]
        self._start(pixel)
        stages = [self._adversarial_stage(networks["generator"], pixel, scale)]
        if self.pixel_share > 0:
            first = self._pixel_stage("pixel", pixel, scale, self.pixel_share)
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

        return enlarge(self._upscaler, lr, self.scale)

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

    def _validation(self, network: torch.nn.Module) -> Callable[[torch.Tensor, torch.Tensor], float]:
        """Validation of the network that a stage trains, which is then the one that upscales."""

        def validate(lr: torch.Tensor, hr: torch.Tensor) -> float:
            self._upscaler = network
            return self.validation_psnr(lr, hr)

        return validate

    def _adversarial_stage(self, generator: torch.nn.Module, pixel: torch.nn.Module, scale: int) -> srbench.Stage:
        import torch
        from torch.nn.functional import l1_loss

        from .basicsr_networks import discriminator as build_discriminator
        from .relativistic import relativistic_loss

        discriminator = build_discriminator(self.channels, self.discriminator_features, self.patch)
        features = self._content_features()
        pixel_weight = PIXEL_WEIGHT_ALONE if features is None else self.pixel_weight

        def begin() -> None:
            generator.load_state_dict(pixel.state_dict())

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            sr = generator(batch.lr)
            real, fake = discriminator(batch.hr), discriminator(sr)
            l1 = l1_loss(sr, batch.hr)
            adversarial = relativistic_loss(fake, real.detach())
            losses = {"l1": l1, "adversarial": adversarial}
            total = pixel_weight * l1 + self.adversarial_weight * adversarial
            if features is not None:
                # VGG19 looks at colour; grey is given three times over.
                seen, wanted = (features(image.expand(-1, 3, -1, -1)) for image in (sr, batch.hr))
                losses["content"] = l1_loss(seen, wanted)
                total = total + losses["content"]
            losses["generator"] = total
            losses["discriminator"] = relativistic_loss(real, discriminator(sr.detach()))
            return losses

        return srbench.Stage(
            "adversarial",
            networks={"generator": generator, "discriminator": discriminator},
            optimisers={
                name: torch.optim.Adam(network.parameters(), lr=self.adversarial_learning_rate, betas=_BETAS)
                for name, network in (("generator", generator), ("discriminator", discriminator))
            },
            step=step,
            batch_size=self.batch_size,
            patch=self.patch // scale,
            share=1 - self.pixel_share,
            schedule=self._declining(ADVERSARIAL_HALVINGS),
            ema={"generator": self.ema},
            validate=self._validation(generator),
            begin=begin,
        )

    def _content_features(self) -> torch.nn.Module | None:
        """VGG19, or None where the content loss is L1."""
        from srbench.training.vgg import vgg_features

        if self.content == "l1":
            return None
        try:
            return vgg_features("conv54", self.device)
        except WeightsMissing as missing:
            self.notes.append(f"The content loss is L1 of pixels at weight 1, in place of VGG19's features: {missing}")
            return None
