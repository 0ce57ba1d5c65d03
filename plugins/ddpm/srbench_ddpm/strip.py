"""Pictures of how SR comes out of the noise, beside those that training leaves of the same crop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.image import peak_of, read_image, to_image, to_tensor, write_image
from srbench.training.strip import DENOISING, FOLDER

if TYPE_CHECKING:
    import torch

MOMENTS = 7
"""As many as a page shows: pure noise, six on the way or less, and SR."""


def write_denoising(folder: Path, sampled: Callable[[torch.Tensor, int], Mapping[int, torch.Tensor]]) -> None:
    """Write `samples/denoising-STEP.png` into a model's folder: the crop whose LR lies there, after so many steps.

    sampled: LR `(1, C, h, w)` on the CPU and a number of moments, to images `(1, C, h * scale, w * scale)` by how many
    steps they are from pure noise. Nothing is written where training left no crop.
    """
    path = folder / FOLDER / "lr.png"
    if not path.exists():
        return
    lr = read_image(path)
    for step, image in sampled(to_tensor(lr, peak_of(lr))[None], MOMENTS).items():
        write_image(
            folder / FOLDER / f"{DENOISING}-{step}.png", to_image(image[0].float(), lr[:0].astype(np.uint8), 255)
        )
