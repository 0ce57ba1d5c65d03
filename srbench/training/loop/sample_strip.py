"""The folder `samples` of a model: what a method makes while it learns, again and again of one crop or of noise.

A method that samples may leave more there of the same crop once it has learned: its SR coming out of noise, and how
much several samples differ.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.pictures import DEPTHS, Values, read_image, to_image, to_tensor, write_image
from srbench.training.data.pairs import Floats

if TYPE_CHECKING:
    import torch

FOLDER = "samples"
DENOISING = "denoising"
"""What stands in place of a stage's name in pictures of SR coming out of noise, by the steps of a sampler."""
MOMENTS = 7
"""How many of them a page shows: pure noise, up to five on the way, and the result."""
SPREAD_PICTURE = "spread.png"
SPREAD_SAMPLES = 8
"""How many samples the picture of the spread is made of."""
SPREAD_WHITE = 8
"""White in that picture is a standard deviation of 1 / 8 of the range from black to white."""
SIDE = 128
"""The largest side of the crop, in HR pixels."""
_CONSTANT = 1e-3
"""A picture whose values span no more than this is one colour: a quarter of the smallest step of 8 bits."""


class Strip:
    """Pictures `samples/STAGE-STEP.png` in a model's folder, beside `hr.png` and, where there is one, `lr.png`.

    make: what the method makes with the networks as they are, `(1, C, H, W)`. hr: what that should come close to, of
    the same shape. lr: what it is made of, `(1, C, h, w)`; None for samples, which are made of noise.
    """

    def __init__(self, folder: Path, make: Callable[[], torch.Tensor], hr: Floats, lr: Floats | None = None) -> None:
        self._folder = folder / FOLDER
        self._make, self._hr, self._lr = make, hr, lr
        self.names: list[str] = []

    def begin(self, names: Collection[str]) -> None:
        """Keep the samples of these names; others are of steps that will be done again, or of another training."""
        self.names = list(names)
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.glob("*.png"):
            if path.name not in self.names:
                path.unlink()
        self._write("hr.png", self._hr)
        if self._lr is not None:
            self._write("lr.png", self._lr)

    def copy(self, names: Collection[str], folder: Path) -> None:
        """Take over samples of another model's folder, those that are still there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            if (path := folder / FOLDER / name).is_file() and path.parent != self._folder:
                shutil.copyfile(path, self._folder / name)

    def made(self) -> Floats:
        """What comes of the networks as they are."""
        made: Floats = self._make().float().cpu().numpy()
        return made

    def add(self, made: Floats, stage: str, step: int) -> None:
        """Write one picture."""
        name = f"{re.sub(r'[^A-Za-z0-9._-]', '-', stage)}-{step}.png"
        self._write(name, made)
        if name not in self.names:
            self.names.append(name)

    def collapsed(self, made: Floats) -> bool:
        """Whether all of what HR shows is lost: what is made is of one colour, which HR is not."""
        return bool(np.ptp(made) <= _CONSTANT < np.ptp(self._hr))

    def _write(self, name: str, image: Floats) -> None:
        pixels = np.nan_to_num(image[0]).clip(0, 1).transpose(1, 2, 0)
        write_image(self._folder / name, (DEPTHS["uint8"].from_unit(pixels) + 0.5).astype(np.uint8))


def remove_strip(folder: Path) -> None:
    """Remove the samples that an earlier training left in a model's folder."""
    for path in (folder / FOLDER).glob("*.png"):
        path.unlink()


def read_lr(folder: Path) -> torch.Tensor | None:
    """The LR `(1, C, h, w)` of the crop that training showed, from a model's folder; None where it left none."""
    path = folder / FOLDER / "lr.png"
    if not path.exists():
        return None
    lr = read_image(path)
    return to_tensor(lr, Values.of(lr))[None]


def write_denoising(folder: Path, states: Mapping[int, torch.Tensor]) -> None:
    """Write `samples/denoising-STEP.png` into a model's folder, of images `(1, C, H, W)` so many steps from noise.

    Nothing is written where training left no pictures.
    """
    for step, image in states.items():
        _write_beside(folder / FOLDER / f"{DENOISING}-{step}.png", image[0])


def write_spread(folder: Path, samples: torch.Tensor) -> None:
    """Write `samples/spread.png`: the standard deviation of samples `(N, C, H, W)`, the mean over channels.

    White is 1 / `SPREAD_WHITE` of the range from black to white, so that pictures of several trainings compare.
    """
    spread = samples.clamp(0, 1).std(0).mean(0, keepdim=True).expand(samples.shape[1], -1, -1)
    _write_beside(folder / FOLDER / SPREAD_PICTURE, spread * SPREAD_WHITE)


def _write_beside(path: Path, image: torch.Tensor) -> None:
    if (path.parent / "hr.png").exists():
        write_image(path, to_image(image.float(), np.empty((0, 0, 1), np.uint8), DEPTHS["uint8"]))
