"""The sample strip: SR of one crop of a held-out image, again and again while a method learns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.image import write_image
from srbench.training.pairs import Floats

if TYPE_CHECKING:
    import torch

FOLDER = "samples"
SIDE = 128
"""The largest side of the crop, in HR pixels."""
_CONSTANT = 1e-3
"""A picture whose values span no more than this is one colour: a quarter of the smallest step of 8 bits."""


class Strip:
    """Pictures `samples/STAGE-STEP.png` in a model's folder, beside `hr.png` and `lr.png`.

    lr, hr: the crop, `(1, C, h, w)` and `(1, C, h * scale, w * scale)`. upscale: LR on the device to SR.
    """

    def __init__(
        self,
        folder: Path,
        lr: Floats,
        hr: Floats,
        upscale: Callable[[torch.Tensor], torch.Tensor],
        device: torch.device,
    ) -> None:
        import torch

        self._folder = folder / FOLDER
        self._upscale = upscale
        self._hr = hr
        self._lr = torch.from_numpy(lr).to(device)
        self.names: list[str] = []

    def begin(self, names: Collection[str]) -> None:
        """Keep the samples of these names; others are of steps that will be done again, or of another training."""
        self.names = list(names)
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.glob("*.png"):
            if path.name not in self.names:
                path.unlink()
        self._write("hr.png", self._hr)
        self._write("lr.png", self._lr.cpu().numpy())

    def sr(self) -> Floats:
        """SR of the crop with the networks as they are."""
        sr: Floats = self._upscale(self._lr).float().cpu().numpy()
        return sr

    def add(self, sr: Floats, stage: str, step: int) -> None:
        """Write one sample."""
        name = f"{re.sub(r'[^A-Za-z0-9._-]', '-', stage)}-{step}.png"
        self._write(name, sr)
        if name not in self.names:
            self.names.append(name)

    def collapsed(self, sr: Floats) -> bool:
        """Whether SR has lost all of what the crop shows: it is of one colour, which HR is not."""
        return bool(np.ptp(sr) <= _CONSTANT < np.ptp(self._hr))

    def _write(self, name: str, image: Floats) -> None:
        pixels = np.nan_to_num(image[0]).clip(0, 1).transpose(1, 2, 0)
        write_image(self._folder / name, (pixels * 255 + 0.5).astype(np.uint8))


def remove_strip(folder: Path) -> None:
    """Remove the samples that an earlier training left in a model's folder."""
    for path in (folder / FOLDER).glob("*.png"):
        path.unlink()
