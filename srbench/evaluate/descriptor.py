"""Features of an image that do not depend on where in it something stands: two views of one texture are alike in them.

Of an image x of C channels:

- mean and standard deviation of each channel;
- oriented band energies: with P the power spectrum of the mean over channels, without its zero frequency, and S_b the
  sum of P over the frequencies of one octave and one orientation, log((S_b + q_b) / (sum of P + q)), where q is the
  variance of rounding to 8 bits, beneath which there is nothing to see, and q_b the band's part of it, by frequencies.

They are shares of the contrast, which the deviations tell already. A spectrum does not change when the image is shifted
around its edges, and little when it is the next crop of the same texture. There is no window: a window makes it the
spectrum of the middle, which differs more between crops of one texture than the edges disturb.

Source: Oliva and Torralba, "Modeling the shape of the scene: a holistic representation of the spatial envelope", 2001,
who pool the energy spectrum by oriented band-pass filters; here the bands do not overlap.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

ORIENTATIONS = 4
"""Horizontal, vertical and the two diagonals."""
ROUNDING = (1 / 255) ** 2 / 12
"""Variance of the error of rounding to 8 bits, white being 1."""


def describe(image: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """The features of an image `(H, W, C)` in [0, 1]: 2 C numbers, then those of the bands, octave by octave."""
    pixels = image.astype(np.float64)
    spectrum = np.abs(np.fft.fft2(pixels.mean(-1)) / pixels[..., 0].size) ** 2
    bands = _bands(*spectrum.shape)
    known = bands >= 0
    count = _octaves(*spectrum.shape) * ORIENTATIONS
    energies = np.bincount(bands[known], spectrum[known], minlength=count)
    frequencies = np.bincount(bands[known], minlength=count).clip(min=1)  # none in some bands of a tiny image
    shares = (energies + ROUNDING * frequencies / frequencies.sum()) / (energies.sum() + ROUNDING)
    return np.concatenate([pixels.mean((0, 1)), pixels.std((0, 1)), np.log(shares)])


def _octaves(height: int, width: int) -> int:
    return max(1, int(np.ceil(np.log2(min(height, width) / 2))))


@lru_cache(maxsize=4)
def _bands(height: int, width: int) -> npt.NDArray[np.intp]:
    """The band of each frequency, -1 for zero. The first octave begins at one cycle an image, the last has the rest."""
    down, along = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    cycles = np.hypot(down, along) * min(height, width)
    octaves = np.log2(np.maximum(cycles, 1)).astype(np.intp).clip(max=_octaves(height, width) - 1)
    orientations = np.round(np.arctan2(down, along) / np.pi * ORIENTATIONS).astype(np.intp) % ORIENTATIONS
    bands: npt.NDArray[np.intp] = np.where(cycles > 0, octaves * ORIENTATIONS + orientations, -1)
    return bands
