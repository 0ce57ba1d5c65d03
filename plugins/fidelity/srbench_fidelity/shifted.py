"""PSNR that forgives a small shift of the whole image, and says how large it was."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import srbench

from .shape import require_same_shape

if TYPE_CHECKING:
    import torch

LARGEST = 3
"""How many pixels SR may be shifted along each side."""
_STEPS = range(-LARGEST, LARGEST + 1)
_SHIFTS = sorted(product(_STEPS, _STEPS), key=lambda shift: (math.hypot(*shift), shift))


class ShiftedPsnr(srbench.ImageMetric):
    """PSNR in dB after the best shift of SR against HR, by whole pixels, up to 3 along each side.

    SR without 3 pixels on every side is compared with each of the 49 parts of HR that have its size, and the smallest
    MSE counts (of equal ones the smallest shift): the registration of the PROBA-V challenge (Maertens et al.,
    "Super-resolution of PROBA-V images using convolutional neural networks", 2019), without its correction of
    brightness. So it is no PSNR of the same pixels even where nothing is shifted.

    Beside it stand, as means over images: `shift down` and `shift right`, how many pixels further down and right in HR
    a pixel of SR is found; `shift`, its length; and `colour difference`, the root mean square over channels of the mean
    of SR less the mean of HR after the shift, as a part of the data range. Skipped for a side under 7 pixels.
    """

    judges = "distortion"
    unit = "dB"
    shown_as = "shifted-PSNR"
    higher_is_better = True
    range = (0.0, math.inf)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> tuple[float, srbench.Details] | srbench.Skip:
        """Shifted PSNR of `(C, H, W)` against `(C, H, W)`, and the shift."""
        require_same_shape(sr, hr)
        return _best(sr, hr, None)

    def score_measured(
        self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor
    ) -> tuple[float, srbench.Details] | srbench.Skip:
        """The score of the pixels of SR in a part of the image that meet pixels of HR in it, `measured` `(H, W)`."""
        return _best(sr, hr, measured)


def _best(
    sr: torch.Tensor, hr: torch.Tensor, part: torch.Tensor | None
) -> tuple[float, srbench.Details] | srbench.Skip:
    height, width = hr.shape[-2:]
    if min(height, width) <= 2 * LARGEST:
        return srbench.Skip(
            f"shifted PSNR needs {2 * LARGEST + 1} pixels on each side of what is scored; this image has "
            f"{width} x {height}"
        )
    best: tuple[float, tuple[int, int], torch.Tensor] | None = None
    for shift in _SHIFTS:
        difference = _difference(sr, hr, part, shift)
        if difference.numel():
            mse = float(difference.square().mean())
            if best is None or mse < best[0]:
                best = mse, shift, difference.mean(dim=1)
    if best is None:
        return srbench.Skip(f"the part to be scored lies less than {LARGEST} pixels from the sides of what is scored")
    mse, (down, right), means = best
    further = {
        "shift down": down,
        "shift right": right,
        "shift": math.hypot(down, right),
        "colour difference": float(means.square().mean().sqrt()),
    }
    return math.inf if mse == 0 else 0.0 - 10 * math.log10(mse), srbench.Details(further=further)


def _difference(sr: torch.Tensor, hr: torch.Tensor, part: torch.Tensor | None, shift: tuple[int, int]) -> torch.Tensor:
    """SR less HR where SR's inner pixels meet those of HR that lie `shift` further, `(C, N)`."""
    made, wanted = _inner(sr, (0, 0)), _inner(hr, shift)
    if part is None:
        return (made - wanted).flatten(1)
    both = _inner(part, (0, 0)) & _inner(part, shift)
    return made[:, both] - wanted[:, both]


def _inner(image: torch.Tensor, shift: tuple[int, int]) -> torch.Tensor:
    """`(..., H - 6, W - 6)` of `(..., H, W)`: the middle, shifted down and right."""
    height, width = (side - 2 * LARGEST for side in image.shape[-2:])
    return image.narrow(-2, LARGEST + shift[0], height).narrow(-1, LARGEST + shift[1], width)
