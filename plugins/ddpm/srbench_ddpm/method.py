"""Denoising diffusion as a method: what is learned, how it is learned, and how SR is drawn."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import srbench
from srbench.pictures import Scale, reduced, resize
from srbench.training import MOMENTS, SPREAD_SAMPLES, Batch, constant, cosine, read_lr, write_denoising, write_spread
from srbench.types import Count, Positive, PositiveFraction, ProperFraction

from .parameters import PREVIEW, ScheduleName, Width, check_length, check_levels, make_schedule
from .samplers import Sampler, check_sampler, sample

if TYPE_CHECKING:
    import torch

    from srbench import FitContext, TrainingSet

    from .schedule import Schedule

VALIDATED = 4
"""Steps of the diffusion at which a held-out image is validated."""

SMALL = {
    "channels": (48, 96, 144),
    "blocks": 1,
    "attention": (False, False, False),
    "fold": 2,
    "learning_rate": 1e-3,
    "course": "cosine",
    "batch_size": 8,
    "patch": 48,
    "clip": 1.0,
    "ema": 0.999,
    "keep": "best",
    "sampler": "ddim",
    "steps": 10,
    "eta": 0.7,
}


def halved(progress: float) -> float:
    """The learning rates are halved half way."""
    return 1.0 if progress < 0.5 else 0.5


class DDPM(srbench.TorchMethod):
    """Draws SR by removing noise step by step, given the bicubic-upsampled LR.

    Ho, Jain, Abbeel, "Denoising diffusion probabilistic models", 2020, for super-resolution as in Saharia et al.,
    "Image super-resolution via iterative refinement" (SR3), 2021: a U-Net sees the noisy image beside the upsampled
    LR. What is diffused is the difference of HR to that, as in Li et al., "SRDiff: single image super-resolution with
    diffusion probabilistic models", 2022: twice the difference of images in [-1, 1], clamped to [-1, 1]; 100 steps of
    the cosine schedule, the mean absolute error of the noise.

    SR is drawn at random: it depends on the seed, which is the cell's. One picture is one sample, or the mean of
    several (`samples`): the mean scores higher and is smoother; or the one of them that fits LR best. `draw` gives the
    samples themselves, and so their spread.

    Preset `paper` has the settings of SRDiff for x4: U-Net of 64, 128, 192 and 256 channels, Adam at 2e-4, halved half
    way (the authors make 400,000 steps), batches of 16 patches of 160 pixels, gradients of norm 10 at most.

    Deviations from SRDiff: SR3's condition in place of features of a network trained before; MONAI's U-Net, whose
    middle has attention; averaged weights, as in SR3; training images and their LR are those of the matrix and its
    protocol, patches are flipped and turned.

    Preset `small` is for two CPU cores: a smaller U-Net on squares of 2 x 2 pixels, gradients of norm 1 at most, Adam
    at 1e-3 falling to zero along a cosine, SR in 10 steps of DDIM with .7 of the ancestral sampler's noise.

    channels: of the U-Net, by level. blocks: residual blocks a level. attention: levels that have it. fold: side of the
    squares of pixels that the U-Net sees as one place. timesteps: of the diffusion. schedule: `cosine` (s = .008), or
    `linear` (betas from .1 / T to 20 / T). residual_scale: of what is diffused. patch: side of HR patches in pixels,
    rounded up to what scale and U-Net can divide. accumulate: batches that make one step. checkpointing: less memory
    for more time, the same result. ema: decay of the average of weights, 0 for none. keep: the weights of the last
    step, or of the best validation, which is -10 log10 of the squared error of the noise, at fixed steps of the
    diffusion. sizes: at which training images are learned from, 1 being their own. sampler: `ancestral`, `ddim`,
    `dpm-solver++`, `predictor-corrector` or `probability-flow`. steps: of the sampler, by default as many as the
    diffusion has. eta: the noise of `ddim`, 1 being as much as the ancestral sampler's. samples: drawn for a picture.
    combine: SR is their `mean`, or the `most-consistent` one, which made small again has the smallest squared error to
    LR.
    """

    samples = True
    sampling = frozenset({"sampler", "steps", "eta", "samples", "combine"})
    presets: ClassVar = {"paper": {}, "small": SMALL}

    def __init__(
        self,
        channels: tuple[Width, ...] = (64, 128, 192, 256),
        blocks: Count = 2,
        attention: tuple[bool, ...] = (False, False, False, False),
        fold: Count = 1,
        timesteps: Count = 100,
        schedule: ScheduleName = "cosine",
        residual_scale: Positive = 2.0,
        loss: Literal["l1", "mse"] = "l1",
        learning_rate: Positive = 2e-4,
        course: Literal["constant", "cosine", "halved"] = "halved",
        batch_size: Count = 16,
        patch: Count = 160,
        accumulate: Count = 1,
        checkpointing: bool = False,
        clip: Positive | None = 10.0,
        ema: ProperFraction = 0.9999,
        keep: Literal["last", "best"] = "last",
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        sampler: Sampler = "ancestral",
        steps: Count | None = None,
        eta: float = 0.0,
        samples: Count = 1,
        combine: Literal["mean", "most-consistent"] = "mean",
    ) -> None:
        check_levels(channels, attention)
        if not sizes:
            raise srbench.SrbenchError("sizes: there should be at least one; [1] is the images' own")
        check_length(schedule, timesteps)
        check_sampler(sampler, steps, eta, timesteps)
        self.channels_by_level, self.blocks, self.attention, self.fold = channels, blocks, attention, fold
        self.timesteps, self.schedule, self.residual_scale, self.loss = timesteps, schedule, residual_scale, loss
        self.learning_rate, self.course, self.clip = learning_rate, course, clip
        self.ema, self.keep = ema, keep
        self.batch_size, self.patch, self.accumulate = batch_size, patch, accumulate
        self.checkpointing, self.training_scales = checkpointing, sizes
        self.sampler: Sampler = sampler
        self.steps, self.eta = steps, eta
        self.drawn, self.combine = samples, combine
        self._previews = False

    def supports(self, problem: srbench.Problem) -> None:
        """Every scale."""

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The U-Net."""
        from .network import Denoiser

        denoiser = Denoiser(
            channels, self.channels_by_level, self.blocks, self.attention, self.fold, self.checkpointing
        )
        return {"denoiser": denoiser}

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """One stage, on the error of the noise at a random step of the diffusion."""
        import torch
        from torch.nn import functional

        from .network import Denoiser

        denoiser = networks["denoiser"]
        assert isinstance(denoiser, Denoiser)
        diffusion = self.diffusion

        def told_and_true(
            batch_lr: torch.Tensor, hr: torch.Tensor, t: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            upsampled = resize(batch_lr, scale)
            clean = (2 * self.residual_scale * (hr - upsampled)).clamp(-1, 1)
            noise = torch.randn_like(clean)
            told = denoiser(diffusion.noised(clean, noise, t), 2 * upsampled - 1, t)
            return told.float(), noise

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            t = torch.randint(self.timesteps, batch.lr.shape[:1], device=batch.lr.device)
            told, noise = told_and_true(batch.lr, batch.hr, t)
            return {
                self.loss: functional.l1_loss(told, noise) if self.loss == "l1" else functional.mse_loss(told, noise)
            }

        def validate(batch: Batch) -> float:
            places = [(2 * i + 1) * self.timesteps // (2 * VALIDATED) for i in range(VALIDATED)]
            pairs = [told_and_true(batch.lr, batch.hr, torch.full((1,), t, device=batch.lr.device)) for t in places]
            error = float(torch.stack([functional.mse_loss(*pair) for pair in pairs]).mean())
            return -10 * math.log10(max(error, 1e-10))

        unit = math.lcm(scale.numerator, denoiser.multiple)
        return [
            srbench.Stage(
                "diffusion",
                networks={"denoiser": denoiser},
                optimisers={self.loss: torch.optim.Adam(denoiser.parameters(), lr=self.learning_rate)},
                step=step,
                batch_size=self.batch_size,
                patch=reduced(-(-self.patch // unit) * unit, scale),
                schedule={"constant": constant, "cosine": cosine, "halved": halved}[self.course],
                ema={"denoiser": self.ema} if self.ema else {},
                clip=self.clip,
                accumulate=self.accumulate,
                validate=validate,
                keep=self.keep,
            )
        ]

    @property
    def diffusion(self) -> Schedule:
        """The noise at each step."""
        return make_schedule(self.schedule, self.timesteps)

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train. At the end, one sample is shown coming out of the noise, and how much several differ.

        Whatever is shown is sampled in the same few steps, so that a model is the same for every sampler.
        """
        import torch

        self._previews = True
        try:
            super().fit(train, context)
            lr = read_lr(context.model_folder)
            if lr is None:
                return
            lr = lr.expand(-1, self.channels, -1, -1).to(self.device)
            with torch.inference_mode():
                write_denoising(context.model_folder, self._sampled(lr, seed=0, keep=MOMENTS))
                several = torch.cat([sr for seed in range(SPREAD_SAMPLES) for sr in self._sampled(lr, seed).values()])
                write_spread(context.model_folder, several)
        finally:
            self._previews = False

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR with the channels that were learned: the mean of the samples, or the one that fits LR best."""
        samples = self._samples(lr, 1 if self._previews else self.drawn)
        if self.combine == "mean":
            return functools.reduce(operator.add, samples) / (1 if self._previews else self.drawn)
        return self._most_consistent(lr, samples)

    def _most_consistent(self, lr: torch.Tensor, samples: Iterator[torch.Tensor]) -> torch.Tensor:
        """Choose for each image the sample that, made small as LR was, is closest to LR; the first of equal ones."""
        import torch

        best = next(samples)
        smallest = inconsistency(best, lr, self.scale)
        for other in samples:
            error = inconsistency(other, lr, self.scale)
            best = torch.where((error < smallest)[:, None, None, None], other, best)
            smallest = torch.minimum(error, smallest)
        return best

    def draw(self, lr: torch.Tensor, count: int) -> torch.Tensor:
        """Samples `(count, N, C, H * scale, W * scale)` of LR `(N, C, H, W)` with the channels that were learned.

        `upscale` takes the mean of the first of them, where torch is seeded alike. Their standard deviation shows how
        much LR leaves open, and where.
        """
        import torch

        self._need_networks()
        with torch.inference_mode():
            return torch.stack(list(self._samples(lr, count)))

    def _samples(self, lr: torch.Tensor, count: int) -> Iterator[torch.Tensor]:
        """One after the other, so that many need no more memory than one.

        Noise comes from torch's global generator by one number. Every image of a batch has generators of its own that
        begin there, so that neither the others nor its place in the batch change anything.
        """
        import torch

        begin = int(torch.randint(2**62, ()))
        for place in range(count):
            (result,) = self._sampled(lr, begin + place).values()
            yield result

    def _sampled(self, lr: torch.Tensor, seed: int, keep: int = 1) -> dict[int, torch.Tensor]:
        """SR at `keep` moments of sampling, by how often the network had been asked; the last is the result."""
        import torch

        from .network import Denoiser, continued

        denoiser = self.networks["denoiser"]
        assert isinstance(denoiser, Denoiser)
        upsampled = resize(lr, self.scale)
        condition = continued(2 * upsampled - 1, denoiser.multiple)
        sampler, steps, eta = self.sampler, self.steps, self.eta
        if self._previews:
            sampler, steps, eta = PREVIEW[0], min(PREVIEW[1], self.timesteps), 0.0
        kept = sample(
            lambda x, t: denoiser(x, condition, t),
            condition.shape[1:],
            self.diffusion,
            [torch.Generator().manual_seed(seed) for _ in range(len(lr))],
            sampler=sampler,
            steps=steps,
            eta=eta,
            clip=1.0,
            keep=keep,
            device=lr.device,
        ).kept
        height, width = upsampled.shape[-2:]
        return {
            asked: upsampled + state[..., :height, :width] / (2 * self.residual_scale) for asked, state in kept.items()
        }


def inconsistency(sr: torch.Tensor, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
    """The mean squared error of SR made small, by antialiased bicubic interpolation, to LR: `(N,)`.

    SR is clamped to [0, 1] first, as it is when written.
    """
    return (resize(sr.clamp(0, 1), 1 / scale) - lr).square().mean((1, 2, 3))
