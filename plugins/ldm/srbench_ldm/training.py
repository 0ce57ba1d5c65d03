"""How it learns: the stage of the autoencoder, and that of the diffusion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import torch
from monai.networks.nets.patchgan_discriminator import PatchDiscriminator
from torch.nn import functional

from srbench.devices import widest
from srbench.errors import SrbenchError
from srbench.training import Batch, Stage

from .losses import PatchJudgement
from .perceptual import Compare, perceptual_loss
from .quantised import QuantisedAutoencoder

if TYPE_CHECKING:
    from .method import LDM
    from .parameters import PerceptualNetwork

MEASURED = 256
"""Patches of which a linear autoencoder or a codebook is made, or the scale of latents, at least."""
VALIDATED = 4
"""Steps of the schedule at which the denoiser is validated."""
TITLES: dict[PerceptualNetwork, str] = {"vgg19": "VGG19", "alexnet": "AlexNet"}


class LatentError(SrbenchError):
    """Latents that nothing can be learned from."""


def autoencoder_stage(method: LDM) -> Stage:
    """Images to latents and back; `method` has its networks."""
    autoencoder, _ = method.autoencoder_and_denoiser()
    discriminator = PatchDiscriminator(
        spatial_dims=2,
        in_channels=method.channels,
        channels=method.discriminator_width,
        num_layers_d=method.discriminator_layers,
    )
    judgement = PatchJudgement(discriminator)
    perceive = _perceptual(method)
    weight = method.commitment_weight if method.first_stage == "vq" else method.kl_weight

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        hr = _halvable(batch.hr, method.geometry.factor)
        made, regular = autoencoder(hr)
        losses = {"l1": functional.l1_loss(made.float(), hr), autoencoder.regulariser: regular}
        loss = losses["l1"] + weight * regular
        if isinstance(autoencoder, QuantisedAutoencoder):
            losses["perplexity"] = autoencoder.perplexity
        if perceive is not None:
            losses["perceptual"] = perceive(made, hr)
            loss = loss + method.perceptual_weight * losses["perceptual"]
        teaching = {}
        if method.adversarial_weight and batch.progress >= method.adversarial_after:
            losses["adversarial"] = judgement.fooling(made)
            loss = loss + method.adversarial_weight * losses["adversarial"]
            teaching["discriminator"] = judgement.telling(hr, made)
        return {"autoencoder": loss, **teaching, **{name: value.detach() for name, value in losses.items()}}

    def begin(draw: Callable[[], Batch]) -> None:
        batches = [_halvable(draw().hr, method.geometry.factor) for _ in range(math.ceil(MEASURED / method.batch_size))]
        if method.shortcut:
            autoencoder.start_linear(torch.cat(batches))
        if isinstance(autoencoder, QuantisedAutoencoder):
            autoencoder.start_codes(batches)

    def reconstruction_psnr(batch: Batch) -> float:
        cut = method.scale
        wide, made = widest(batch.hr.device), method.reconstruction(batch.hr)
        made, hr = (image[..., cut:-cut, cut:-cut].to(wide) for image in (made, batch.hr))
        return _decibels(float((made - hr).square().mean()))

    return Stage(
        "autoencoder",
        networks={"autoencoder": autoencoder, "discriminator": discriminator},
        optimisers={
            "autoencoder": torch.optim.Adam(autoencoder.parameters(), lr=method.autoencoder_rate, fused=True),
            "discriminator": torch.optim.Adam(discriminator.parameters(), lr=method.discriminator_rate, fused=True),
        },
        step=step,
        batch_size=method.batch_size,
        patch=method.lr_patch(method.scale),
        share=method.autoencoder_share / (1 - method.autoencoder_share),  # the diffusion's is 1
        ema={"autoencoder": method.ema} if method.ema else {},
        clip=method.clip,
        accumulate=method.accumulate,
        validate=reconstruction_psnr,
        keep=method.keep,
        begin=begin if method.shortcut or method.first_stage == "vq" else None,
    )


def diffusion_stage(method: LDM) -> Stage:
    """Noise to latents, given LR; `method` has its networks, and its autoencoder has learned."""
    autoencoder, denoiser = method.autoencoder_and_denoiser()
    schedule, geometry = method.schedule, method.geometry

    def measure(draw: Callable[[], Batch]) -> None:
        batches = (draw() for _ in range(math.ceil(MEASURED / method.batch_size)))
        denoiser.latent_scale.fill_(latent_scale(diffused(batch.lr, batch.hr) for batch in batches))

    def diffused(lr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            mean, deviation = autoencoder.encode(geometry.framed(hr))
            drawn = mean if method.residual else autoencoder.sampling(mean, deviation)
            return drawn.float() - method.base(lr)

    def error(lr: torch.Tensor, hr: torch.Tensor, t: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """Mean squared error of what the denoiser tells."""
        latent = diffused(lr, hr) * denoiser.latent_scale
        condition = geometry.condition(2 * lr - 1)
        noise = torch.randn_like(latent)
        told = denoiser(
            schedule.noised(latent, noise, t),
            schedule.noised(condition, torch.randn_like(condition), level - 1),
            t,
            level,
        )
        return functional.mse_loss(told.float(), noise if method.predicts == "noise" else latent)

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        n, device = len(batch.lr), batch.lr.device
        t = torch.randint(method.timesteps, (n,), device=device)
        level = torch.randint(method.lr_noise + 1, (n,), device=device)
        return {"noise": error(batch.lr, batch.hr, t, level)}

    def validate(batch: Batch) -> float:
        lr, hr = batch.lr, batch.hr
        level = torch.full((1,), method.noise_level, device=lr.device)
        places = [(2 * i + 1) * method.timesteps // (2 * VALIDATED) for i in range(VALIDATED)]
        errors = [error(lr, hr, torch.full((1,), t, device=lr.device), level) for t in places]
        return _decibels(float(torch.stack(errors).mean()))

    return Stage(
        "diffusion",
        networks={"denoiser": denoiser},
        optimisers={"noise": torch.optim.Adam(denoiser.parameters(), lr=method.learning_rate, fused=True)},
        step=step,
        batch_size=method.batch_size,
        patch=method.lr_patch(method.scale),
        ema={"denoiser": method.ema} if method.ema else {},
        clip=method.clip,
        accumulate=method.accumulate,
        validate=validate,
        keep=method.keep,
        begin=measure,
    )


def latent_scale(latents: Iterable[torch.Tensor]) -> float:
    """1 / the standard deviation of latents, over all their components. Raises `LatentError` where there is none."""
    count, total, squares = 0, 0.0, 0.0
    for latent in latents:
        count += latent.numel()
        wide = latent.to(widest(latent.device))
        total += float(wide.sum())
        squares += float(wide.square().sum())
    variance = squares / count - (total / count) ** 2
    if not 0 < variance < math.inf:
        raise LatentError(
            f"the autoencoder's latents of the training set have a variance of {variance}: it has learned nothing that "
            "a diffusion could begin with. Lower `autoencoder_rate`, or give it a larger share of the budget"
        )
    return 1 / math.sqrt(variance)


def _perceptual(method: LDM) -> Compare | None:
    network = method.perceptual_network
    if not method.perceptual_weight:
        return None
    if method.weights:
        return perceptual_loss(network, method.device)
    note = (
        f"The autoencoder learned without a perceptual loss: the weights of {TITLES[network]} were not on the machine "
        f"that trained; `srbench fetch {network}` gets them."
    )
    if note not in method.notes:
        method.notes.append(note)
    return None


def _halvable(hr: torch.Tensor, factor: int) -> torch.Tensor:
    """Cut off the last lines and columns that the autoencoder could not halve."""
    height, width = (side // factor * factor for side in hr.shape[-2:])
    return hr[..., :height, :width]


def _decibels(error: float) -> float:
    return -10 * math.log10(max(error, 1e-10))
