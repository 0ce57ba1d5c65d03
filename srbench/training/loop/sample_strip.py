"""The sample strip: what a method makes, again and again while it learns: SR of one held-out crop, or samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.pictures import write_image
from srbench.training.data.pairs import Floats

if TYPE_CHECKING:
    import torch

FOLDER = "samples"
DENOISING = "denoising"
"""In place of a stage's name: pictures of the same crop's SR coming out of noise, by the steps of a sampler. A method
that samples may leave them, from step 0 on; they are no part of the training."""
SPREAD_PICTURE = "spread.png"
"""Of the same crop: how much several samples differ, pixel by pixel. A method that samples may leave it."""
SPREAD_WHITE = 8
"""White in it is a standard deviation of 1 / 8 of the range from black to white."""
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
        write_image(self._folder / name, (pixels * 255 + 0.5).astype(np.uint8))


def remove_strip(folder: Path) -> None:
    """Remove the samples that an earlier training left in a model's folder."""
    for path in (folder / FOLDER).glob("*.png"):
        path.unlink()
