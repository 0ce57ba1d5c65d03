"""Restoration by a diffusion that has never seen LR: what LR tells is put into each estimate of the clean image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import srbench
from srbench.pictures import Scale, enlarged, reduced
from srbench.types import Count, Positive, ProperFraction

from .linear import Lines, Operator, lines_of
from .parameters import PREVIEW, Betas, Predicts, Width, check_length, check_levels, make_schedule
from .sampled import SampledSR, generators
from .samplers import Sampler, check_sampler, sample

if TYPE_CHECKING:
    import torch

    from srbench import FitContext, TrainingSet

    from .free import FreeDiffusion
    from .schedule import Schedule

ROUNDS, CLOSE = 200, 1e-6
"""SR goes back and forth between black and white and LR so often, or until LR is met with this squared error, 60 dB."""

CURVED = (
    "Pictures have a curve from black to white, and LR is made before that: it is not quite a linear function of HR, "
    "and SR is only nearly consistent with it."
)

SMALL = {
    "channels": (48, 96, 144),
    "blocks": 1,
    "attention": (False, False, False),
    "fold": 2,
    "betas": "cosine",
    "predicts": "velocity",
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "batch_size": 16,
    "patch": 48,
    "ema": 0.999,
    "steps": 20,
}


class DDNM(SampledSR):
    """Draws SR with a diffusion that knows HR alone, so that the protocol makes of it the LR that was given.

    Wang, Yu, Zhang, "Zero-shot image restoration using denoising diffusion null-space model", ICLR 2023, algorithm 1:
    a U-Net learns the noise in HR, and nothing of LR. LR is y = A x, A being the protocol's degradation. At each step
    the estimate of the clean image, x, becomes A+ y + (I - A+ A) x: what LR tells of it comes from LR, all else from
    the diffusion. A is measured: A X = R X C^T, with a matrix for columns and one for rows of which the pseudo-inverses
    are exact. Degradations that are not linear in this way, or draw at random, are refused, and so are those whose
    inverse would make the rounding errors of LR more than 10 times larger along a line.

    SR is between black and white and has LR all the same: at the end it is clamped and made consistent in turn. Where
    LR comes with the dataset, or pictures have a curve, LR is not quite A x.

    Preset `paper` has the sampler of the authors' program, 100 steps of DDIM with .85 of the ancestral sampler's noise,
    and the diffusion of its models, 1000 steps with betas from 1e-4 to .02. Preset `small` is for two CPU cores: a
    smaller U-Net on squares of 2 x 2 pixels that tells the velocity, the cosine schedule, 20 steps.

    Deviations: the authors take published models of 256 pixels (Dhariwal and Nichol 2021, and others); here the U-Net,
    MONAI's, learns patches of the training set's HR, and then sees pictures of any size. In a step of DDIM the noise is
    what the corrected estimate leaves, as in the paper's algorithm, where the program takes what the U-Net tells. No
    travels in time, and no DDNM+ for LR with noise. At the end, SR is brought between black and white.

    channels: of the U-Net, by level. blocks: residual blocks a level. attention: levels that have it. fold: side of the
    squares of pixels that the U-Net sees as one place. timesteps: of the diffusion. betas: of its noise, `linear` (from
    .1 / T to 20 / T), or `cosine` (s = .008). predicts: what the U-Net tells, the `noise` or the `velocity`.
    learning_rate: Adam's. patch: side of HR patches in pixels, rounded up to what scale and U-Net can divide.
    accumulate: batches that make one step. checkpointing: less memory for more time, the same result. clip: the largest
    norm of a gradient. ema: decay of the average of weights, 0 for none. keep: the weights of the last step, or of the
    best validation, which is -10 log10 of the squared error of what the U-Net tells, at fixed steps. sampler:
    `ancestral`, `ddim` or `dpm-solver++`. steps: of the sampler, None for as many as the diffusion has. eta: the noise
    of `ddim`, 1 being as much as the ancestral sampler's. samples: drawn for a picture, of which SR is the mean.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Wang", "Yu", "Zhang"),
            "Zero-shot image restoration using denoising diffusion null-space model",
            2023,
            conference="ICLR",
            arxiv="2212.00490",
        ),
    )
    sampling = frozenset({"sampler", "steps", "eta", "samples"})
    presets: ClassVar = {"paper": {}, "small": SMALL}

    def __init__(
        self,
        channels: tuple[Width, ...] = (128, 256, 256, 256),
        blocks: Count = 2,
        attention: tuple[bool, ...] = (False, False, False, False),
        fold: Count = 1,
        timesteps: Count = 1000,
        betas: Betas = "linear",
        predicts: Predicts = "noise",
        learning_rate: Positive = 2e-4,
        batch_size: Count = 32,
        patch: Count = 64,
        accumulate: Count = 1,
        checkpointing: bool = False,
        clip: Positive | None = 1.0,
        ema: ProperFraction = 0.9999,
        keep: Literal["last", "best"] = "last",
        sampler: Sampler = "ddim",
        steps: Count | None = 100,
        eta: float = 0.85,
        samples: Count = 1,
    ) -> None:
        check_levels(channels, attention)
        check_length(betas, timesteps)
        check_sampler(sampler, steps, eta, timesteps)
        self.channels_by_level, self.blocks, self.attention, self.fold = channels, blocks, attention, fold
        self.timesteps, self.betas = timesteps, betas
        self.predicts: Predicts = predicts
        self.learning_rate, self.clip = learning_rate, clip
        self.batch_size, self.patch, self.accumulate = batch_size, patch, accumulate
        self.checkpointing, self.ema, self.keep = checkpointing, ema, keep
        self.sampler: Sampler = sampler
        self.steps, self.eta, self.drawn = steps, eta, samples
        self.lines: Lines

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """Every scale and size, where LR is a linear function of HR that can be inverted."""
        try:
            lines_of(problem.degradation, problem.scale)
        except srbench.SrbenchError as error:
            return srbench.Skip(f"it inverts the degradation: {error}")
        return None

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The U-Net."""
        from .network import FreeDenoiser

        denoiser = FreeDenoiser(
            channels, self.channels_by_level, self.blocks, self.attention, self.fold, self.checkpointing
        )
        return {"denoiser": denoiser}

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """One stage, on patches of HR: the squared error of the noise at a random step of the diffusion."""
        import torch

        free = self.free
        unit = math.lcm(scale.numerator, free.denoiser.multiple)
        return [
            srbench.Stage(
                "diffusion",
                networks={"denoiser": free.denoiser},
                optimisers={"mse": torch.optim.Adam(free.denoiser.parameters(), lr=self.learning_rate, fused=True)},
                step=free.step,
                batch_size=self.batch_size,
                patch=reduced(-(-self.patch // unit) * unit, scale),
                ema={"denoiser": self.ema} if self.ema else {},
                clip=self.clip,
                accumulate=self.accumulate,
                validate=free.validate,
                keep=self.keep,
            )
        ]

    @property
    def diffusion(self) -> Schedule:
        """The noise at each step."""
        return make_schedule(self.betas, self.timesteps)

    @property
    def free(self) -> FreeDiffusion:
        """The diffusion of HR."""
        from .free import FreeDiffusion
        from .network import FreeDenoiser

        denoiser = self.networks["denoiser"]
        assert isinstance(denoiser, FreeDenoiser)
        return FreeDiffusion(denoiser, self.diffusion, self.predicts)

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Measure the degradation, and train. Raises `NotLinearError`."""
        self.lines = lines_of(train.protocol.degradation, train.scale)
        if any(item.values is not None and item.values.curve != "linear" for item in train.items):
            self.notes.append(CURVED)
        super().fit(train, context)

    def _identity(self) -> dict[str, Any]:
        return super()._identity() | {"lines": self.lines.facts()}

    def _restore_identity(self, facts: Mapping[str, Any]) -> None:
        self.lines = Lines.of(facts["lines"])

    def sampled(self, lr: torch.Tensor, seed: int, keep: int = 1) -> dict[int, torch.Tensor]:
        """SR at `keep` moments of sampling, by how often the network had been asked; the last is the result."""
        free = self.free
        height, width = (enlarged(side, self.scale) for side in lr.shape[-2:])
        operator = Operator(self.lines, height, width, self.scale, lr)

        def correct(clean: torch.Tensor) -> torch.Tensor:
            # Of what lies beyond the picture, so that the U-Net can halve it, LR says nothing.
            clean[..., :height, :width] = operator.consistent(clean[..., :height, :width], 2 * lr - 1)
            return clean

        sampler, steps, eta = self.sampler, self.steps, self.eta
        if self.previews:
            sampler, steps, eta = PREVIEW[0], min(PREVIEW[1], self.timesteps), 0.0
        kept = sample(
            free.noise,
            (lr.shape[1], *(-(-side // free.denoiser.multiple) * free.denoiser.multiple for side in (height, width))),
            free.schedule,
            generators(seed, len(lr)),
            sampler=sampler,
            steps=steps,
            eta=eta,
            clip=1.0,
            correct=correct,
            keep=keep,
            device=lr.device,
        ).kept
        states = {asked: state[..., :height, :width] / 2 + 0.5 for asked, state in kept.items()}
        last = max(states)
        states[last] = between(states[last], lr, operator)
        return states


def between(sr: torch.Tensor, lr: torch.Tensor, operator: Operator) -> torch.Tensor:
    """SR `(N, C, H, W)` between black and white of which the LR that is given comes, near this one.

    It is moved in turn to what is between black and white and to what is consistent, each picture by itself:
    projections onto convex sets, which lead to what is in both, if anything is (Bauschke and Borwein, "On projection
    algorithms for solving convex feasibility problems", 1996). LR that is black or white may have been clipped, and
    what would be beyond is then as good.
    """
    import torch

    def one(picture: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        for _ in range(ROUNDS):
            clamped = picture.clamp(0, 1)
            made = operator.forward(clamped)
            clipped = (wanted <= 0) & (made < 0) | (wanted >= 1) & (made > 1)
            lacking = torch.where(clipped, 0, wanted - made)
            if float(lacking.square().mean()) <= CLOSE:
                return clamped
            picture = clamped + operator.back(lacking)
        return picture.clamp(0, 1)

    return torch.stack([one(*pair) for pair in zip(sr, lr, strict=True)])
