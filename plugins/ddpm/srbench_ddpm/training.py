"""How `ddpm` learns: the stage of its encoder, where it has one, and that of the diffusion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from srbench.pictures import reduced, resize
from srbench.training import Batch, Stage, Steps

from .encoder import Encoder
from .network import LIFTED

if TYPE_CHECKING:
    from .method import DDPM

VALIDATED = 4
"""Steps of the diffusion at which a held-out image is validated."""

HALVED = Steps((0.5,))


def encoder_stage(method: DDPM, encoder: Encoder) -> Stage:
    """SR by the mean absolute error, as `rrdb` learns it; `method` has its networks."""

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        return {"l1": functional.l1_loss(encoder(batch.lr), batch.hr)}

    def validate(batch: Batch) -> float:
        method.encoding = True
        return decibels(float(functional.mse_loss(encoder.enlarged(batch.lr).float(), batch.hr)))

    return Stage(
        "encoder",
        networks={"encoder": encoder},
        optimisers={"l1": torch.optim.Adam(encoder.parameters(), lr=method.learning_rate)},
        step=step,
        batch_size=method.batch_size,
        patch=lr_patch(method),
        share=method.encoder_share / (1 - method.encoder_share),  # the diffusion's is 1
        schedule=HALVED,
        ema={"encoder": method.ema} if method.ema else {},
        clip=method.clip,
        accumulate=method.accumulate,
        validate=validate,
        keep=method.keep,
    )


def diffusion_stage(method: DDPM) -> Stage:
    """The error of the noise at a random step of the diffusion; `method` has its networks."""
    denoiser, diffusion, scale = method.denoiser, method.diffusion, method.scale

    def told_and_true(batch_lr: torch.Tensor, hr: torch.Tensor, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        upsampled = resize(batch_lr, scale)
        clean = (2 * method.residual_scale * (hr - upsampled)).clamp(-1, 1)
        noise = torch.randn_like(clean)
        told = denoiser(diffusion.noised(clean, noise, t), method.condition_of(batch_lr, upsampled), t)
        return told.float(), noise

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        t = torch.randint(method.timesteps, batch.lr.shape[:1], device=batch.lr.device)
        told, noise = told_and_true(batch.lr, batch.hr, t)
        compare = functional.l1_loss if method.loss == "l1" else functional.mse_loss
        return {method.loss: compare(told, noise)}

    def validate(batch: Batch) -> float:
        method.encoding = False
        places = [(2 * i + 1) * method.timesteps // (2 * VALIDATED) for i in range(VALIDATED)]
        pairs = [told_and_true(batch.lr, batch.hr, torch.full((1,), t, device=batch.lr.device)) for t in places]
        return decibels(float(torch.stack([functional.mse_loss(*pair) for pair in pairs]).mean()))

    return Stage(
        "diffusion",
        networks={"denoiser": denoiser},
        optimisers={method.loss: torch.optim.Adam(denoiser.parameters(), lr=method.learning_rate)},
        step=step,
        batch_size=method.batch_size,
        patch=lr_patch(method),
        schedule=HALVED,
        ema={"denoiser": method.ema} if method.ema else {},
        clip=method.clip,
        accumulate=method.accumulate,
        validate=validate,
        keep=method.keep,
    )


def lr_patch(method: DDPM) -> int:
    """The side of LR patches: HR patches are rounded up to what scale, U-Net and features divide."""
    features = 1 if method.denoiser.lift is None else LIFTED
    unit = math.lcm(method.scale.numerator, method.denoiser.multiple, features)
    return reduced(-(-method.patch // unit) * unit, method.scale)


def decibels(error: float) -> float:
    """A mean squared error on a scale where more is better: -10 log10, at most 100."""
    return -10 * math.log10(max(error, 1e-10))
