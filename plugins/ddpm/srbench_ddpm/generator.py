"""Denoising diffusion that makes images from noise alone: what is learned, and how images are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

import srbench
from srbench.training import MOMENTS, Linear, sheet, sheet_noise, write_denoising
from srbench.types import Count, Positive, ProperFraction

from .parameters import (
    PREVIEW,
    Betas,
    Predicts,
    Width,
    check_length,
    check_levels,
    make_schedule,
    too_odd,
)
from .samplers import Sampler, check_sampler, sample

if TYPE_CHECKING:
    import torch

    from srbench import FitContext, Scale, TrainingSet

    from .free import FreeDiffusion
    from .network import FreeDenoiser
    from .schedule import Schedule


MEDNIST_HAND = {"augment": ["flips", "inversion"]}
ISIC_64 = {
    "channels": (64, 128, 256, 256),
    "attention": (False, False, True, True),
    "classes": "apart",
    "augment": ["flips", "turns"],
    "schedule": {"plateau": {"factor": 0.1, "patience": 2}},
    "batch_size": 4,
    "accumulate": 8,
    "ema": 0.0,
}
SMALL = {
    "channels": (48, 96, 144),
    "attention": (False, False, True),
    "fold": 2,
    "betas": "cosine",
    "predicts": "velocity",
    "schedule": "cosine",
    "batch_size": 16,
    "clip": 1.0,
    "ema": 0.999,
    "sampler": "ddim",
    "steps": 50,
}


TO_A_FIFTH = Linear(0.2)


class DDPMGenerator(srbench.TorchGenerator):
    """Makes images by removing noise step by step, beginning with nothing else.

    Ho, Jain, Abbeel, "Denoising diffusion probabilistic models", 2020: a U-Net, MONAI's, learns the noise in images of
    [-1, 1] at a random step of the diffusion, by its squared error.

    Preset `mednist-hand` is for hands of MedNIST at 32 pixels (the squares of 32 pixels are those of the protocol), and
    follows a published configuration: levels of 128, 256 and 256 channels, attention in the last two, 1000 steps,
    batches of 32, learning rate from 1e-3 to 2e-4, averaged weights of decay .9999, images flipped in both directions
    and inverted; 70 epochs. Preset `isic-64` is for skin lesions at 64 pixels, one model a class: 64, 128, 256 and 256
    channels, betas from 1e-4 to .02, batches of 4, 8 to a step, learning rate 1e-3, reduced where validations stand
    still, and no averaged weights; 100 to 200 epochs. Preset `small` is for two CPU cores and 32 pixels: a smaller
    U-Net on squares of 2 x 2 pixels that tells the velocity, the cosine schedule, gradients of norm 1 at most, samples
    in 50 steps of DDIM.

    Deviations: what was not published is Ho et al.'s or MONAI's: one residual block a level, attention in the last two
    levels of `isic-64`. Its learning rate falls to a tenth after more than 2 of 20 validations without a better one; by
    how much and after how long the authors reduced theirs, and by which loss, is not published. Half of the hands are
    inverted; the share is not published. Of the augmentations that were tried on lesions, `isic-64` has flips and
    turns: `augment: [flips, turns, brightness, contrast, inversion, zoom]` has the others, but for hue.

    classes: `none`: one model of all images. `apart`: a model a class, which share the budget equally; such a training
    cannot go on from an earlier one. `conditional`: one model that is told the class. channels: of the U-Net, by level.
    blocks: residual blocks a level. attention: levels that have it. fold: side of the squares of pixels that the U-Net
    sees as one place. timesteps: of the diffusion. betas: of its noise, `linear` (from .1 / T to 20 / T), or `cosine`
    (s = .008). predicts: what the U-Net tells, the `noise` or the `velocity` (Salimans and Ho 2022), which also where
    there is hardly anything but noise tells what is left of the image, and so gives images after a short training.
    learning_rate: Adam's. accumulate: batches that make one step. Images are learned from as they are, unless `augment`
    says otherwise. checkpointing: less memory for more time, the same result. clip: the largest norm of a gradient.
    ema: decay of the average of weights, 0 for none. keep: the weights of the last step, or of the best validation,
    which is -10 log10 of the squared error of what the U-Net tells, at fixed steps of the diffusion. sampler:
    `ancestral`, `ddim` or `dpm-solver++`; or of Song et al., "Score-based generative modeling through stochastic
    differential equations", 2021, `predictor-corrector` or `probability-flow`, which ask the U-Net twice a step. steps:
    of the sampler, by default as many as the diffusion has. eta: the noise of `ddim`, 1 being as much as the ancestral
    sampler's.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Ho", "Jain", "Abbeel"),
            "Denoising diffusion probabilistic models",
            2020,
            conference="NeurIPS",
            arxiv="2006.11239",
        ),
    )
    presets: ClassVar = {"mednist-hand": MEDNIST_HAND, "isic-64": ISIC_64, "small": SMALL}
    turns = (0,)
    sampling = frozenset({"sampler", "steps", "eta"})

    def __init__(
        self,
        classes: Literal["none", "apart", "conditional"] = "none",
        channels: tuple[Width, ...] = (128, 256, 256),
        blocks: Count = 1,
        attention: tuple[bool, ...] = (False, True, True),
        fold: Count = 1,
        timesteps: Count = 1000,
        betas: Betas = "linear",
        predicts: Predicts = "noise",
        learning_rate: Positive = 1e-3,
        batch_size: Count = 32,
        accumulate: Count = 1,
        checkpointing: bool = False,
        clip: Positive | None = None,
        ema: ProperFraction = 0.9999,
        keep: Literal["last", "best"] = "last",
        sampler: Sampler = "ancestral",
        steps: Count | None = None,
        eta: float = 0.0,
    ) -> None:
        check_levels(channels, attention)
        check_length(betas, timesteps)
        check_sampler(sampler, steps, eta, timesteps)
        self.classes, self.labelled = classes, classes != "none"
        self.channels_by_level, self.blocks, self.attention, self.fold = channels, blocks, attention, fold
        self.checkpointing = checkpointing
        self.betas, self.timesteps = betas, timesteps
        self.predicts: Predicts = predicts
        self.learning_rate, self.clip = learning_rate, clip
        self.batch_size, self.accumulate = batch_size, accumulate
        self.ema, self.keep = ema, keep
        self.sampler: Sampler = sampler
        self.steps, self.eta = steps, eta
        self.goes_on = classes != "apart"  # otherwise the model of the last class alone would learn further

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """Squares whose sides the U-Net can halve."""
        return too_odd(problem, len(self.channels_by_level), self.fold)

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The U-Net, or one a class, in the order of `labels`."""
        from .network import FreeDenoiser

        names = [f"denoiser-{place}" for place in range(len(self.labels))] if self.classes == "apart" else ["denoiser"]
        return {
            name: FreeDenoiser(
                channels,
                self.channels_by_level,
                self.blocks,
                self.attention,
                self.fold,
                self.checkpointing,
                len(self.labels) if self.classes == "conditional" else None,
            )
            for name in names
        }

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """One stage, or one a class: on the squared error of the noise at a random step of the diffusion."""
        labels = self.labels if self.classes == "apart" else (None,)
        return [
            self._stage(name, self._denoiser(place), label)
            for place, (name, label) in enumerate(zip(networks, labels, strict=True))
        ]

    def _denoiser(self, place: int) -> FreeDenoiser:
        """The network for a class."""
        from .network import FreeDenoiser

        denoiser = self.networks[f"denoiser-{place}" if self.classes == "apart" else "denoiser"]
        assert isinstance(denoiser, FreeDenoiser)
        return denoiser

    @property
    def diffusion(self) -> Schedule:
        """The noise at each step."""
        return make_schedule(self.betas, self.timesteps)

    def _free(self, denoiser: FreeDenoiser) -> FreeDiffusion:
        from .free import FreeDiffusion

        return FreeDiffusion(denoiser, self.diffusion, self.predicts)

    def _stage(self, name: str, denoiser: FreeDenoiser, label: str | None) -> srbench.Stage:
        import torch

        free = self._free(denoiser)
        return srbench.Stage(
            "diffusion" if label is None else label,
            networks={name: denoiser},
            optimisers={"mse": torch.optim.Adam(denoiser.parameters(), lr=self.learning_rate, fused=True)},
            step=free.step,
            batch_size=self.batch_size,
            patch=self.size,
            label=label,
            schedule=TO_A_FIFTH,
            ema={name: self.ema} if self.ema else {},
            clip=self.clip,
            accumulate=self.accumulate,
            validate=free.validate,
            keep=self.keep,
        )

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train; at the end, a sheet of samples is shown coming out of the noise."""
        super().fit(train, context)
        write_denoising(context.model_folder, {asked: sheet(state) for asked, state in self._on_the_way().items()})

    def _on_the_way(self) -> dict[int, torch.Tensor]:
        import torch

        classes = self.classes_on_sheet()
        with torch.inference_mode():
            return self._states(
                sheet_noise(len(classes)), torch.tensor(classes, device=self.device), *self._preview, keep=MOMENTS
            )

    @property
    def _preview(self) -> tuple[Sampler, int, float]:
        return PREVIEW[0], min(PREVIEW[1], self.timesteps), 0.0

    def draw(self, noise: Sequence[torch.Generator], labels: torch.Tensor) -> torch.Tensor:
        """Images by the sampler that was asked for."""
        (images,) = self._states(noise, labels, self.sampler, self.steps, self.eta).values()
        return images

    def preview(self, noise: Sequence[torch.Generator], labels: torch.Tensor) -> torch.Tensor:
        """Images in a few steps, by a sampler that is always the same."""
        (images,) = self._states(noise, labels, *self._preview).values()
        return images

    def _states(
        self,
        noise: Sequence[torch.Generator],
        labels: torch.Tensor,
        sampler: Sampler,
        steps: int | None,
        eta: float,
        keep: int = 1,
    ) -> dict[int, torch.Tensor]:
        """`keep` moments of sampling, by how often the network had been asked; the last is the result."""
        import torch

        states: dict[int, torch.Tensor] = {}
        # Images of classes with a network each are drawn class by class.
        for network in sorted(set(labels.tolist())) if self.classes == "apart" else [0]:
            one = (labels == network) if self.classes == "apart" else torch.ones_like(labels, dtype=torch.bool)
            kept = sample(
                partial(self._free(self._denoiser(network)).noise, labels=labels[one]),
                (self.channels, self.size, self.size),
                self.diffusion,
                [noise[place] for place in one.nonzero().flatten().tolist()],
                sampler=sampler,
                steps=steps,
                eta=eta,
                clip=1.0,
                keep=keep,
                device=labels.device,
            ).kept
            for asked, images in kept.items():
                whole = states.setdefault(asked, images.new_empty(len(labels), *images.shape[1:]))
                whole[one] = images / 2 + 0.5
        return states
