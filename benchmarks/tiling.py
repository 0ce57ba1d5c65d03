"""What tiles cost: throughput of upscaling a large picture in tiles, beside that of the network alone.

    python benchmarks/tiling.py                           # SRCNN small x2 on a 4000 x 3000 picture within 3 GB
    python benchmarks/tiling.py --network paper --memory-gb 4
    python benchmarks/tiling.py --network deep --width 2000 --height 1500

The picture is the LR: 4000 x 3000 pixels become 8000 x 6000. `deep` is 16 convolutions of 32 channels, which see 17
pixels on every side: more halo than SRCNN's 6, as deeper networks have. The network alone is timed on one piece of a
tile's own size, once after each tile, so that whatever else the machine does slows both; the ratio counts everything
that tiles add: halos, copies, checks.

Memory is what the process grows by, from reading the file to having written the SR: its highest resident size, as the
system counts it, less that before. The limit is what `srbench upscale --memory-gb` takes.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from srbench_srcnn.method import SRCNN

import srbench
from srbench.evaluate import tiles
from srbench.evaluate.tiles import tiling_for
from srbench.evaluate.upscale import upscale_image
from srbench.pictures import DEPTHS, read_image, to_image, to_tensor, write_image
from srbench.registry.parameters import resolve

SCALE = 2


class Deep(srbench.Method):
    """Convolutions and a sub-pixel shuffle; seeded random weights."""

    halo = 17

    def __init__(self) -> None:
        torch.manual_seed(0)
        channels = [3, *[32] * 16, 3 * SCALE**2]
        layers: list[torch.nn.Module] = []
        for taken, given in itertools.pairwise(channels):
            layers += [torch.nn.Conv2d(taken, given, 3, padding=1), torch.nn.ReLU(inplace=True)]
        self.network = torch.nn.Sequential(*layers[:-1], torch.nn.PixelShuffle(SCALE))
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it

    def upscale(self, lr: torch.Tensor, scale: srbench.Scale) -> torch.Tensor:
        with torch.inference_mode():
            sr: torch.Tensor = self.network(lr)
        return sr


def make(name: str) -> srbench.Method:
    if name == "deep":
        return Deep()
    method = SRCNN(**resolve(SRCNN, {"preset": name}))
    torch.manual_seed(0)
    method._make(1, SCALE)
    return method


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def resident(name: str) -> int:
    """VmRSS, or VmHWM: the highest so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024


@click.command()
@click.option("--network", "name", type=click.Choice(["small", "paper", "deep"]), default="small", show_default=True)
@click.option("--width", default=4000, show_default=True)
@click.option("--height", default=3000, show_default=True)
@click.option("--memory-gb", default=3.0, show_default=True)
@click.option("--threads", default=os.cpu_count(), show_default=True)
def main(name: str, width: int, height: int, memory_gb: float, threads: int) -> None:
    """Throughput and memory of upscaling in tiles."""
    torch.set_num_threads(threads)
    method, limit = make(name), memory_gb * 1e9

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "lr.png"), Path(folder, "sr.png")
        generator = np.random.default_rng(0)
        rough = generator.integers(0, 256, (height // 50 + 1, width // 50 + 1, 3), dtype=np.uint8)
        smooth = rough.repeat(50, 0).repeat(50, 1)[:height, :width]
        write_image(source, smooth)
        del smooth

        sample = to_tensor(read_image(source), DEPTHS["uint8"])[None]
        tiling = tiling_for(method, sample, SCALE, limit)
        if tiling is None:
            raise SystemExit("the whole picture fits into this memory; choose a smaller --memory-gb")
        rows, columns = next(iter(tiling.spans(height, width)))
        piece = sample[..., rows.start : rows.end, columns.start : columns.end].contiguous()
        share = (rows.end - rows.start) * (columns.end - columns.start) / (height * width)
        del sample

        method.upscale(piece, SCALE)  # starts threads, chooses kernels
        Path("/proc/self/clear_refs").write_text("5")  # starts the highest resident size anew
        before = resident("VmRSS")
        began = time.perf_counter()
        image = read_image(source)
        lr = to_tensor(image, DEPTHS["uint8"])
        kept: list[torch.Tensor] = []
        alone: list[tuple[float, float]] = []

        def after_a_tile(done: float) -> None:
            if len(alone) < tiling.rows * tiling.columns:
                alone.append(timed(lambda: method.upscale(piece, SCALE)))

        both = timed(lambda: kept.append(upscale_image(method, lr, SCALE, limit, after_a_tile)))
        in_tiles = [both[index] - sum(times[index] for times in alone) for index in (0, 1)]
        write_image(target, to_image(kept[0], image, DEPTHS["uint8"]))
        others = sum(wall for wall, _ in alone)
        everything, grown = time.perf_counter() - began - others, resident("VmHWM") - before

        # The crossing of the first tiles' borders, against upscaling that part of the picture in one go.
        reach = 2 * tiling.halo + 40
        top, left = max(0, rows.end - reach), max(0, columns.end - reach)
        part = to_tensor(image[top : rows.end + reach, left : columns.end + reach], DEPTHS["uint8"])
        whole = upscale_image(method, part, SCALE)
        cut = kept[0][:, top * SCALE :, left * SCALE :][:, : whole.shape[1], : whole.shape[2]]
        edge = SCALE * tiling.halo
        apart = float((whole - cut)[:, edge:-edge, edge:-edge].abs().max())

    megapixels = width * height * SCALE**2 / 1e6
    seen = tiling.seen(height, width) / (width * height)
    print(f"{name} x{SCALE}, {width} x {height} to {megapixels:.0f} megapixels, ", end="")
    print(f"{threads} threads, torch {torch.__version__}")
    print(f"tiles: {tiling.rows} x {tiling.columns}, halo {tiling.halo}; work with halos: {seen:.4f} of that without")
    for clock, index in (("wall", 0), ("processor", 1)):
        raw = megapixels * share * len(alone) / sum(times[index] for times in alone)
        tiled = megapixels / in_tiles[index]
        print(f"{clock + ' time:':16} {tiled:7.3f} megapixels/s in tiles, {raw:7.3f} the network alone: ", end="")
        print(f"{tiled / raw:.1%}")
    print(f"with reading and writing the files: {everything:.1f} s")
    print(f"memory: grew by {grown / 1e9:.2f} GB, limit {memory_gb:g} GB (planned for: {tiles.MARGIN:.0%})")
    print(f"largest difference to one piece where tiles meet: {apart:.2g} (white is 1)")


if __name__ == "__main__":
    main()
