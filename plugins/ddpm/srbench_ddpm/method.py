"""Denoising diffusion as a method: its parameters and presets, its networks, and how SR is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import srbench
from srbench.pictures import Scale, resize
from srbench.types import Count, OpenFraction, Positive, PositiveFraction, ProperFraction

from .parameters import PREVIEW, Betas, Width, check_length, check_levels, make_schedule
from .sampled import Combine, SampledSR, generators
from .samplers import Sampler, check_sampler, sample

if TYPE_CHECKING:
    import torch

    from srbench import FitContext, TrainingSet

    from .encoder import Encoder
    from .network import Denoiser
    from .schedule import Schedule

ENCODED = (2, 4)
"""The scales of the network that encodes LR."""

SMALL = {
    "channels": (48, 96, 144),
    "blocks": 1,
    "attention": (False, False, False),
    "fold": 2,
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "batch_size": 8,
    "patch": 48,
    "clip": 1.0,
    "ema": 0.999,
    "keep": "best",
    "sampler": "ddim",
    "steps": 10,
    "eta": 0.7,
}


class DDPM(SampledSR):
    """Draws SR by removing noise step by step, given the bicubic-upsampled LR, or what an encoder sees in LR.

    Ho, Jain, Abbeel, "Denoising diffusion probabilistic models", 2020, for super-resolution as in Saharia et al.,
    "Image super-resolution via iterative refinement" (SR3), 2021: a U-Net sees the noisy image beside the upsampled
    LR. What is diffused is the difference of HR to that, as in Li et al., "SRDiff: single image super-resolution with
    diffusion probabilistic models", 2022: twice the difference of images in [-1, 1], clamped to [-1, 1]; 100 steps of
    the cosine schedule, the mean absolute error of the noise.

    SR is drawn at random: it depends on the seed, which is the cell's. One picture is one sample, or the mean of
    several (`samples`): the mean scores higher and is smoother; or the one of them that fits LR best. `draw` gives the
    samples themselves, and so their spread.

    Preset `paper` has the settings of SRDiff for x4: U-Net of 64, 128, 192 and 256 channels, Adam at 2e-4, halved half
    way (the authors make 400,000 steps), batches of 16 patches of 160 pixels, gradients of norm 10 at most. Preset
    `srdiff` has its condition, too (`condition: rrdb`): the features of an RRDBNet of 17 blocks and 64 channels, which
    learns SR by the mean absolute error in a stage of its own, `encoder` (the authors make 100,000 steps), and then
    stays as it is.

    Deviations from SRDiff: in `paper`, SR3's condition in place of those features; in `srdiff`, the features behind the
    last block alone, and scales 2 and 4; MONAI's U-Net, whose middle has attention; averaged weights, as in SR3;
    training images and their LR are those of the matrix and its protocol, patches are flipped and turned.

    Preset `small` is for two CPU cores: a smaller U-Net on squares of 2 x 2 pixels, gradients of norm 1 at most, Adam
    at 1e-3 falling to zero along a cosine, SR in 10 steps of DDIM with .7 of the ancestral sampler's noise.

    channels: of the U-Net, by level. blocks: residual blocks a level. attention: levels that have it. fold: side of the
    squares of pixels that the U-Net sees as one place. timesteps: of the diffusion. betas: of its noise, `cosine` (s =
    .008), or `linear` (from .1 / T to 20 / T). residual_scale: of what is diffused. patch: side of HR patches in
    pixels, rounded up to what scale and U-Net can divide. accumulate: batches that make one step. checkpointing: less
    memory for more time, the same result. ema: decay of the average of weights, 0 for none. keep: the weights of the
    last step, or of the best validation, which is -10 log10 of the squared error of the noise, at fixed steps of the
    diffusion. sizes: at which training images are learned from, 1 being their own. condition: what the U-Net sees of
    LR, its `bicubic` interpolation or the features of an `rrdb`. encoder_blocks, encoder_width: of that network.
    encoder_share: its part of the budget. sampler: `ancestral`, `ddim`, `dpm-solver++`, `predictor-corrector` or
    `probability-flow`. steps: of the sampler, by default as many as the diffusion has. eta: the noise of `ddim`, 1
    being as much as the ancestral sampler's. samples: drawn for a picture. combine: SR is their `mean`, or the
    `most-consistent` one, which made small again has the smallest squared error to LR.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Ho", "Jain", "Abbeel"),
            "Denoising diffusion probabilistic models",
            2020,
            conference="NeurIPS",
            arxiv="2006.11239",
        ),
        srbench.Paper(
            ("Saharia", "others"), "Image super-resolution via iterative refinement", 2021, arxiv="2104.07636"
        ),
        srbench.Paper(
            ("Li", "others"),
            "SRDiff: Single image super-resolution with diffusion probabilistic models",
            2022,
            journal="Neurocomputing",
            arxiv="2104.14951",
        ),
    )
    sampling = frozenset({"sampler", "steps", "eta", "samples", "combine"})
    presets: ClassVar = {"paper": {}, "srdiff": {"condition": "rrdb"}, "small": SMALL}

    def __init__(
        self,
        channels: tuple[Width, ...] = (64, 128, 192, 256),
        blocks: Count = 2,
        attention: tuple[bool, ...] = (False, False, False, False),
        fold: Count = 1,
        timesteps: Count = 100,
        betas: Betas = "cosine",
        residual_scale: Positive = 2.0,
        loss: Literal["l1", "mse"] = "l1",
        learning_rate: Positive = 2e-4,
        batch_size: Count = 16,
        patch: Count = 160,
        accumulate: Count = 1,
        checkpointing: bool = False,
        clip: Positive | None = 10.0,
        ema: ProperFraction = 0.9999,
        keep: Literal["last", "best"] = "last",
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        condition: Literal["bicubic", "rrdb"] = "bicubic",
        encoder_blocks: Count = 17,
        encoder_width: Width = 64,
        encoder_share: OpenFraction = 0.2,
        sampler: Sampler = "ancestral",
        steps: Count | None = None,
        eta: float = 0.0,
        samples: Count = 1,
        combine: Combine = "mean",
    ) -> None:
        check_levels(channels, attention)
        if not sizes:
            raise srbench.SrbenchError("sizes: there should be at least one; [1] is the images' own")
        check_length(betas, timesteps)
        check_sampler(sampler, steps, eta, timesteps)
        self.channels_by_level, self.blocks, self.attention, self.fold = channels, blocks, attention, fold
        self.timesteps, self.betas, self.residual_scale, self.loss = timesteps, betas, residual_scale, loss
        self.learning_rate, self.clip = learning_rate, clip
        self.ema, self.keep = ema, keep
        self.batch_size, self.patch, self.accumulate = batch_size, patch, accumulate
        self.checkpointing, self.training_scales = checkpointing, sizes
        self.condition, self.encoder_share = condition, encoder_share
        self.encoder_blocks, self.encoder_width = encoder_blocks, encoder_width
        self.sampler: Sampler = sampler
        self.steps, self.eta = steps, eta
        self.drawn, self.combine = samples, combine
        self.encoding = False
        """Whether the encoder is what learns, and so what training shows."""

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """Every scale; those of its encoder, where it has one."""
        if self.condition == "bicubic" or problem.scale in ENCODED:
            return None
        return srbench.Skip(f"its encoder, an RRDBNet, upscales by 2 or 4, not by {problem.scale}")

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The U-Net, and the encoder where there is one."""
        from .network import Denoiser

        unet = channels, self.channels_by_level, self.blocks, self.attention, self.fold, self.checkpointing
        if self.condition == "bicubic":
            return {"denoiser": Denoiser(*unet)}
        if scale not in ENCODED:
            raise srbench.SrbenchError(f"{type(self).__name__}: an RRDBNet upscales by 2 or 4, not by {scale}")
        from .encoder import Encoder

        return {
            "denoiser": Denoiser(*unet, features=self.encoder_width),
            "encoder": Encoder(channels, int(scale), self.encoder_blocks, self.encoder_width),
        }

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """The encoder's, where there is one, and the diffusion's."""
        from .training import diffusion_stage, encoder_stage

        diffusion, encoder = diffusion_stage(self), self.encoder
        return [diffusion] if encoder is None else [encoder_stage(self, encoder), diffusion]

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train, and leave pictures of samples; of the encoder's SR while that is what learns."""
        try:
            super().fit(train, context)
        finally:
            self.encoding = False

    @property
    def diffusion(self) -> Schedule:
        """The noise at each step."""
        return make_schedule(self.betas, self.timesteps)

    @property
    def denoiser(self) -> Denoiser:
        """The U-Net."""
        from .network import Denoiser

        denoiser = self.networks["denoiser"]
        assert isinstance(denoiser, Denoiser)
        return denoiser

    @property
    def encoder(self) -> Encoder | None:
        """The network that encodes LR, where there is one."""
        from .encoder import Encoder

        encoder = self.networks.get("encoder")
        assert encoder is None or isinstance(encoder, Encoder)
        return encoder

    def condition_of(self, lr: torch.Tensor, upsampled: torch.Tensor) -> torch.Tensor:
        """What the U-Net sees of LR: the upsampled LR in [-1, 1], or features, through which nothing learns."""
        import torch

        encoder = self.encoder
        if encoder is None:
            return 2 * upsampled - 1
        with torch.no_grad():
            return encoder.features(lr)

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR with the channels that were learned, drawn; the encoder's, while that is what learns."""
        encoder = self.encoder if self.encoding else None
        return super().sr(lr) if encoder is None else encoder.enlarged(lr)

    def sampled(self, lr: torch.Tensor, seed: int, keep: int = 1) -> dict[int, torch.Tensor]:
        """SR at `keep` moments of sampling, by how often the network had been asked; the last is the result."""
        from .network import continued

        denoiser, upsampled = self.denoiser, resize(lr, self.scale)
        condition = self.condition_of(lr, upsampled)
        if self.condition == "bicubic":
            condition = continued(condition, denoiser.multiple)
        sampler, steps, eta = self.sampler, self.steps, self.eta
        if self.previews:
            sampler, steps, eta = PREVIEW[0], min(PREVIEW[1], self.timesteps), 0.0
        kept = sample(
            lambda x, t: denoiser(x, condition, t),
            continued(upsampled[0], denoiser.multiple).shape,
            self.diffusion,
            generators(seed, len(lr)),
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
