"""What SR did to each pixel, by three distances: improved it, left it as it was known, or invented something.

Aybar, Montero, Donike, Kalaitzis, Gómez-Chova, "A comprehensive benchmark for optical remote sensing image
super-resolution", IEEE GRSL 2024, and its program, opensr-test. What was known is the baseline, LR upscaled without
learning. With the distances r of the baseline to HR, i = d(SR, HR) / r and o = d(SR, baseline) / r, a pixel is as far
from

- improvement (SR is HR, so that i = 0 and o = 1) as T_im = i + o (1 - exp(-h / 20)), h = i + o - 1,
- omission (SR is the baseline, so that i = 1 and o = 0) as T_om = o + i (1 - exp(-h / 20)),
- hallucination (SR is far from both) as T_ha = exp(-i o / 20),

and belongs to each by the softmin exp(-4 T), divided by the sum of all three.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

CLASSES = ("improvement", "omission", "hallucination")
"""In the order of every array here."""
Norm = Literal["percent", "softmin"]
"""How pixels are summed up: the share of those that belong to a class most, or the mean of how much they belong."""
LEAST = 1.5 / 255
"""The least distance that counts unless told, white being 1: what rounding to 8 bits makes of equal images is less."""
_QUANTILE = 0.75
_LAMBDA = 0.05
_TEMPERATURE = 0.25

Distances = npt.NDArray[np.float64]


def memberships(
    baseline_to_hr: Distances, sr_to_hr: Distances, sr_to_baseline: Distances, threshold: float | None = None
) -> Distances:
    """How much each pixel belongs to each class, `(3, H, W)`, of which the three add up to 1; NaN where it counts not.

    The distances are `(H, W)`, NaN where nothing was measured. A pixel counts where one of them is above the threshold:
    by default the third quartile of the baseline's distances to HR, but `LEAST` at least. Where the baseline is HR, any
    other SR is a hallucination.
    """
    distances = np.stack([baseline_to_hr, sr_to_hr, sr_to_baseline])
    if threshold is None:
        threshold = max(_quartile(baseline_to_hr[~np.isnan(baseline_to_hr)]), LEAST)
    counts = (distances > threshold).any(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        i, o = distances[1:] / baseline_to_hr
        far = 1 - np.exp(-_LAMBDA * (i + o - 1))
        softmin = np.exp(np.stack([i + o * far, o + i * far, np.exp(-_LAMBDA * i * o)]) / -_TEMPERATURE)
    return np.where(counts, softmin / softmin.sum(axis=0), np.nan)


def _quartile(distances: Distances) -> float:
    """The pixel below which three quarters of them lie; 0 where there is none."""
    if not distances.size:
        return 0.0
    place = max(int(_QUANTILE * distances.size), 1) - 1
    return float(np.partition(distances, place)[place])


def class_map(members: Distances) -> npt.NDArray[np.uint8]:
    """The place in `CLASSES` of the class that each pixel belongs to most, `(H, W)`; 3 where it counts not."""
    counts = ~np.isnan(members[0])
    chosen: npt.NDArray[np.uint8] = np.where(counts, np.nan_to_num(members).argmax(axis=0), len(CLASSES)).astype(
        np.uint8
    )
    return chosen


def shares(members: Distances, norm: Norm = "percent") -> tuple[float, float, float]:
    """What of the image each class has; the three add up to 1.

    Where no pixel counts, SR, HR and baseline are the same picture, and it is all improvement: nothing was left out,
    and nothing invented.
    """
    counts = ~np.isnan(members[0])
    if not counts.any():
        return 1.0, 0.0, 0.0
    kept = members[:, counts]
    if norm == "softmin":
        improvement, omission, hallucination = kept.mean(axis=1)
    else:
        improvement, omission, hallucination = np.bincount(kept.argmax(axis=0), minlength=3) / counts.sum()
    return float(improvement), float(omission), float(hallucination)
