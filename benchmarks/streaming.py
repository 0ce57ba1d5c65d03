"""Memory of a training on a set that is larger than it may keep in memory, beside that on a few of its pictures.

Both train SRResNet (`small`), each in a process of its own, with validation, checkpoints and all. Pictures are made as
they are read, and LR from them. Memory is the highest resident size of the process, as the system counts it. Run as
`python benchmarks/streaming.py`; the folder that `TMPDIR` names needs room for all pictures, 3.2 GB unless told.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from srbench_srgan.srresnet import SRResNet

import srbench
from srbench.pictures import Image
from srbench.registry.parameters import resolve
from srbench.registry.shared import create

FEW = 20
ALLOWED_MB = 300
SCALE = 4


def textures(count: int, side: int) -> list[srbench.Item]:
    """Items whose pictures are parts of one noisy gradient."""
    rows, columns = np.mgrid[0 : 4 * side, 0 : 4 * side]
    noise = np.random.default_rng(0).normal(0, 20, (4 * side, 4 * side, 3))
    whole = (100 + 0.05 * np.stack([rows, columns, rows + columns], -1) + noise).clip(0, 255).astype(np.uint8)

    def part(number: int) -> Callable[[], Image]:
        top, left = (int(place) for place in np.random.default_rng(number).integers(0, 3 * side, 2))
        return lambda: whole[top : top + side, left : left + side].copy()

    return [srbench.Item(f"{number:06}", part(number)) for number in range(count)]


def train(count: int, side: int, pictures_gb: float, steps: int) -> None:
    method = create(SRResNet, resolve(SRResNet, {"preset": "small"}))
    data = srbench.TrainingSet(textures(count, side), srbench.Protocol("benchmark", SCALE))
    with tempfile.TemporaryDirectory() as folder:
        budget = srbench.Budget("steps", steps)
        method.fit(data, srbench.FitContext(0, budget, Path(folder), pictures_gb=pictures_gb))


def megabytes(*options: str) -> float:
    """The highest resident size of this script, run for one number of pictures."""
    process = subprocess.Popen([sys.executable, __file__, *options])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{options}: ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss * 1024 / 1e6


@click.command(help=__doc__)
@click.option("--pictures", default=20_000, show_default=True)
@click.option("--side", default=224, show_default=True, help="Of a picture, in pixels.")
@click.option("--pictures-gb", default=0.25, show_default=True, help="What they may take of memory.")
@click.option("--steps", default=40, show_default=True)
@click.option("--only", type=int, hidden=True, help="Train on so many in this process.")
def main(pictures: int, side: int, pictures_gb: float, steps: int, only: int | None) -> None:
    if only is not None:
        train(only, side, pictures_gb, steps)
        return
    told = ["--side", str(side), "--pictures-gb", str(pictures_gb), "--steps", str(steps)]
    found = {count: megabytes("--only", str(count), *told) for count in (FEW, pictures)}
    for count, held in found.items():
        decoded = count * side**2 * 3 * (1 + 1 / SCALE**2) / 1e6
        print(f"{count:6} pictures of {side} pixels, {decoded:6.0f} MB decoded: {held:6.0f} MB")
    more = found[pictures] - found[FEW] - pictures_gb * 1e3
    print(f"{more:+.0f} MB beyond the {pictures_gb * 1e3:.0f} MB for pictures; allowed: {ALLOWED_MB} MB")


if __name__ == "__main__":
    main()
