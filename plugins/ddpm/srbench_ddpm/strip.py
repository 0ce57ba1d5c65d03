"""Pictures of how images come out of the noise, beside those that training leaves of the same crop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.pictures import peak_of, read_image, to_image, to_tensor, write_image
from srbench.training.loop.sample_strip import DENOISING, FOLDER, SPREAD_PICTURE, SPREAD_WHITE

if TYPE_CHECKING:
    import torch

MOMENTS = 7
"""As many as a page shows: pure noise, up to five on the way, and the result."""
SPREAD = 8
"""Samples whose spread is shown."""


def read_lr(folder: Path) -> torch.Tensor | None:
    """The LR `(1, C, h, w)` of the crop that training showed; None where it left none."""
    path = folder / FOLDER / "lr.png"
    if not path.exists():
        return None
    lr = read_image(path)
    return to_tensor(lr, peak_of(lr))[None]


def write_denoising(folder: Path, states: Mapping[int, torch.Tensor]) -> None:
    """Write `samples/denoising-STEP.png` into a model's folder, of images `(1, C, H, W)` so many steps from noise.

    Nothing is written where training left no pictures.
    """
    for step, image in states.items():
        _write(folder / FOLDER / f"{DENOISING}-{step}.png", image[0])


def write_spread(folder: Path, samples: torch.Tensor) -> None:
    """Write `samples/spread.png`: the standard deviation of samples `(N, C, H, W)`, the mean over channels.

    White is 1 / `SPREAD_WHITE` of the range from black to white, so that pictures of several trainings compare.
    """
    spread = samples.clamp(0, 1).std(0).mean(0, keepdim=True).expand(samples.shape[1], -1, -1)
    _write(folder / FOLDER / SPREAD_PICTURE, spread * SPREAD_WHITE)


def _write(path: Path, image: torch.Tensor) -> None:
    if (path.parent / "hr.png").exists():
        write_image(path, to_image(image.float(), np.empty((0, 0, 1), np.uint8), 255))
