"""A small method with two stages, and small training sets: what the tests of training train."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from torch import nn

import srbench
from srbench.image import Image
from srbench.training.context import Budget, FitContext
from srbench.training.stages import Batch, cosine
from srbench.training.trainingset import TrainingSet


def picture(height: int, width: int, channels: int = 3, depth: str = "uint8", seed: int = 0) -> Image:
    """A smooth picture: noise on a gradient, so that a patch tells where it was cut."""
    noise = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    plane = (rows * 7 + columns * 3) % 200 / 255 + 0.2 * noise.random((height, width))
    image = np.stack([plane * (1 - 0.2 * c) for c in range(channels)], -1).clip(0, 1)
    return image.astype(np.float32) if depth == "float32" else (image * np.iinfo(depth).max).round().astype(depth)


def training_set(*images: Image, scale: int = 2, border: int = 0) -> TrainingSet:
    items = [srbench.Item(f"i{i}", image) for i, image in enumerate(images)]
    return TrainingSet(items, srbench.Protocol("p", scale, border=border))


class Upsampler(nn.Module):
    def __init__(self, channels: int, scale: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.Dropout2d(0.2),
            nn.Conv2d(6, channels * scale**2, 3, padding=1),
            nn.PixelShuffle(scale),
        )

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        return self.body(lr)


class Toy(srbench.TorchMethod):
    """Pixel loss, then an adversarial stage with two optimisers: everything that a checkpoint has to hold.

    Dropout draws from torch's generator, and the steps from numpy's and Python's.
    """

    memory_format = "contiguous"

    def __init__(self, poison: int | None = None, ema: float = 0.9) -> None:
        self.poison, self.ema = poison, ema
        self.calls = 0

    def build(self, channels: int, scale: int) -> dict[str, nn.Module]:
        return {"generator": Upsampler(channels, scale)}

    def stages(self, networks: dict[str, nn.Module], scale: int) -> list[srbench.Stage]:
        generator = networks["generator"]
        channels = self.channels
        critic = nn.Sequential(nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 3))
        self.critic = critic

        def pixel(batch: Batch) -> dict[str, torch.Tensor]:
            self.calls += 1
            loss = (generator(batch.lr) - batch.hr).abs().mean() * (1 + 0.1 * np.random.random())
            return {"l1": loss * float("nan") if self.calls == self.poison else loss}

        def adversarial(batch: Batch) -> dict[str, torch.Tensor]:
            sr = generator(batch.lr)
            content = (sr - batch.hr).square().mean()
            real, fake = critic(batch.hr + 0.01 * random.random()), critic(sr.detach())
            return {
                "generator": content - 0.01 * critic(sr).mean(),
                "critic": (real - 1).square().mean() + fake.square().mean(),
                "content": content,
            }

        return [
            srbench.Stage(
                "pixel",
                {"generator": generator},
                {"l1": torch.optim.Adam(generator.parameters(), lr=1e-2)},
                pixel,
                batch_size=4,
                patch=6,
                share=2,
                schedule=cosine,
                ema={"generator": self.ema},
            ),
            srbench.Stage(
                "adversarial",
                {"generator": generator, "critic": critic},
                {
                    "generator": torch.optim.Adam(generator.parameters(), lr=1e-3),
                    "critic": torch.optim.SGD(critic.parameters(), lr=1e-3, momentum=0.9),
                },
                adversarial,
                batch_size=2,
                patch=8,
                share=1,
                ema={"generator": self.ema},
                clip=1.0,
            ),
        ]


IMAGES = [picture(30, 26), picture(24, 40, 1, seed=1), picture(22, 22, 3, "uint16", seed=2)]


def train(folder: Path, model: Path, steps: int, checkpoint_seconds: float = 0.0) -> None:
    """One training of the toy on one thread, to the end."""
    torch.set_num_threads(1)
    toy = Toy()
    toy.fit(training_set(*IMAGES), FitContext(3, Budget("steps", steps), folder, checkpoint_seconds=checkpoint_seconds))
    toy.save(model)
