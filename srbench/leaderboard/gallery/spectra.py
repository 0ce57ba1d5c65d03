"""Radial power spectra of HR and SR: which frequencies a method brings back, and which it leaves out or makes up.

The power at a spatial frequency is the mean over all directions of the squared Fourier transform of what the protocol
scores, less its mean, under a Hann window (Welch, "The use of fast Fourier transform for the estimation of power
spectra", 1967), whose energy is divided out: white noise of variance s has the power s at every frequency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from srbench.contract.protocol import Protocol
from srbench.pictures import Image, Values

Power = npt.NDArray[np.float64]
BANDS = 32
"""Of equal width, from 0 to the Nyquist frequency, half a cycle a pixel; fewer where images are small."""
NYQUIST = 0.5
_LEAST_SIDE = 16
_DIGITS = 6


class Spectra(msgspec.Struct, frozen=True):
    """Mean power over images in bands of equal width up to the Nyquist frequency, lowest first.

    images: how many. hr: of HR. sr: of each entrant, by its name.
    """

    images: int
    hr: tuple[float, ...]
    sr: Mapping[str, tuple[float, ...]]

    def renamed(self, names: Mapping[str, str]) -> Spectra:
        """The same with other names of entrants, by those that they have."""
        return msgspec.structs.replace(self, sr={names.get(name, name): power for name, power in self.sr.items()})

    @property
    def frequencies(self) -> list[float]:
        """The middle of each band, in cycles a pixel of HR."""
        return [NYQUIST * (place + 0.5) / len(self.hr) for place in range(len(self.hr))]


class SpectraSum:
    """Spectra of images as they come up. entrants: by name; an image that one of them lacks is left out."""

    def __init__(self, entrants: Sequence[str], protocol: Protocol) -> None:
        self._entrants, self._protocol = list(entrants), protocol
        self._found: list[Power] = []

    def add(self, hr: Image, sr: Mapping[str, Image], values: Values) -> None:
        """Take in an image: HR, and SR of its size by entrant. One that is not known everywhere is left out."""
        if any(name not in sr for name in self._entrants):
            return
        pictures = [self._protocol.compared(one, values) for one in (hr, *(sr[name] for name in self._entrants))]
        side = min(pictures[0].shape[1:])
        if side >= _LEAST_SIDE and all(np.isfinite(one).all() for one in pictures):
            bands = BANDS
            while side < 2 * bands:
                bands //= 2
            self._found.append(np.array([radial_power(one, bands) for one in pictures]))

    def mean(self) -> Spectra | None:
        """Their mean, in as many bands as the smallest image has; None where there is none."""
        if not self._found:
            return None
        fewest = min(power.shape[1] for power in self._found)
        alike = [power.reshape(len(power), fewest, -1).mean(2) for power in self._found]
        hr, *sr = np.mean(alike, axis=0)
        return Spectra(len(alike), _told(hr), {name: _told(one) for name, one in zip(self._entrants, sr, strict=True)})


def radial_power(image: npt.NDArray[np.float64], bands: int) -> Power:
    """The power of `(C, H, W)` in each band: the mean over directions and channels. What is constant has none."""
    height, width = image.shape[1:]
    window = np.hanning(height)[:, None] * np.hanning(width)
    flat = image - (image * window).sum((1, 2), keepdims=True) / window.sum()
    power = (np.abs(np.fft.rfft2(flat * window)) ** 2).mean(0) / (window**2).sum()
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    # A real image has the same power at a frequency and its opposite; half of them are all that are computed.
    twice = np.full(power.shape, 2.0)
    twice[:, 0] = 1.0
    if width % 2 == 0:
        twice[:, -1] = 1.0
    inside = (radius > 0) & (radius <= NYQUIST)
    band = np.minimum((radius[inside] * bands / NYQUIST).astype(int), bands - 1)
    weight = np.bincount(band, twice[inside], bands)
    total: Power = np.bincount(band, (twice * power)[inside], bands) / np.maximum(weight, 1)
    return total


def _told(power: Power) -> tuple[float, ...]:
    """Rounded, so that the last bits of another machine make no other page."""
    return tuple(float(f"{one:.{_DIGITS}g}") for one in power)
