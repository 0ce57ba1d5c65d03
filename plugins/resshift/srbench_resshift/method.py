"""ResShift as a method: its parameters and presets, what is learned, and how SR is drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from srbench_ddpm.parameters import Width, check_levels
from srbench_ddpm.sampled import Combine, SampledSR, generators

import srbench
from srbench.pictures import Scale, reduced, resize
from srbench.training import Batch
from srbench.types import Count, Positive, PositiveFraction, ProperFraction

if TYPE_CHECKING:
    import torch
    from srbench_ddpm.network import Denoiser

    from .shift import Shift

VALIDATED = 4
"""Steps of the shift at which a held-out image is validated, at most."""

SMALL = {
    "channels": (48, 96, 144),
    "blocks": 1,
    "attention": (False, False, False),
    "fold": 2,
    "timesteps": 4,
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "batch_size": 8,
    "patch": 48,
    "clip": 1.0,
    "keep": "best",
}


class ResShift(SampledSR):
    """Draws SR in few steps from the upsampled LR and noise, by a diffusion whose end is LR and not noise alone.

    Yue, Wang, Loy, "ResShift: efficient diffusion model for image super-resolution by residual shifting", NeurIPS 2023:
    HR moves to the bicubic-upsampled LR by the share eta_t of their difference, while noise of the deviation
    kappa sqrt(eta_t) is added; a U-Net sees the moved image beside the upsampled LR, and learns HR by its squared
    error. sqrt(eta_t) grows geometrically from .04 / kappa, faster at first (`power`), to eta_T = .999. Each step back
    draws from the posterior that the estimate of HR leaves.

    SR is drawn at random: it depends on the seed, which is the cell's. One picture is one sample, or the mean of
    several (`samples`), or the one of them that fits LR best. `draw` gives the samples themselves, and so their spread.

    Preset `paper` has the published settings for x4: 15 steps, kappa 2, power .3, U-Net of 160, 320, 320 and 640
    channels, Adam at 5e-5, batches of 64 patches of 256 pixels, averaged weights of decay .999; the authors make
    500,000 steps. Preset `small` is for two CPU cores: a smaller U-Net on squares of 2 x 2 pixels, 4 steps, gradients
    of norm 1 at most, Adam at 1e-3 falling to zero along a cosine.

    Deviations: pixels in place of the latents of a VQGAN, which make an image a quarter as wide; in `paper`, the U-Net
    sees squares of 4 x 4 pixels as one place instead. MONAI's U-Net, with attention in the middle alone in place of
    Swin blocks. It tells what the upsampled LR lacks, which is added to that: the same HR, learned by the same error.
    Estimates of HR are clamped to black and white. No warm-up of the learning rate, all flips and quarter turns;
    training images and their LR are those of the matrix and its protocol.

    channels: of the U-Net, by level. blocks: residual blocks a level. attention: levels that have it. fold: side of the
    squares of pixels that the U-Net sees as one place. timesteps: of the shift, 2 or more. kappa: the deviation of the
    noise at the end, images being in [-1, 1]; more makes SR more inventive. power: p of the schedule; more stays longer
    near HR. least_noise: the deviation of the noise at the first step. patch: side of HR patches in pixels, rounded up
    to what scale and U-Net can divide. accumulate: batches that make one step. checkpointing: less memory for more
    time, the same result. clip: the largest norm of a gradient. ema: decay of the average of weights, 0 for none. keep:
    the weights of the last step, or of the best validation, which is the PSNR of the HR that is told, at fixed steps.
    sizes: at which training images are learned from, 1 being their own. steps: taken of the shift's when sampling, None
    for all. samples: drawn for a picture. combine: SR is their `mean`, or the `most-consistent` one, which made small
    again has the smallest squared error to LR.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Yue", "Wang", "Loy"),
            "ResShift: Efficient diffusion model for image super-resolution by residual shifting",
            2023,
            conference="NeurIPS",
            arxiv="2307.12348",
        ),
    )
    sampling = frozenset({"steps", "samples", "combine"})
    presets: ClassVar = {"paper": {}, "small": SMALL}

    def __init__(
        self,
        channels: tuple[Width, ...] = (160, 320, 320, 640),
        blocks: Count = 2,
        attention: tuple[bool, ...] = (False, False, False, False),
        fold: Count = 4,
        timesteps: Count = 15,
        kappa: Positive = 2.0,
        power: Positive = 0.3,
        least_noise: Positive = 0.04,
        learning_rate: Positive = 5e-5,
        batch_size: Count = 64,
        patch: Count = 256,
        accumulate: Count = 1,
        checkpointing: bool = False,
        clip: Positive | None = None,
        ema: ProperFraction = 0.999,
        keep: Literal["last", "best"] = "last",
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        steps: Count | None = None,
        samples: Count = 1,
        combine: Combine = "mean",
    ) -> None:
        check_levels(channels, attention)
        if not sizes:
            raise srbench.SrbenchError("sizes: there should be at least one; [1] is the images' own")
        if timesteps < 2:
            raise srbench.SrbenchError(f"timesteps: {timesteps}; a shift has at least two steps")
        if steps is not None and steps > timesteps:
            raise srbench.SrbenchError(f"steps: {steps}; the shift has {timesteps}")
        self.channels_by_level, self.blocks, self.attention, self.fold = channels, blocks, attention, fold
        self.timesteps, self.kappa, self.power, self.least_noise = timesteps, kappa, power, least_noise
        self.learning_rate, self.clip = learning_rate, clip
        self.batch_size, self.patch, self.accumulate = batch_size, patch, accumulate
        self.checkpointing, self.ema, self.keep, self.training_scales = checkpointing, ema, keep, sizes
        self.steps, self.drawn, self.combine = steps, samples, combine

    def supports(self, problem: srbench.Problem) -> None:
        """Every scale."""

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The U-Net."""
        from srbench_ddpm.network import Denoiser

        denoiser = Denoiser(
            channels, self.channels_by_level, self.blocks, self.attention, self.fold, self.checkpointing
        )
        return {"denoiser": denoiser}

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """One stage, on the squared error of HR as it is told at a random step of the shift."""
        import torch
        from torch.nn import functional

        shift, denoiser = self.shift, self.denoiser

        def error(lr: torch.Tensor, hr: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            clean, upsampled = 2 * hr - 1, 2 * resize(lr, scale) - 1
            shifted = shift.shifted(clean, upsampled, torch.randn_like(clean), t)
            return functional.mse_loss(self.told(shifted, upsampled, t).float(), clean)

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            t = torch.randint(self.timesteps, batch.lr.shape[:1], device=batch.lr.device)
            return {"mse": error(batch.lr, batch.hr, t)}

        def validate(batch: Batch) -> float:
            count = min(VALIDATED, self.timesteps)
            places = [(2 * i + 1) * self.timesteps // (2 * count) for i in range(count)]
            found = [error(batch.lr, batch.hr, torch.full((1,), t, device=batch.lr.device)) for t in places]
            # Black and white are two apart there.
            return -10 * math.log10(max(float(torch.stack(found).mean()) / 4, 1e-10))

        unit = math.lcm(scale.numerator, denoiser.multiple)
        return [
            srbench.Stage(
                "diffusion",
                networks={"denoiser": denoiser},
                optimisers={"mse": torch.optim.Adam(denoiser.parameters(), lr=self.learning_rate, fused=True)},
                step=step,
                batch_size=self.batch_size,
                patch=reduced(-(-self.patch // unit) * unit, scale),
                ema={"denoiser": self.ema} if self.ema else {},
                clip=self.clip,
                accumulate=self.accumulate,
                validate=validate,
                keep=self.keep,
            )
        ]

    @property
    def shift(self) -> Shift:
        """How far each step has come from HR to LR, and its noise."""
        from .shift import Shift

        return Shift.geometric(self.timesteps, self.kappa, self.power, self.least_noise)

    @property
    def denoiser(self) -> Denoiser:
        """The U-Net."""
        from srbench_ddpm.network import Denoiser

        denoiser = self.networks["denoiser"]
        assert isinstance(denoiser, Denoiser)
        return denoiser

    def told(self, shifted: torch.Tensor, upsampled: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """HR as the U-Net tells it, of x_t and the upsampled LR `(N, C, H, W)` in [-1, 1] at steps t `(N,)`.

        It sees x_t at about unit deviation, as in the authors' program.
        """
        lacking: torch.Tensor = self.denoiser(shifted / self.shift.scale(t, shifted), upsampled, t)
        return upsampled + lacking

    def sampled(self, lr: torch.Tensor, seed: int, keep: int = 1) -> dict[int, torch.Tensor]:
        """SR at `keep` moments of sampling, by how often the network had been asked; the last is the result."""
        from srbench_ddpm.network import continued

        from .shift import sample

        upsampled = 2 * resize(lr, self.scale) - 1
        height, width = upsampled.shape[-2:]
        whole = continued(upsampled, self.denoiser.multiple)
        kept = sample(
            lambda x, t: self.told(x, whole, t),
            whole,
            self.shift,
            generators(seed, len(lr)),
            steps=None if self.previews else self.steps,
            clip=1.0,
            keep=keep,
        )
        return {asked: state[..., :height, :width] / 2 + 0.5 for asked, state in kept.items()}
