"""A small method with two stages, and small training sets: what the tests of training train."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.contract.training_set import TrainingSet
from srbench.pictures import Image
from srbench.training.data.batch import Batch
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.training.loop.schedules import cosine


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


class Blown(Exception):
    """What a fuse does."""


class Careful(srbench.TorchMethod):
    """Two stages with different networks, and everything that goes on beside the steps.

    Accumulation, augmentation, an average, validation, the best weights, early stopping, two sizes of each image.
    fuse: raises `Blown` at that call of a step, an augmentation or a validation, as if the process were killed there.
    """

    memory_format = "contiguous"
    training_scales = (1.0, 0.75)

    def __init__(self, fuse: int | None = None) -> None:
        self.fuse = fuse
        self.calls = 0

    def burn(self) -> None:
        self.calls += 1
        if self.calls == self.fuse:
            raise Blown

    def build(self, channels: int, scale: int) -> dict[str, nn.Module]:
        return {"up": Upsampler(channels, scale), "refine": nn.Conv2d(channels, channels, 3, padding=1)}

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        return self.networks["refine"](self.networks["up"](lr))

    def noisy(self, batch: Batch) -> Batch:
        self.burn()
        return dataclasses.replace(batch, lr=batch.lr + 0.01 * torch.randn_like(batch.lr))

    def stages(self, networks: dict[str, nn.Module], scale: int) -> list[srbench.Stage]:
        up, refine = networks["up"], networks["refine"]

        def first(batch: Batch) -> dict[str, torch.Tensor]:
            self.burn()
            return {"l1": (up(batch.lr) - batch.hr).abs().mean()}

        def score(batch: Batch) -> float:
            self.burn()
            # A score that draws random numbers, and is best at no particular time.
            return -float((up(batch.lr) - batch.hr).abs().mean()) + 0.2 * float(torch.randn(()))

        def second(batch: Batch) -> dict[str, torch.Tensor]:
            self.burn()
            with torch.no_grad():
                upsampled = up(batch.lr)
            return {"l2": (refine(upsampled) - batch.hr).square().mean()}

        def psnr(batch: Batch) -> float:
            self.burn()
            return self.validation_psnr(batch)

        return [
            srbench.Stage(
                "first",
                {"up": up},
                {"l1": torch.optim.Adam(up.parameters(), lr=2e-2)},
                first,
                batch_size=3,
                patch=5,
                ema={"up": 0.8},
                clip=0.5,
                accumulate=2,
                validate=score,
                keep="best",
                augment=self.noisy,
            ),
            srbench.Stage(
                "second",
                {"refine": refine},
                {"l2": torch.optim.SGD(refine.parameters(), lr=0.5, momentum=0.95)},
                second,
                batch_size=2,
                patch=6,
                ema={"refine": 0.5},
                validate=psnr,
                keep="best",
                patience=3,
            ),
        ]


class Steady(srbench.TorchMethod):
    """Two stages in which nothing is drawn at random, so that several processes can do what one does.

    Batch normalisation, two optimisers, an uneven batch, an average, clipping, accumulation, validation. Convolutions
    before a normalisation have no bias: its gradient is rounding error alone, of which Adam makes whole steps.
    """

    memory_format = "contiguous"

    def __init__(self, batch_norm: bool = True) -> None:
        self.batch_norm, self.calls = batch_norm, 0

    def build(self, channels: int, scale: int) -> dict[str, nn.Module]:
        layers = [
            nn.Conv2d(channels, 6, 3, padding=1, bias=not self.batch_norm),
            nn.BatchNorm2d(6) if self.batch_norm else nn.Identity(),
            nn.Tanh(),
            nn.Conv2d(6, channels * scale**2, 3, padding=1),
            nn.PixelShuffle(scale),
        ]
        return {"generator": nn.Sequential(*layers)}

    def stages(self, networks: dict[str, nn.Module], scale: int) -> list[srbench.Stage]:
        generator = networks["generator"]
        critic = nn.Sequential(nn.Conv2d(self.channels, 4, 3), nn.Tanh(), nn.Conv2d(4, 1, 3))

        def noisy(batch: Batch) -> Batch:
            return dataclasses.replace(batch, lr=batch.lr + 0.01 * torch.randn_like(batch.lr))

        def pixel(batch: Batch) -> dict[str, torch.Tensor]:
            self.calls += 1
            return {"l2": (generator(batch.lr) - batch.hr).square().mean()}

        def adversarial(batch: Batch) -> dict[str, torch.Tensor]:
            self.calls += 1
            sr = generator(batch.lr)
            content = (sr - batch.hr).square().mean()
            return {
                "generator": content - 0.01 * critic(sr).mean(),
                "critic": (critic(batch.hr) - 1).square().mean() + critic(sr.detach()).square().mean(),
                "content": content,
            }

        return [
            srbench.Stage(
                "pixel",
                {"generator": generator},
                {"l2": torch.optim.Adam(generator.parameters(), lr=1e-2)},
                pixel,
                batch_size=5,
                patch=6,
                share=2,
                schedule=cosine,
                ema={"generator": 0.8},
                accumulate=2,
                validate=self.validation_psnr,
                keep="best",
                augment=noisy,
            ),
            srbench.Stage(
                "adversarial",
                {"generator": generator, "critic": critic},
                {
                    "generator": torch.optim.Adam(generator.parameters(), lr=1e-3),
                    "critic": torch.optim.SGD(critic.parameters(), lr=1e-3, momentum=0.9),
                },
                adversarial,
                batch_size=4,
                patch=8,
                ema={"generator": 0.9},
                clip=0.1,
                validate=self.validation_psnr,
            ),
        ]


def many_images(count: int = 12) -> list[Image]:
    return [picture(20 + 2 * (i % 3), 24, 3, seed=i) for i in range(count)]


def with_changes(stage: srbench.Stage, **changes: Any) -> srbench.Stage:
    return dataclasses.replace(stage, **changes)


class OneWeight(nn.Module):
    """SR is the constant w: its mean squared gradient descent has a closed form."""

    def __init__(self, start: float = 1.0) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(start))
        self.register_buffer("seen", torch.tensor(0))


def one_stage(network: OneWeight, **changes: Any) -> srbench.Stage:
    def step(batch: Batch) -> dict[str, torch.Tensor]:
        network.seen += 1
        return {"loss": 0.5 * network.w**2, "progress": torch.tensor(batch.progress)}

    stage = srbench.Stage(
        "only", {"n": network}, {"loss": torch.optim.SGD(network.parameters(), lr=0.1)}, step, batch_size=1, patch=2
    )
    return with_changes(stage, **changes)


IMAGES = [picture(30, 26), picture(24, 40, 1, seed=1), picture(22, 22, 3, "uint16", seed=2)]


def train(folder: Path, model: Path, steps: int, checkpoint_seconds: float = 0.0) -> None:
    """One training of the toy on one thread, to the end."""
    torch.set_num_threads(1)
    toy = Toy()
    toy.fit(training_set(*IMAGES), FitContext(3, Budget("steps", steps), folder, checkpoint_seconds=checkpoint_seconds))
    toy.save(model)


def run_stage(stage: srbench.Stage, folder: Path, steps: int, **changes: object) -> engine.Trained:
    patches = Patches(training_set(picture(16, 16)), "y", 0)
    return engine.train([stage], patches, FitContext(0, Budget("steps", steps), folder, **changes))


def linear_stage(seed: int = 0, **changes: object) -> tuple[nn.Linear, srbench.Stage]:
    torch.manual_seed(seed)
    network = nn.Linear(4, 1)

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        return {"mse": (network(batch.lr.flatten(1)) - batch.hr.mean((1, 2, 3))[:, None]).square().mean()}

    stage = srbench.Stage("only", {"n": network}, {"mse": torch.optim.SGD(network.parameters(), lr=0.1)}, step, 4, 2)
    return network, with_changes(stage, **changes)
