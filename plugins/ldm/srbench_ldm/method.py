"""Latent diffusion as a method: its parameters, presets, two stages of training, and upscaling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from srbench_ddpm.samplers import Sampler, check_sampler

import srbench
from srbench.pictures import Scale, resize
from srbench.types import Count, Fraction, Natural, NonNegative, OpenFraction, Positive, ProperFraction
from srbench.weights import place, weights_file

from .parameters import (
    PERCEPTUAL_SMALLEST,
    PRESETS,
    Betas,
    FirstStage,
    Keep,
    PerceptualNetwork,
    Predicts,
)

if TYPE_CHECKING:
    import torch
    from srbench_ddpm.schedule import Schedule

    from srbench import FitContext, TrainingSet

    from .geometry import Geometry
    from .networks import Autoencoder, Denoiser

SCALES = range(2, 17)
PREVIEW: tuple[Sampler, int] = ("dpm-solver++", 20)
"""How the samples are made that are shown while it learns."""


class LDM(srbench.TorchMethod):
    """Latent diffusion: an autoencoder makes images small, a diffusion turns noise into such a latent, given LR.

    Rombach et al., "High-resolution image synthesis with latent diffusion models", CVPR 2022 (arXiv 2112.10752); for
    medical images Pinaya et al., "Generative AI for medical imaging: extending the MONAI framework", 2023 (arXiv
    2307.15208). Networks and adversarial loss are MONAI's.

    Stage `autoencoder`: the mean absolute error, 1e-6 times the KL divergence (the sum over a latent, the mean over
    images), .002 times a perceptual distance where the weights of its network are on the machine (`srbench fetch
    vgg19`; the record and the page say where they are not), and after a warm-up .005 times the least-squares loss of a
    discriminator of patches. Its validation is the PSNR of its own reconstructions of held-out images: the ceiling of
    what the diffusion can reach. Then it is frozen. Stage `diffusion`: a U-Net learns the noise in latents, scaled by
    1 / their standard deviation on the training set, given LR with noise of its own and the level of that noise; its
    validation is -10 log10 of the noise's mean squared error, at fixed steps and noise.

    The autoencoder halves the sides as often as the scale has factors of two, so that latents are as large as LR; at
    other scales it halves to the next larger size, and LR is resized to that.

    Preset `mammography` is a published configuration for mammograms at x2 in grey (one level below the pixels' own, 15
    latent channels, a perceptual distance on AlexNet, HR patches of 416 pixels one by one, 100 epochs and 120, each
    ended early); `pinaya` is MONAI's for 64-pixel CT at x4; `small` is for two CPU cores, and says nothing of what the
    others can do. It is made of what helps a short training: an autoencoder on squares of 4 x 4 pixels with a linear
    one beside it (`fold`, `shortcut`), and a diffusion of what the latent of bicubic SR lacks, whose U-Net tells the
    clean latent (`residual`, `predicts`).

    `first_stage` `vq` has the same autoencoder with a codebook in place of the KL divergence (Van den Oord et al.,
    "Neural discrete representation learning", 2017): each place of a latent becomes the nearest of `codes` vectors,
    which are moving averages of the latents that they stand for and begin as some of them; gradients pass that by, and
    `commitment_weight` times the mean squared distance of latents to their vectors is minimised with the other losses.
    What is diffused are latents before that; decoding quantises them, also for the ceiling.

    Deviations: patches are flipped and turned; both gradients of an adversarial step are computed before either network
    is updated; the discriminator's own loss is not weighted, which Adam does not see; the perceptual distance is that
    of one layer of VGG19, but for `mammography`, which has LPIPS on AlexNet as published (`srbench fetch alexnet`);
    there a stage ends after 6 of 20 validations without a better one, since how many the authors waited for is not
    published; LR is given to the U-Net in [-1, 1]; `noise_level` 0 is LR as it is, so that 21 is what MONAI's tutorial
    calls 20.

    autoencoder: `weights.safetensors` of an earlier model of this method, whose autoencoder is used as it is; the whole
    budget is then the diffusion's. autoencoder_channels: of the levels, from the pixels' on; what the scale does not
    need is left out, what it needs beyond is as the last. autoencoder_attention: in the deepest level. fold: the side
    of the squares of pixels that are one place of its first level; a power of two, at most the scale's. shortcut: a
    linear autoencoder beside it, which begins as the principal components of the training patches; then the network,
    which at first adds nothing, learns what that lacks. predicts: what the U-Net tells of a noisy latent, the noise in
    it or the clean latent. residual: what is diffused is the latent of HR without that of bicubic SR. unet_attention:
    for each of the U-Net's levels, whether it has any, in heads of head_channels. blocks: residual blocks a level.
    norm_groups: of group normalisation; all channels are multiples of it. adversarial_after: the share of its stage
    before the autoencoder meets its discriminator. autoencoder_share: of the budget. rates: of Adam. clip: the largest
    norm of a gradient. ema: decay of the average of the weights of both networks, 0 for none. keep: the weights of the
    best validation of each stage, or the last. patch: the side of HR patches in pixels. accumulate: batches whose mean
    gradient makes a step. checkpointing: blocks are computed again for the gradient, which takes a third more time and
    a fraction of the memory. timesteps, betas, beta_start, beta_end: the schedule (the last two not of `cosine`).
    lr_noise: the highest level of noise that LR has while training; noise_level: when upscaling; levels count the
    schedule's steps. sampler, steps, eta: how latents are sampled; steps None is all of them.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Rombach", "others"),
            "High-resolution image synthesis with latent diffusion models",
            2022,
            conference="CVPR",
            arxiv="2112.10752",
        ),
        srbench.Paper(
            ("Pinaya", "others"),
            "Generative AI for medical imaging: Extending the MONAI framework",
            2023,
            arxiv="2307.15208",
        ),
    )
    samples = True
    ceiling = "reconstruction by its autoencoder"
    sampling = frozenset({"sampler", "steps", "eta"})
    presets: ClassVar = PRESETS

    def __init__(
        self,
        autoencoder: Path | None = None,
        first_stage: FirstStage = "kl",
        autoencoder_channels: tuple[Count, ...] = (128, 128),
        latent_channels: Count = 15,
        codes: Count = 1024,
        autoencoder_blocks: Count = 2,
        autoencoder_attention: bool = False,
        fold: Count = 1,
        shortcut: bool = False,
        unet_channels: tuple[Count, ...] = (256, 256),
        unet_attention: tuple[bool, ...] = (False, True),
        head_channels: Count = 64,
        unet_blocks: Count = 2,
        norm_groups: Count = 32,
        kl_weight: NonNegative = 1e-6,
        commitment_weight: NonNegative = 0.25,
        perceptual_weight: NonNegative = 0.002,
        perceptual_network: PerceptualNetwork = "vgg19",
        adversarial_weight: NonNegative = 0.005,
        adversarial_after: ProperFraction = 0.1,
        discriminator_width: Count = 64,
        discriminator_layers: Count = 3,
        autoencoder_rate: Positive = 5e-5,
        discriminator_rate: Positive = 1e-4,
        learning_rate: Positive = 5e-5,
        clip: Positive | None = None,
        ema: ProperFraction = 0.0,
        keep: Keep = "best",
        autoencoder_share: OpenFraction = 100 / 220,
        batch_size: Count = 1,
        accumulate: Count = 1,
        patch: Count = 416,
        checkpointing: bool = False,
        timesteps: Count = 1000,
        betas: Betas = "linear",
        beta_start: OpenFraction = 0.0015,
        beta_end: OpenFraction = 0.0195,
        predicts: Predicts = "noise",
        residual: bool = False,
        lr_noise: Natural = 350,
        noise_level: Natural = 21,
        sampler: Sampler = "ancestral",
        steps: Count | None = None,
        eta: Fraction = 0.0,
    ) -> None:
        self.autoencoder = autoencoder
        self.first_stage, self.codes, self.commitment_weight = first_stage, codes, commitment_weight
        self.perceptual_network: PerceptualNetwork = perceptual_network
        self.autoencoder_channels, self.latent_channels = autoencoder_channels, latent_channels
        self.autoencoder_blocks, self.autoencoder_attention = autoencoder_blocks, autoencoder_attention
        self.fold, self.shortcut = fold, shortcut
        self.unet_channels, self.unet_attention, self.head_channels = unet_channels, unet_attention, head_channels
        self.unet_blocks, self.norm_groups = unet_blocks, norm_groups
        self.kl_weight, self.perceptual_weight, self.adversarial_weight = (
            kl_weight,
            perceptual_weight,
            adversarial_weight,
        )
        self.adversarial_after = adversarial_after
        self.discriminator_width, self.discriminator_layers = discriminator_width, discriminator_layers
        self.autoencoder_rate, self.discriminator_rate = autoencoder_rate, discriminator_rate
        self.learning_rate, self.clip, self.ema, self.keep = learning_rate, clip, ema, keep
        self.autoencoder_share = autoencoder_share
        self.batch_size, self.accumulate, self.patch = batch_size, accumulate, patch
        self.checkpointing = checkpointing
        self.timesteps, self.betas, self.beta_start, self.beta_end = timesteps, betas, beta_start, beta_end
        self.predicts: Predicts = predicts
        self.residual = residual
        self.lr_noise, self.noise_level = lr_noise, noise_level
        self.sampler: Sampler = sampler
        self.steps, self.eta = steps, eta
        self._previews = False
        self._check()
        if perceptual_weight and autoencoder is None and place(weights_file(perceptual_network)).is_file():
            # A model that had to do without has another key.
            self.weights = (perceptual_network,)

    def _check(self) -> None:
        """Raise an error where parameters contradict each other, before anything is trained."""
        if self.autoencoder is not None and self.autoencoder.is_dir():
            raise srbench.SrbenchError(
                f"autoencoder: {self.autoencoder} is a folder; give the file weights.safetensors in it, whose content "
                "then belongs to the key of what is made with it"
            )
        for name in ("autoencoder_channels", "unet_channels"):
            channels = getattr(self, name)
            if not channels or any(count % self.norm_groups for count in channels):
                raise srbench.SrbenchError(
                    f"{name}: {list(channels)}; there should be at least one, all multiples of norm_groups, "
                    f"{self.norm_groups}"
                )
        if len(self.unet_attention) != len(self.unet_channels):
            raise srbench.SrbenchError(
                f"unet_attention: {list(self.unet_attention)}; it should say yes or no to each of the "
                f"{len(self.unet_channels)} levels of unet_channels"
            )
        # The middle of the U-Net, which is as wide as its last level, always has attention.
        attended = [*self.unet_attention[:-1], True]
        for count in (c for c, has in zip(self.unet_channels, attended, strict=True) if has):
            if count % self.head_channels:
                raise srbench.SrbenchError(
                    f"head_channels: {self.head_channels}; {count} channels with attention are not a multiple of it"
                )
        if not self.noise_level <= self.lr_noise <= self.timesteps:
            raise srbench.SrbenchError(
                f"noise_level, lr_noise: {self.noise_level}, {self.lr_noise}; the first is at most the second, up to "
                f"which the network learns, and that at most the {self.timesteps} timesteps"
            )
        if self.fold & (self.fold - 1):
            raise srbench.SrbenchError(f"fold: {self.fold}; it should be a power of two, as the autoencoder halves")
        if self.betas != "cosine" and self.beta_start > self.beta_end:
            raise srbench.SrbenchError(f"beta_start: {self.beta_start} is above beta_end, {self.beta_end}")
        check_sampler(self.sampler, self.steps, self.eta, self.timesteps)

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """Whole scales from 2 to 16, where the patches are large enough for the losses."""
        reason = self._why_not(problem.scale)
        return None if reason is None else srbench.Skip(reason)

    def _why_not(self, scale: Scale) -> str | None:
        if scale not in SCALES:
            return f"its autoencoder makes latents for scales from {SCALES[0]} to {SCALES[-1]}, not for x{scale}"
        if self.autoencoder is not None:
            return None
        side = self.lr_patch(scale) * scale
        # The first convolution and all but the last one after it halve, two more take a line each.
        needed = {"its discriminator": 3 * 2**self.discriminator_layers} if self.adversarial_weight else {}
        if self.perceptual_weight:
            needed["the perceptual distance"] = PERCEPTUAL_SMALLEST[self.perceptual_network]
        for what, least in needed.items():
            if side < least:
                return f"{what} needs HR patches of {least} pixels, and x{scale} leaves {side} of them; raise `patch`"
        return None

    def lr_patch(self, scale: Scale) -> int:
        """The side of LR patches: HR patches are as many whole LR pixels as fit into `patch`."""
        return max(1, self.patch // scale)

    @property
    def schedule(self) -> Schedule:
        """The noise of latents at each step, and of LR at each level above 0."""
        from srbench_ddpm.schedule import Schedule

        if self.betas == "cosine":
            return Schedule.cosine(self.timesteps)
        make = Schedule.linear if self.betas == "linear" else Schedule.scaled_linear
        return make(self.timesteps, self.beta_start, self.beta_end)

    @property
    def geometry(self) -> Geometry:
        """How LR, HR and latents lie on each other, at the scale of the model."""
        from .geometry import Geometry

        return Geometry(int(self.scale), 2 ** (len(self.unet_channels) - 1))

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The denoiser and the autoencoder."""
        from .geometry import largest_power, levels
        from .networks import Autoencoder, Denoiser, checkpoint_blocks
        from .quantised import QuantisedAutoencoder

        reason = self._why_not(scale)
        if reason is not None:
            raise srbench.SrbenchError(f"{type(self).__name__}: {reason}")
        fold = min(self.fold, largest_power(int(scale)))
        denoiser = Denoiser(
            self.latent_channels,
            channels,
            self.unet_channels,
            self.unet_attention,
            self.head_channels,
            self.unet_blocks,
            self.norm_groups,
            self.lr_noise,
        )
        layout = (
            channels,
            levels(self.autoencoder_channels, int(scale), fold),
            self.latent_channels,
            self.autoencoder_blocks,
            self.autoencoder_attention,
            self.norm_groups,
            fold,
            self.shortcut,
        )
        vq = self.first_stage == "vq"
        autoencoder = QuantisedAutoencoder(*layout, codes=self.codes) if vq else Autoencoder(*layout)
        networks: dict[str, torch.nn.Module] = {"denoiser": denoiser, "autoencoder": autoencoder}
        if self.checkpointing:
            for network in networks.values():
                checkpoint_blocks(network)
        return networks

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """The autoencoder's, unless that of an earlier model is used, and the diffusion's."""
        from .earlier import load_autoencoder
        from .training import autoencoder_stage, diffusion_stage

        if self.autoencoder is None:
            return [autoencoder_stage(self), diffusion_stage(self)]
        load_autoencoder(self.autoencoder, networks["autoencoder"])
        note = (
            "The autoencoder is that of an earlier training, which is neither in this one's budget nor in its seconds."
        )
        if note not in self.notes:
            self.notes.append(note)
        return [diffusion_stage(self)]

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train both stages; the samples shown meanwhile are made in few steps."""
        self._previews = True
        try:
            super().fit(train, context)
        finally:
            self._previews = False

    def autoencoder_and_denoiser(self) -> tuple[Autoencoder, Denoiser]:
        """The networks, by their types."""
        from .networks import Autoencoder, Denoiser

        autoencoder, denoiser = self.networks["autoencoder"], self.networks["denoiser"]
        assert isinstance(autoencoder, Autoencoder) and isinstance(denoiser, Denoiser)
        return autoencoder, denoiser

    def reconstruction(self, hr: torch.Tensor) -> torch.Tensor:
        """What the autoencoder makes of images `(N, C, H, W)` with white at 1: the ceiling of its SR."""
        autoencoder, _ = self.autoencoder_and_denoiser()
        height, width = hr.shape[-2:]
        return autoencoder.reconstruct(self.geometry.framed(hr))[..., :height, :width]

    def base(self, lr: torch.Tensor) -> torch.Tensor:
        """What is added to that which is diffused, to make a latent `(N, latent_channels, H, W)` of LR `(N, C, h, w)`.

        With `residual` the latent of bicubic SR; otherwise nothing.
        """
        autoencoder, _ = self.autoencoder_and_denoiser()
        if not self.residual:
            return lr.new_zeros(())
        mean: torch.Tensor = autoencoder.encode(self.geometry.framed(resize(lr, self.scale)))[0].float()
        return mean

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR `(N, C, h, w)`, sampled; while there is only an autoencoder, its version of bicubic SR.

        Noise comes from torch's global generator by one number: every image of a batch has a generator of its own that
        begins there, so that the others in the batch change nothing.
        """
        import torch
        from srbench_ddpm.samplers import sample

        autoencoder, denoiser = self.autoencoder_and_denoiser()
        n, _, height, width = lr.shape
        if denoiser.latent_scale == 0:
            return self.reconstruction(resize(lr, self.scale))
        begin = int(torch.randint(2**62, ()))
        generators = [torch.Generator().manual_seed(begin) for _ in range(n)]
        schedule = self.schedule
        condition = self.geometry.condition(2 * lr - 1)
        noise = torch.stack([torch.randn(condition.shape[1:], generator=generator) for generator in generators])
        condition = schedule.noised(condition, noise.to(lr.device), self.noise_level - 1)
        level = torch.full((n,), self.noise_level, device=lr.device)
        sampler, steps, eta = self.sampler, self.steps, self.eta
        if self._previews:
            sampler, steps, eta = PREVIEW[0], min(PREVIEW[1], self.timesteps), 0.0

        def noise_in(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            told = denoiser(x, condition, t, level)
            return told if self.predicts == "noise" else schedule.noise_from_clean(x, told, t)

        latent = sample(
            noise_in,
            (self.latent_channels, *condition.shape[-2:]),
            schedule,
            generators,
            sampler=sampler,
            steps=steps,
            eta=eta,
            device=lr.device,
        ).images
        sr: torch.Tensor = autoencoder.decode(self.base(lr) + latent / denoiser.latent_scale)
        return sr[..., : height * self.scale, : width * self.scale]
