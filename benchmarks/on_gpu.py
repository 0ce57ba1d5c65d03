"""Check srbench on a GPU: a small matrix held against the CPU's scores, training and sampling beside plain PyTorch.

One command, under eight minutes on any CUDA machine that has srbench and its plugins; no dataset and no download:

    python benchmarks/on_gpu.py

1. A matrix of interpolation, two convolutions, a GAN and a diffusion is trained and scored on the GPU. The same
   models then upscale on the CPU, and every score is compared: `largest difference` should be a few thousandths of a dB
   for methods that do not sample. (Two devices add up in other orders, and SR is rounded to 8 bits.)
2. SRResNet as published is trained by srbench's engine and by the shortest loop that does the same work: all pictures
   on the device, random patches, flips, Adam. Precisions 32, bf16 and, on a GPU, tf32.
3. A diffusion's DDIM sampler beside the equations in a loop, with the same network.
4. Trainings shared by two processes beside those of one: on two GPUs, or on the CPU with `--device cpu`; left out where
   there is one GPU. Scores should agree as far as rounding lets them, but for the diffusion, which draws its own noise.
5. Two jobs at once on one GPU beside one after the other.
6. A batch in four micro-batches beside the whole one, and what the record says of a GPU that is full.
7. SRResNet as published, untrained, asked for SR in each number format, compiled, and in eight orientations: the time,
   and how far SR is from that in 32 bits: `tf32` and `fp16` by about 1e-4, `bf16` by 1e-3, `compile` by 1e-5.

Ratios above 1 say that srbench is the faster one. It exits with 1 when a cell failed, a score is too far off, or the
record lacks what a GPU's should have.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import pandas as pd
import torch
from srbench_ddpm.method import DDPM
from srbench_images.builtin import Textures
from srbench_srgan.generator import Generator
from srbench_srgan.srresnet import SRResNet

import srbench
from srbench import Budget, FitContext, Protocol, TrainingSet
from srbench.contract.fit import Precision
from srbench.pictures import resize, to_tensor
from srbench.registry.parameters import resolve
from srbench.registry.shared import create
from srbench.runner.work.memory import full_gpu
from srbench.training import Upscaling
from srbench.training.speed.numerics import of_training, set_numerics

SCALE = 4
BATCH, PATCH, LEARNING_RATE = 16, 96, 1e-4
"""Those of SRResNet's preset `paper`; PATCH in HR pixels."""
SAMPLER_STEPS, LR_SIDE = 20, 64
PROTOCOL = Protocol("benchmark", SCALE, "rgb")
FAR = {"psnr": 0.02, "ssim": 1e-3}
"""Differences between the devices that rounding does not explain, for methods that do not sample."""
METHODS = [
    "bicubic",
    {"srcnn": {"preset": "small"}},
    {"srresnet": {"preset": "small"}},
    {"srgan": {"preset": "small"}},
    {"ddpm": {"preset": "small"}},
]


def run_matrix(folder: Path, store: str, steps: int, gpu: bool, **changes: Any) -> pd.DataFrame:
    """Run the matrix, changed as told, into a store; one row a cell and metric."""
    path = folder / "matrix.yaml"
    content = {
        "name": "on-gpu",
        "datasets": ["textures"],
        "protocols": ["x4-y"],
        "methods": METHODS,
        "train": {"on": ["same"], "budget": {"steps": steps}},
        "metrics": ["psnr", "ssim"],
        **changes,
    }
    path.write_text(json.dumps(content))
    environment = os.environ if gpu else os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "srbench", "run", str(path), "--store", store, "--no-report"]
    subprocess.run(command, cwd=folder, env=environment, check=False)
    return srbench.load(folder / store).cells


def compare_scores(folder: Path, steps: int, gpu: bool) -> bool:
    """Print the scores of both devices by the same models; whether they agree."""
    started = time.perf_counter()
    first = run_matrix(folder, "first", steps, gpu)
    middle = time.perf_counter()
    (folder / "second").mkdir()
    shutil.copytree(folder / "first" / "models", folder / "second" / "models")
    second = run_matrix(folder, "second", steps, gpu=False)
    click.echo(
        f"train and score: {middle - started:.0f} s; the same models on the CPU: {time.perf_counter() - middle:.0f} s"
    )
    both = first.merge(second, on=["method", "metric"], suffixes=("", " on the CPU"))
    both["difference"] = both["value"] - both["value on the CPU"]
    click.echo(both[["method", "metric", "value", "value on the CPU", "difference"]].to_string(index=False))
    exact = both[both["method"] != "ddpm"]
    apart = exact[exact["difference"].abs() > exact["metric"].map(FAR).astype(float)]
    missing = int(both["difference"].isna().sum())
    for metric, rows in exact.groupby("metric"):
        click.echo(f"{metric}: largest difference {rows['difference'].abs().max():.5f}, limit {FAR[str(metric)]}")
    return not missing and apart.empty and len(both) == len(METHODS) * len(FAR) and (not gpu or told_of_gpu(folder))


def records(folder: Path, store: str, shelf: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (folder / store / shelf).glob("??/*/record.json")]


def told_of_gpu(folder: Path) -> bool:
    """Print how the GPU computed and what it held, by the first record; whether all say that."""
    found = records(folder, "first", "models")
    click.echo(f"numerics of a training: {found[0]['environment'].get('numerics')}")
    for record in found:
        cost = record["cost"]
        held = [cost.get(f"train_peak_memory{kind}_gb") for kind in ("", "_allocated")]
        click.echo(f"{record['point']['method']}: {held[0]} GB reserved while training, {held[1]} GB held by tensors")
    cells = records(folder, "first", "cells")
    return all("numerics" in record["environment"] for record in [*found, *cells]) and all(
        record["cost"].get("peak_memory_allocated_gb") is not None for record in cells
    )


def compare_shared(folder: Path, steps: int, gpu: bool) -> bool:
    """Print the scores after trainings in one process and in two; whether those agree that should."""
    if gpu and torch.cuda.device_count() < 2:
        click.echo("one GPU: trainings shared by two are not tried")
        return True
    methods = [{"srcnn": {"preset": "small"}}, {"srgan": {"preset": "small", "content": "mse"}}, METHODS[-1]]
    shared = {"gpus_per_cell": 2} if gpu else {"cpu_processes": 2}
    found, seconds = [], []
    for store, parameters in (("one", {"gpus": [0]} if gpu else {}), ("two", shared)):
        started = time.perf_counter()
        found.append(run_matrix(folder, store, steps, gpu, methods=methods, executor={"local": parameters}))
        seconds.append(time.perf_counter() - started)
    both = found[0].merge(found[1], on=["method", "metric"], suffixes=("", " of two"))
    both["difference"] = both["value"] - both["value of two"]
    click.echo(f"trainings in one process: {seconds[0]:.0f} s, in two: {seconds[1]:.0f} s")
    click.echo(both[["method", "metric", "value", "value of two", "difference"]].to_string(index=False))
    exact = both[both["method"] != "ddpm"]
    apart = exact[~(exact["difference"].abs() <= exact["metric"].map(FAR).astype(float))]
    told = [record["environment"].get("processes") for record in records(folder, "two", "models")]
    return apart.empty and len(both) == len(methods) * len(FAR) and told == [2] * len(methods)


def compare_company(folder: Path, steps: int) -> bool:
    """Print how long four small trainings take one by one and two at once on a GPU; whether all went well."""
    fine = True
    for per_gpu in (1, 2):
        started = time.perf_counter()
        executor = {"local": {"gpus": [0], "per_gpu": per_gpu}}
        methods = [{"srcnn": {"preset": "small"}}]
        changes = {"methods": methods, "seeds": [0, 1, 2, 3], "executor": executor}
        rows = run_matrix(folder, f"per-gpu-{per_gpu}", steps, gpu=True, **changes)
        click.echo(f"four trainings and cells, {per_gpu} at once on a GPU: {time.perf_counter() - started:.0f} s")
        fine &= len(rows) == 4 * len(FAR) and bool(rows["value"].notna().all())
    return fine


def compare_micro_batches(items: list[srbench.Item], steps: int, device: str) -> None:
    """Print what a training's largest loss and, on a GPU, its memory are with whole batches and in four pieces."""
    for micro_batches in (1, 4):
        if device.startswith("cuda"):
            torch.cuda.reset_peak_memory_stats(device)
        method = SRResNet(batch_norm=False)
        method.to(device)
        with tempfile.TemporaryDirectory() as folder:
            context = FitContext(0, Budget("steps", steps), Path(folder), device, micro_batches=micro_batches)
            method.fit(TrainingSet(items, PROTOCOL), context)
        held = f", {torch.cuda.max_memory_allocated(device) / 1e9:.2f} GB" if device.startswith("cuda") else ""
        click.echo(f"micro-batches {micro_batches}: loss {float(method.history[-1]['mse']):.6f}{held}")


def fill(device: str) -> None:
    """Print what a record says of a GPU that is full."""
    try:
        torch.empty(1 << 50, dtype=torch.uint8, device=device)
    except torch.OutOfMemoryError as error:
        click.echo(full_gpu(error, device, "(what to do stands here)"))


def timed(work: Callable[[], object], device: str) -> float:
    """Seconds, the device's work included."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - started


def train_ours(items: list[srbench.Item], steps: int, precision: Precision, device: str) -> None:
    """Train SRResNet by the engine: validation, checkpoints, samples and all."""
    method = SRResNet()
    method.to(device)
    with tempfile.TemporaryDirectory() as folder:
        context = FitContext(0, Budget("steps", steps), Path(folder), device, precision=precision)
        method.fit(TrainingSet(items, PROTOCOL), context)


def train_plainly(items: list[srbench.Item], steps: int, precision: Precision, device: str) -> None:
    """Train the same network by a loop of a few lines."""
    set_numerics(of_training(precision))
    hr = torch.stack([to_tensor(*item.read_hr()) for item in items]).to(device)
    lr = resize(hr, 1 / SCALE)
    network = Generator(hr.shape[1], SCALE, 16, 64).to(device)
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)
    side = PATCH // SCALE
    for _ in range(steps):
        low, high = [], []
        for image in torch.randint(len(hr), (BATCH,)).tolist():
            top, left = (int(torch.randint(size - side + 1, ())) for size in lr.shape[-2:])
            low.append(lr[image, :, top : top + side, left : left + side])
            top, left = SCALE * top, SCALE * left
            high.append(hr[image, :, top : top + PATCH, left : left + PATCH])
        seen, wanted = torch.stack(low), torch.stack(high)
        if torch.rand(()) < 0.5:
            seen, wanted = seen.flip(-1), wanted.flip(-1)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bf16"):
            loss = torch.nn.functional.mse_loss(network(seen), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


def compare_training(items: list[srbench.Item], steps: int, device: str) -> None:
    """Print steps a second of both, by precision; a short run of each comes first."""
    precisions: list[Precision] = ["32", "bf16", *(("tf32",) if device.startswith("cuda") else ())]
    for precision in precisions:
        seconds = {}
        for name, train in (("srbench", train_ours), ("plain", train_plainly)):
            train(items, max(2, steps // 20), precision, device)
            seconds[name] = timed(partial(train, items, steps, precision, device), device)
        ours, plain = (steps / seconds[name] for name in ("srbench", "plain"))
        click.echo(
            f"SRResNet, batch {BATCH}, patch {PATCH}, {precision:>4}: srbench {ours:7.1f} steps/s, "
            f"plain loop {plain:7.1f}, ratio {ours / plain:.2f}"
        )


def compare_sampling(items: list[srbench.Item], pictures: int, device: str) -> None:
    """Print seconds of drawing SR by the method and by its equations in a loop; the network is the same."""
    method = create(DDPM, resolve(DDPM, {"preset": "small", "steps": SAMPLER_STEPS, "eta": 0.0}))
    method.to(device)
    with tempfile.TemporaryDirectory() as folder:
        method.fit(TrainingSet(items, PROTOCOL), FitContext(0, Budget("steps", 4), Path(folder), device))
    denoiser, schedule = method.networks["denoiser"], method.diffusion
    lr = torch.rand(pictures, method.channels, LR_SIDE, LR_SIDE, device=device)
    left = [float(value) for value in schedule.alphas_bar]
    times = [round(len(left) * (SAMPLER_STEPS - i) / SAMPLER_STEPS) - 1 for i in range(SAMPLER_STEPS)]

    @torch.inference_mode()
    def plainly() -> None:
        upsampled = resize(lr, SCALE)
        x = torch.randn_like(upsampled)
        for t, to in zip(times, [*times[1:], -1], strict=True):
            noise = denoiser(x, 2 * upsampled - 1, torch.full((pictures,), t, device=device))
            clean = ((x - (1 - left[t]) ** 0.5 * noise) / left[t] ** 0.5).clamp(-1, 1)
            noise = (x - left[t] ** 0.5 * clean) / (1 - left[t]) ** 0.5
            x = clean if to < 0 else left[to] ** 0.5 * clean + (1 - left[to]) ** 0.5 * noise

    def ours() -> None:
        with torch.inference_mode():
            method.upscale(lr, SCALE)

    seconds = {}
    for name, work in (("srbench", ours), ("plain", plainly)):
        work()
        seconds[name] = min(timed(work, device) for _ in range(3))
    click.echo(
        f"DDIM, {SAMPLER_STEPS} steps, {pictures} pictures of {LR_SIDE * SCALE} pixels: "
        f"srbench {seconds['srbench']:.3f} s, plain loop {seconds['plain']:.3f} s, "
        f"ratio {seconds['plain'] / seconds['srbench']:.2f}"
    )


def compare_inference(side: int, device: str) -> bool:
    """Print what each way to ask a model costs, and how far its SR is from that in 32 bits; whether that is near."""
    ways = [
        Upscaling(),
        *([Upscaling(precision="tf32")] if device.startswith("cuda") else []),
        Upscaling(precision="bf16"),
        Upscaling(precision="fp16"),
        Upscaling(compile=True),
        Upscaling(ensemble=8),
    ]
    torch.manual_seed(0)
    lr, exact, near = torch.rand(1, 3, side, side + 32, device=device), None, True
    for way in ways:
        method = SRResNet()
        method.inference = way
        torch.manual_seed(0)
        method._make(3, SCALE)
        method.to(device)
        sr = method.upscale(lr, SCALE)
        seconds = min(timed(partial(method.upscale, lr, SCALE), device) for _ in range(3))
        exact = sr if exact is None else exact
        error = float((sr - exact).abs().max())
        near &= error < 0.05 * float(exact.abs().max()) or way.ensemble == 8
        click.echo(
            f"SRResNet, LR {side} x {side + 32}, {way}: {1000 * seconds:.2f} ms, largest difference {error:.1e}, "
            f"of values up to {float(exact.abs().max()):.2f}"
        )
    return near


@click.command(help=__doc__)
@click.option("--device", default="cuda", show_default=True, help="`cpu` tries the script out where there is no GPU.")
@click.option("--matrix-steps", default=300, show_default=True, help="Training steps of each method of the matrix.")
@click.option("--steps", default=1000, show_default=True, help="Training steps beside the plain loop.")
@click.option("--pictures", default=8, show_default=True, help="Upscaled by the diffusion at once.")
def main(device: str, matrix_steps: int, steps: int, pictures: int) -> None:
    gpu = device.startswith("cuda")
    if gpu and not torch.cuda.is_available():
        raise click.ClickException("torch finds no CUDA device; `--device cpu` tries the script out without one")
    name = torch.cuda.get_device_name(device) if gpu else "CPU"
    click.echo(f"{name}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    items = list(Textures().train())
    with tempfile.TemporaryDirectory() as folder:
        fine = compare_scores(Path(folder), matrix_steps, gpu)
        fine &= compare_shared(Path(folder), matrix_steps // 3, gpu)
        fine &= not gpu or compare_company(Path(folder), matrix_steps)
    compare_micro_batches(items, max(2, steps // 50), device)
    if gpu:
        fill(device)
    compare_training(items, steps, device)
    compare_sampling(items, pictures, device)
    fine &= compare_inference(256 if gpu else 48, device)
    if not fine:
        raise click.ClickException("a cell failed, scores are too far apart, or a record lacks something: see above")


if __name__ == "__main__":
    main()
