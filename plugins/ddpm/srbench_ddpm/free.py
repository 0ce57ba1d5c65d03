"""A diffusion of images without LR: what its U-Net learns, and the noise that it then tells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from srbench.training import Batch

from .network import FreeDenoiser
from .parameters import Predicts
from .schedule import Schedule

VALIDATED = 10
"""Steps of the diffusion at which a held-out image is validated."""


@dataclass(frozen=True)
class FreeDiffusion:
    """A U-Net and the schedule that it learns, of images in [-1, 1]; `predicts`: what it tells."""

    denoiser: FreeDenoiser
    schedule: Schedule
    predicts: Predicts

    def error(self, images: torch.Tensor, labels: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The mean squared error of what is told of images with white at 1, at steps t, in noise drawn anew."""
        clean, noise = 2 * images - 1, torch.randn_like(images)
        told = self.denoiser(self.schedule.noised(clean, noise, t), t, labels)
        wanted = noise if self.predicts == "noise" else self.schedule.velocity(clean, noise, t)
        return functional.mse_loss(told.float(), wanted)

    def step(self, batch: Batch) -> dict[str, torch.Tensor]:
        """The loss `mse` of HR at random steps."""
        t = torch.randint(len(self.schedule), batch.labels.shape, device=batch.hr.device)
        return {"mse": self.error(batch.hr, batch.labels, t)}

    def validate(self, batch: Batch) -> float:
        """-10 log10 of the error of one held-out image, at fixed steps."""
        places = [(2 * i + 1) * len(self.schedule) // (2 * VALIDATED) for i in range(VALIDATED)]
        t = torch.tensor(places, device=batch.hr.device)
        found = self.error(batch.hr.expand(VALIDATED, -1, -1, -1), batch.labels.expand(VALIDATED), t)
        return -10 * math.log10(max(float(found), 1e-10))

    def noise(self, noisy: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """The unit noise in `(N, C, H, W)` at steps t `(N,)`, as the U-Net tells it."""
        told: torch.Tensor = self.denoiser(noisy, t, labels)
        return told if self.predicts == "noise" else self.schedule.noise_from_velocity(noisy, told, t)
