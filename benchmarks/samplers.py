"""Time samplers of a diffusion: few steps beside the ancestral sampler's full number, and what SR loses by them.

Two small diffusions, of 100 and of 1000 steps, learn x4 on the training split of `textures` for a moment; the 12
pictures of the test split are then upscaled by each sampler with the same weights and seed. Beside the seconds stand
PSNR of one sample, and KID of the pictures' quarters on the features of SkinLesNet, which learns the labels of
`textures`, too: its spread says which differences mean something. Run as `python benchmarks/samplers.py`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import torch
from srbench_ddpm.method import DDPM
from srbench_ddpm.samplers import Sampler
from srbench_fid.kernels import KernelDistance, kernel_distance
from srbench_fid.trained.extractors import SkinLesNet
from srbench_images.builtin import Textures

from srbench import Budget, Extractor, FitContext, Item, Protocol, TrainingSet
from srbench.pictures import to_tensor
from srbench.training import Recipe

SCALE = 4
NOISE = {100: 0.7, 1000: 0.6}
"""Of DDIM in few steps, by the length of the diffusion. Without noise, samples are less like HR than the ancestral
sampler's; with all of it, in few steps, more like the mean of the samples, and so blurred."""
SIDE = 120
"""Of the pictures of `textures`."""
FEW = {100: 10, 1000: 20}
"""Steps of the fast samplers, by the length of the diffusion."""
PROTOCOL = Protocol("benchmark", SCALE, "rgb")


@dataclass(frozen=True)
class Outcome:
    """seconds: for all pictures at once. psnr: in dB, the mean over pictures. kid: None where it was not asked for."""

    seconds: float
    psnr: float
    kid: KernelDistance | None


def pictures() -> tuple[list[Item], list[Item]]:
    """The training and the test split of `textures`."""
    dataset = Textures()
    return dataset.train(), dataset.test()


def pairs(items: list[Item]) -> tuple[torch.Tensor, torch.Tensor]:
    """LR and HR of all pictures, `(N, 1, h, w)` and `(N, 1, 4 h, 4 w)`."""
    lr, hr = [], []
    for item in items:
        reference, values = PROTOCOL.reference(*item.read_hr())
        hr.append(to_tensor(reference, values))
        lr.append(to_tensor(PROTOCOL.lr(reference, values, item.id), values))
    return torch.stack(lr), torch.stack(hr)


def quarters(images: torch.Tensor) -> torch.Tensor:
    """Four of each image."""
    half = SIDE // 2
    corners = [images[..., top : top + half, left : left + half] for top in (0, half) for left in (0, half)]
    return torch.cat(corners)


def learned(timesteps: int, items: list[Item], steps: int, device: str, folder: Path) -> Path:
    """The folder of a model of so many timesteps, trained for so many steps."""
    method = make(timesteps)
    method.fit(TrainingSet(items, PROTOCOL), FitContext(0, Budget("steps", steps), folder, device))
    method.save(folder / "model")
    return folder / "model"


def make(timesteps: int, sampler: Sampler = "ddim", steps: int = 1, eta: float = 0.0) -> DDPM:
    """A diffusion small enough to learn something in a minute or two."""
    method = DDPM(
        channels=(24, 48),
        attention=(False, False),
        blocks=1,
        fold=2,
        timesteps=timesteps,
        learning_rate=2e-3,
        batch_size=8,
        patch=32,
        clip=1.0,
        ema=0.99,
        sampler=sampler,
        steps=steps,
        eta=eta,
    )
    method.recipe = Recipe(schedule="cosine")
    return method


def ready(method: DDPM, model: Path, device: str) -> DDPM:
    """The method with what that model learned."""
    method.load(model)
    method.to(device)
    return method


def samplers(timesteps: int) -> Iterator[tuple[Sampler, int, float]]:
    """What is compared, with steps and eta: the ancestral sampler in all steps first, then all of them in few."""
    few = FEW[timesteps]
    yield "ancestral", timesteps, 0.0
    yield "ddim", few, NOISE[timesteps]
    yield "ddim", few, 0.0
    yield "dpm-solver++", few, 0.0
    yield "ancestral", few, 0.0


def measure(method: DDPM, lr: torch.Tensor, hr: torch.Tensor, extractor: Extractor | None) -> Outcome:
    """Upscale all pictures at once."""
    torch.manual_seed(0)
    started = time.perf_counter()
    sr = method.upscale(lr.to(method.device), SCALE).cpu()
    seconds = time.perf_counter() - started
    sr = (sr.clamp(0, 1) * 255).round() / 255
    errors = (sr - hr).double().square().mean((1, 2, 3))
    kid = None
    if extractor is not None:
        made, wanted = (extractor.extract(quarters(images)).numpy() for images in (sr, hr))
        kid = kernel_distance(made, wanted)
    return Outcome(seconds, float((-10 * errors.log10()).mean()), kid)


def extractor_of(train: list[Item], test: list[Item], epochs: int, folder: Path) -> Extractor:
    """SkinLesNet with the labels of `textures`."""
    extractor = SkinLesNet(epochs)
    extractor.fit(train, test, FitContext(0, Budget("epochs", epochs), folder))
    return extractor


@click.command()
@click.option("--train-steps", default=2500, show_default=True, help="Of each diffusion.")
@click.option("--timesteps", multiple=True, type=click.Choice(["100", "1000"]), default=["100", "1000"])
@click.option("--kid/--no-kid", default=True, show_default=True)
@click.option("--epochs", default=5, show_default=True, help="Of SkinLesNet, for KID.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--threads", type=int, help="Default: torch's own choice.")
def main(
    train_steps: int, timesteps: tuple[str, ...], kid: bool, epochs: int, device: str, threads: int | None
) -> None:
    """Few-step samplers beside the ancestral one: seconds, PSNR, KID."""
    if threads is not None:
        torch.set_num_threads(threads)
    train, test = pictures()
    lr, hr = pairs(test)
    with tempfile.TemporaryDirectory() as name:
        extractor = extractor_of(train, test, epochs, Path(name) / "skinlesnet") if kid else None
        for length in map(int, timesteps):
            model = learned(length, train, train_steps, device, Path(name) / str(length))
            click.echo(f"T = {length}, trained for {train_steps} steps")
            click.echo(
                f"{'sampler':14} {'eta':>4} {'steps':>5} {'seconds':>8} {'times as fast':>14} {'PSNR':>7} {'':>7} KID"
            )
            full: Outcome | None = None
            # The first call pays for starting threads and kernels; it takes one step.
            ready(make(length), model, device).upscale(lr.to(device), SCALE)
            for sampler, steps, eta in samplers(length):
                method = ready(make(length, sampler, steps, eta), model, device)
                outcome = measure(method, lr, hr, extractor)
                full = full or outcome
                row = f"{sampler:14} {eta:4} {steps:5} {outcome.seconds:8.2f} {full.seconds / outcome.seconds:14.1f}"
                row += f" {outcome.psnr:7.2f} {outcome.psnr - full.psnr:+7.2f}"
                if outcome.kid is not None:
                    row += f" {outcome.kid.value:.4f} +- {outcome.kid.spread:.4f}"
                click.echo(row)


if __name__ == "__main__":
    main()
