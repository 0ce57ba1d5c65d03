"""An X-ray detector that counts photons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import msgspec
import numpy as np

from srbench import Degradation, Image, Scale, Values

from .pixels import area_means, as_picture


@dataclass(frozen=True)
class Detector(Degradation):
    """An X-ray detector with larger pixels, each of which counts the photons that come through.

    A value v, from black 0 to white 1, is an attenuation: of the photons 10^(-density v) come through (Beer and
    Lambert). They spread by a Gaussian, those of scale x scale pixels are counted together, and the count is turned
    into an attenuation again. Where none came through, LR is white.

    photons: those that a HR pixel would get if nothing were in their way. density: optical density of white; 0: v is
    itself the share that comes through. blur: standard deviation of the Gaussian in HR pixels, cut off at 4 of them,
    with mirrored borders; 0: none.
    """

    name: ClassVar[str] = "detector"
    photons: Annotated[float, msgspec.Meta(gt=0)] = 9000.0
    density: Annotated[float, msgspec.Meta(ge=0)] = 1.824
    blur: Annotated[float, msgspec.Meta(ge=0)] = 0.0

    @property
    def draws(self) -> bool:
        """True: the photons."""
        return True

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """HR as the detector sees it."""
        from scipy.ndimage import gaussian_filter

        values = replace(values, curve="linear")  # light and signals add up before anything is stretched
        unit = values.to_unit(hr)
        exposure = 10 ** (-self.density * unit) if self.density else unit.clip(0, 1)
        if self.blur:
            exposure = gaussian_filter(exposure, (self.blur, self.blur, 0), mode="reflect", truncate=4.0)
        full = self.photons * float(scale) ** 2
        counted = rng.poisson(full * area_means(exposure, scale)) / full
        if self.density:
            with np.errstate(divide="ignore"):  # nothing came through: infinite, and clipped to white
                counted = -np.log10(counted) / self.density
        return as_picture(values.from_unit(counted.clip(0, 1)), hr, values)
