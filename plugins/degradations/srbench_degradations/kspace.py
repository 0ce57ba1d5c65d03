"""Magnetic resonance imaging at a lower resolution: less of k-space is measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from srbench import Degradation, Image, Scale, Values
from srbench.pictures import reduced

from .pixels import as_picture

Spectrum = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class KSpace(Degradation):
    """Magnitude of the inverse Fourier transform of the middle 1 / scale of k-space, along rows and columns.

    HR, from black 0 to white 1, is taken for the object; its transform repeats it beyond its borders. A phase ramp
    puts LR's first pixel on the middle of HR's first scale x scale pixels. Of an even number of lines the outermost is
    the mean of the one at either end, so that mirror images have mirror images as LR.

    taper: of the Tukey window over what was measured, along rows and columns: the share of it on its flanks, from 0 (no
    window) to 1 (Hann). noise: standard deviation of the noise in the real and in the imaginary part of an LR pixel,
    as a share of the standard deviation of HR; white before the window, so that magnitudes are Rician (Gudbjartsson and
    Patz 1995).
    """

    name: ClassVar[str] = "k-space"
    taper: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    noise: Annotated[float, msgspec.Meta(ge=0)] = 0.0

    @property
    def draws(self) -> bool:
        """Whether there is noise."""
        return self.noise > 0

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """HR as it is measured with so much of k-space."""
        values = replace(values, curve="linear")  # light and signals add up before anything is stretched
        unit = values.to_unit(hr)
        measured = np.fft.fft2(unit, axes=(0, 1))
        for _ in ("rows", "columns"):
            measured = _middle(measured, scale).swapaxes(0, 1)
        if self.noise:
            parts = rng.standard_normal((2, *measured.shape))
            sigma = self.noise * unit.std() * np.sqrt(measured.shape[0] * measured.shape[1])
            measured += sigma * (parts[0] + 1j * parts[1])
        for axis in (0, 1):
            window = tukey(measured.shape[axis], self.taper)
            measured *= np.expand_dims(window, [other for other in range(3) if other != axis])
        lr = np.abs(np.fft.ifft2(np.fft.ifftshift(measured, axes=(0, 1)), axes=(0, 1)))
        return as_picture(values.from_unit(lr), hr, values)


def _middle(spectrum: Spectrum, scale: Scale) -> Spectrum:
    """The middle 1 / scale of the rows, from the lowest frequency to the highest, as LR of that many rows has them."""
    length = len(spectrum)
    rows = frequencies(reduced(length, scale))
    ramp = np.exp(1j * np.pi * float(scale - 1) / length * rows)[:, None, None]
    middle = spectrum[rows % length] * ramp
    if len(rows) % 2 == 0:
        middle[0] = (middle[0] + spectrum[-rows[0]] * ramp[0].conj()) / 2
    found: Spectrum = middle / float(scale)
    return found


def frequencies(length: int) -> npt.NDArray[np.int64]:
    """The frequencies of a line of so many pixels, in cycles a line, from -length / 2 up to below length / 2."""
    return np.arange(length) - length // 2


def tukey(length: int, taper: float) -> npt.NDArray[Any]:
    """The window at the frequencies of a line: 1 in the middle, a cosine down to 0 at half a cycle a pixel."""
    outside = 2 * np.abs(frequencies(length)) / length - (1 - taper)
    return np.where(outside > 0, 0.5 + 0.5 * np.cos(np.pi * outside / taper), 1.0) if taper else np.ones(length)
