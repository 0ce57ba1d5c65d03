"""What big sets and large pictures take: time and memory of plans and runs, beside plain scripts.

    python benchmarks/big_sets.py plan [--files 20000]      # cold and warm, beside Pillow in a loop
    python benchmarks/big_sets.py files [--files 20000]     # memory of testing so many files, beside that of 20
    python benchmarks/big_sets.py picture [--side 10000]    # memory of testing one picture, beside a plain script

`plan` is of pictures of 64 x 64 pixels, 1 % of them the training split, and of two methods, one of which learns: every
test picture is compared with every training picture, and with every other test picture. The plain scripts read the
same files in a loop: all pixels, and their sha256; or headers only.

`files` and `picture` test bicubic interpolation at x2 with PSNR and SSIM. The plain script for `picture` reads HR,
makes LR and SR in float32, and computes PSNR, with every array kept until its end, as one writes it.

Seconds are those of the processor, user and system, of all processes; memory is the highest resident size of any one of
them, as the system counts it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from PIL import Image as Pillow

SIDE, FEW, LARGEST_PART = 64, 20, 500
ALLOWED_MB = 300

_PIXELS = """
import hashlib, sys
from pathlib import Path
import numpy as np
from PIL import Image
for path in sorted(Path(sys.argv[1]).rglob("*.png")):
    hashlib.sha256(np.asarray(Image.open(path)).tobytes()).hexdigest()
"""
_HEADERS = """
import sys
from pathlib import Path
from PIL import Image
for path in sorted(Path(sys.argv[1]).rglob("*.png")):
    with Image.open(path) as picture:
        picture.size
"""
_PSNR = """
import sys
import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate
Image.MAX_IMAGE_PIXELS = None
hr = torch.from_numpy(np.array(Image.open(sys.argv[1]))).permute(2, 0, 1)[None].float() / 255
lr = interpolate(hr, scale_factor=0.5, mode="bicubic", antialias=True).clamp(0, 1)
sr = interpolate(lr, scale_factor=2, mode="bicubic").clamp(0, 1)
print(-10 * torch.log10(((sr - hr) ** 2).mean()).item())
"""


class Taken(NamedTuple):
    """What a command took: seconds of the processor and by the clock, and megabytes of its largest process."""

    seconds: float
    wall: float
    megabytes: float


def taken(folder: Path, *command: str) -> Taken:
    """Run a command of Python in a folder, which also holds what is remembered of files."""
    started = time.perf_counter()
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    process = subprocess.Popen([sys.executable, *command], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command}: ended with {os.waitstatus_to_exitcode(status)}")
    return Taken(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss * 1024 / 1e6)


def srbench(folder: Path, verb: str, name: str, *options: str) -> Taken:
    return taken(folder, "-m", "srbench", verb, f"{name}.yaml", "--store", f"store-{name}", *options)


def textured(seed: int, side: int) -> Pillow.Image:
    """Colours whose amplitude falls with the frequency, as that of photographs does; a large picture repeats them."""
    generator = np.random.default_rng(seed)
    part = min(side, LARGEST_PART)
    frequencies = np.hypot(np.fft.fftfreq(part)[:, None], np.fft.rfftfreq(part))[..., None]
    waves = np.fft.rfft2(generator.normal(size=(part, part, 3)), axes=(0, 1)) / np.maximum(frequencies, 1 / part)
    levels = np.fft.irfft2(waves, (part, part), axes=(0, 1))
    pixels = (128 + 45 * levels / levels.std()).clip(0, 255).astype(np.uint8)
    times = -(-side // part)
    return Pillow.fromarray(np.tile(pixels, (times, times, 1))[:side, :side])


def write_pictures(folder: Path, count: int, side: int) -> None:
    """A folder with both splits."""
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True)
    training = count // 100
    for index in range(count):
        split = "train" if index < training else "test"
        textured(index, side).save(folder / split / f"{index:06d}.png", compress_level=1)


def write_matrix(folder: Path, name: str, pictures: str, **others: object) -> None:
    content = {
        "name": name,
        "datasets": [{"folder": {"path": pictures, "name": "pictures"}}],
        "protocols": ["x2-rgb"],
        "metrics": ["psnr", "ssim"],
        **others,
    }
    (folder / f"{name}.yaml").write_text(json.dumps(content))


def print_taken(name: str, took: Taken) -> None:
    print(f"{name:32} {took.seconds:7.1f} s, {took.wall:7.1f} s by the clock, {took.megabytes:6.0f} MB")


def plan(folder: Path, files: int, side: int) -> None:
    write_pictures(folder / "pictures", files, SIDE)
    train = {"on": ["same"], "budget": {"steps": 10}}
    write_matrix(folder, "plan", "pictures", methods=["bicubic", "srcnn"], train=train, seeds=[0])
    pixels, cold = taken(folder, "-c", _PIXELS, "pictures"), srbench(folder, "plan", "plan")
    headers, warm = taken(folder, "-c", _HEADERS, "pictures"), srbench(folder, "plan", "plan")
    print(f"{files} files of {SIDE} x {SIDE}")
    print_taken("plan, cold", cold)
    print_taken("plain script, all pixels", pixels)
    print_taken("plan, warm", warm)
    print_taken("plain script, headers", headers)
    print(f"cold: {cold.seconds / pixels.seconds:.2f} times the processor's time of reading all pixels")
    print(f"warm: {warm.seconds / headers.seconds:.2f} times the processor's time of reading all headers")


def files(folder: Path, files: int, side: int) -> None:
    found = {}
    for count in (FEW, files):
        write_pictures(folder / f"pictures{count}", count, SIDE)
        write_matrix(folder, f"test{count}", f"pictures{count}", methods=["bicubic"])
        found[count] = srbench(folder, "run", f"test{count}", "--no-report")
        print_taken(f"testing {count} files", found[count])
    print_more(found[files].megabytes - found[FEW].megabytes)


def picture(folder: Path, files: int, side: int) -> None:
    (folder / "picture").mkdir()
    textured(0, side).save(folder / "picture/large.png", compress_level=1)
    write_matrix(folder, "picture", "picture", methods=["bicubic"])
    plain = taken(folder, "-c", _PSNR, "picture/large.png")
    run = srbench(folder, "run", "picture", "--no-report")
    print_taken(f"{side} x {side}, plain script", plain)
    print_taken(f"{side} x {side}, srbench run", run)
    print_more(run.megabytes - plain.megabytes)


def print_more(megabytes: float) -> None:
    print(f"{megabytes:+.0f} MB, allowed: {ALLOWED_MB} MB; ratio {megabytes / ALLOWED_MB:.2f}")


PARTS: dict[str, Callable[[Path, int, int], None]] = {"plan": plan, "files": files, "picture": picture}


@click.command(help=__doc__)
@click.argument("part", type=click.Choice([*PARTS]))
@click.option("--files", default=20_000, show_default=True)
@click.option("--side", default=10_000, show_default=True)
def main(part: str, files: int, side: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        PARTS[part](Path(name), files, side)


if __name__ == "__main__":
    main()
