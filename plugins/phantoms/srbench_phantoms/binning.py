"""The degradation `binning`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from srbench import Degradation, Image, Values


@dataclass(frozen=True)
class Binning(Degradation):
    """A detector with larger pixels: an LR pixel is the mean of scale x scale HR pixels.

    Pictures of integers are rounded, a half up.
    """

    name: ClassVar[str] = "binning"

    def lr(self, hr: Image, values: Values, scale: int, rng: np.random.Generator) -> Image:
        """HR, in bins."""
        height, width, channels = hr.shape
        bins = hr.reshape(height // scale, scale, width // scale, scale, channels)
        mean = bins.mean(axis=(1, 3), dtype=np.float64)
        if hr.dtype != np.float32:
            mean = np.floor(mean + 0.5)
        return np.asarray(mean.clip(values.low, values.high), hr.dtype)
