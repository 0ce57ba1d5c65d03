"""Gaussian noise on bicubic LR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import msgspec
import numpy as np

from srbench import Degradation, Image, Scale, Values
from srbench.pictures import resize_picture

from .pixels import as_picture


@dataclass(frozen=True)
class Noise(Degradation):
    """Bicubic LR, with white Gaussian noise of its own in every pixel and channel.

    sigma: standard deviation, as a share of the data range (white less black).
    """

    name: ClassVar[str] = "noise"
    sigma: Annotated[float, msgspec.Meta(gt=0)]

    @property
    def draws(self) -> bool:
        """True: the noise."""
        return True

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """LR as `bicubic` makes it, and noise."""
        lr = resize_picture(hr, 1 / scale, values)
        sigma = self.sigma * (values.high - values.low)
        return as_picture(lr + sigma * rng.standard_normal(lr.shape), hr, values)
