"""A telescope: a point spread function, larger pixels, photon and read noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
import numpy as np

from srbench import Degradation, Image, Scale, SrbenchError, Values

from .pixels import Array, area_means, as_picture, blurred, normalised

_REACH = 8
"""FWHM from the middle of a Moffat, along rows and columns, beyond which nothing of it counts."""
_NODES = 16
"""Of the quadrature along each side of a pixel."""


@dataclass(frozen=True)
class Psf(Degradation):
    """A telescope: LR is the mean over scale x scale pixels of HR convolved with a PSF, and noise.

    In the picture's own units, which it takes for linear in flux. Beyond its borders HR is continued by its mirror
    image, so that a symmetric PSF keeps the mean flux.

    fwhm, beta: the PSF's full width at half maximum in HR pixels and its exponent, of a Moffat (1969) integrated over
    pixels, cut off at 8 FWHM, of sum 1. file: a FITS file whose first image of two dimensions is the PSF, in HR pixels,
    in place of the Moffat; its sum is made 1, its sides are odd, and its middle pixel is where a point lies. gain:
    electrons that a unit of an LR pixel stands for, which are drawn from a Poisson distribution; 0: no photon noise.
    sky: units that photons came from besides what the picture shows, as where a background was subtracted. read:
    standard deviation of Gaussian noise in an LR pixel, in units.
    """

    name: ClassVar[str] = "psf"
    fwhm: Annotated[float, msgspec.Meta(gt=0)] = 2.5
    beta: Annotated[float, msgspec.Meta(gt=1)] = 3.0
    file: Path | None = None
    gain: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    sky: float = 0.0
    read: Annotated[float, msgspec.Meta(ge=0)] = 0.0

    def __post_init__(self) -> None:
        if self.file is not None and self.file.is_file():
            psf_of(self.file)  # says what is wrong with it before anything runs

    @property
    def draws(self) -> bool:
        """Whether there is noise."""
        return self.gain > 0 or self.read > 0

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """HR through the telescope."""
        psf = moffat(self.fwhm, self.beta) if self.file is None else psf_of(self.file)
        lr = area_means(blurred(hr, psf), scale)
        if self.gain:
            electrons = self.gain * np.maximum(lr + self.sky, 0)
            lr += (rng.poisson(electrons) - electrons) / self.gain
        if self.read:
            lr += self.read * rng.standard_normal(lr.shape)
        return as_picture(lr, hr, values)


@lru_cache(maxsize=16)
def moffat(fwhm: float, beta: float) -> Array:
    """(1 + (r / a)^2)^-beta integrated over pixels, its middle on the middle pixel, of sum 1."""
    width = fwhm / (2 * math.sqrt(2 ** (1 / beta) - 1))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    places = np.arange(math.ceil(_REACH * fwhm) + 1)
    squares = ((places[:, None] + nodes / 2) / width) ** 2
    quadrant = np.zeros((len(places), len(places)))
    for down, weight in zip(squares.T, weights, strict=True):
        for along, other in zip(squares.T, weights, strict=True):
            quadrant += weight * other * (1 + down[:, None] + along) ** -beta
    half = np.concatenate([quadrant[:0:-1], quadrant])
    whole: Array = np.concatenate([half[:, :0:-1], half], axis=1)
    return normalised(whole)


def psf_of(path: Path) -> Array:
    """The first image of two dimensions in a FITS file, of sum 1. Raises `SrbenchError`."""
    from astropy.io import fits

    try:
        with fits.open(path) as units:
            images = (unit.data for unit in units)
            image = next((image for image in images if image is not None and image.ndim == 2), None)
            found = None if image is None else np.array(image, np.float64)
    except OSError as error:
        raise SrbenchError(f"{path} cannot be read as FITS: {error}") from error
    if found is None:
        raise SrbenchError(f"{path} has no image of two dimensions, which a PSF is")
    if not all(side % 2 for side in found.shape):
        raise SrbenchError(
            f"the PSF in {path} has {found.shape[0]} rows and {found.shape[1]} columns; both are to be odd, so that "
            "there is a pixel in the middle, where a point lies"
        )
    if not np.isfinite(found).all() or found.sum() <= 0:
        raise SrbenchError(f"the PSF in {path} has the sum {found.sum():g}; it should be finite and above 0")
    return normalised(found)
