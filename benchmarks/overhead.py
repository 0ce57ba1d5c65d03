"""What a cell costs beyond its own work: a run of many small cells beside the same work in one process.

    python benchmarks/overhead.py [--cells N]

The work is upscaling Set5-sized pictures with nearest-neighbour interpolation and scoring PSNR. The run does it with
a process, limits, images on disk and a record for every cell; the other side does it in a loop. The difference,
divided by the number of cells, is the overhead of a cell. Starting the worker server (which imports torch, once a run)
is measured with a run of one cell and left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PICTURES, SIDE = 5, 256
TARGET_SECONDS = 0.5


def write_pictures(folder: Path, seed: int, count: int = PICTURES, side: int = SIDE) -> None:
    from srbench.pictures import write_image

    generator = np.random.default_rng(seed)
    folder.mkdir()
    for index in range(count):
        write_image(folder / f"{index}.png", generator.integers(0, 256, (side, side, 3), dtype=np.uint8))


def matrix(folder: Path, cells: int) -> Path:
    path = folder / f"overhead{cells}.yaml"
    content = {
        "name": f"overhead{cells}",
        "datasets": [{"folder": {"path": f"pictures{index}", "name": f"set{index}"}} for index in range(cells)],
        "protocols": ["x4-rgb"],
        "methods": ["nearest"],
        "metrics": ["psnr"],
    }
    path.write_text(json.dumps(content))
    return path


def run(folder: Path, cells: int) -> float:
    """Seconds of a run of one method on so many folders of pictures."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "srbench", "run", str(matrix(folder, cells)), "--no-report"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def loop(folder: Path, cells: int) -> float:
    """Seconds of the same work in this process."""
    from srbench.evaluate.score import score_split
    from srbench.evaluate.upscale import upscale_split
    from srbench.registry.registry import registry

    protocol = registry().get("protocol", "x4-rgb").load()
    method = registry().get("method", "nearest").load()()
    metric = registry().get("metric", "psnr").load()()
    folders = registry().get("dataset", "folder").load()
    started = time.perf_counter()
    for index in range(cells):
        dataset = folders(path=folder / f"pictures{index}")
        dataset.prepare(folder)
        items = list(dataset.test())
        images = folder / f"loop{index}"
        done = upscale_split(method, items, protocol, images)
        score_split("", metric, items, protocol, images, done.images)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The overhead of a cell.")
    parser.add_argument("--cells", type=int, default=20)
    cells = parser.parse_args().cells
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index in range(cells):
            write_pictures(folder / f"pictures{index}", index)
        alone, together, plain = run(folder, 1), run(folder, cells), loop(folder, cells)
    work = plain / cells
    overhead = (together - alone) / (cells - 1) - work
    print(f"starting a run, its server and one cell  {alone:6.2f} s")
    print(f"the work of a cell, in a loop            {work:6.3f} s")
    print(f"a cell in a run                          {work + overhead:6.3f} s")
    print(f"overhead of a cell                       {overhead:6.3f} s, target under {TARGET_SECONDS} s")
    print(f"ratio to the target                      {overhead / TARGET_SECONDS:6.2f}")


if __name__ == "__main__":
    main()
