"""Large pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from srbench import Degradation, Image, Scale, Values

from .pixels import area_means, as_picture


@dataclass(frozen=True)
class Area(Degradation):
    """The mean over scale x scale pixels: a sensor with larger pixels, without gaps between them."""

    name: ClassVar[str] = "area"

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """The means, rounded once."""
        return as_picture(area_means(hr, scale), hr, values)
