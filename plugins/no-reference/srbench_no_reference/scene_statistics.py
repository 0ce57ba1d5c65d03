"""Statistics of natural scenes: what the brightness of an undistorted photograph does from pixel to neighbour.

Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", 2012, whose equations these are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from srbench.pictures import LUMA

if TYPE_CHECKING:
    import torch

Array = npt.NDArray[np.float64]
WINDOW = 7
"""The side in pixels of the window that local means and deviations are taken under."""
WHITE = 255
"""The statistics were fitted to images of 8 bits: the constant 1 beside a deviation means one level."""

_ROUNDING = 1e-9
"""Contrast below it is what float64 leaves of none: a thousand times as much, and a millionth of any between levels."""


def grey_levels(image: torch.Tensor, weights: Sequence[float] = LUMA, offset: float = 0) -> Array:
    """Brightness `(H, W)` in levels of 8 bits, black at 0, from `(C, H, W)` in [0, 1].

    weights, offset: of red, green and blue. As MATLAB has it, the brightness of colours is rounded to whole levels.
    """
    levels: Array = image.numpy().astype(np.float64) * WHITE
    if len(levels) > 1:
        red, green, blue = levels
        levels = np.floor(weights[0] * red + weights[1] * green + weights[2] * blue + offset * WHITE + 0.5)[None]
    grey: Array = levels[0]
    return grey


def gaussian_window() -> Array:
    """7 x 7 weights of a Gaussian of sigma 7/6, whose sum is 1."""
    distance = np.arange(WINDOW) - WINDOW // 2
    line = np.exp(-(distance**2) / (2 * (WINDOW / 6) ** 2))
    window: Array = np.outer(line, line) / line.sum() ** 2
    return window


def normalised(grey: Array, window: Array, borders: str) -> Array:
    """Brightness less its local mean, over its local deviation and one level (equation 1).

    borders: what lies beyond, as `scipy.ndimage.correlate` calls it: `constant` for zeros, `nearest`. Where an image is
    flat or a ramp there is none of it, and not what rounding leaves: its sign would decide on what side of 0 the pixel
    counts, and do so differently in every program.
    """
    from scipy.ndimage import correlate

    mean = correlate(grey, window, mode=borders)
    deviation = np.sqrt(np.abs(correlate(grey**2, window, mode=borders) - mean**2))
    contrast: Array = (grey - mean) / (deviation + 1)
    contrast[np.abs(contrast) < _ROUNDING] = 0
    return contrast


def halved(grey: Array) -> Array:
    """Half the size, as MATLAB's `imresize` makes it: `(ceil(H / 2), ceil(W / 2))`."""
    import torch

    from srbench.pictures import resize

    small: Array = resize(torch.from_numpy(grey), 0.5).numpy()
    return small


def neighbours(contrast: Array) -> Iterator[Array]:
    """The products of pixels with their neighbours: to the right, below, and along both diagonals.

    Neighbours of the last are the first, on the other side.
    """
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        yield contrast * np.roll(contrast, shift, axis=(0, 1))


def symmetric_shape(values: Array) -> tuple[float, float]:
    """The shape and the variance of the generalised Gaussian that has the moments of the values (equation 4)."""
    shapes, ratios = _ratios()
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.mean(values**2)
        found = variance / np.mean(np.abs(values)) ** 2
    return float(shapes[np.argmin(np.abs(found - 1 / ratios))]), float(variance)


def asymmetric_shape(values: Array) -> tuple[float, float, float]:
    """The shape of the asymmetric generalised Gaussian that fits the values, and their deviations left and right of 0.

    Deviations are NaN where no value lies on that side (equation 7 and what follows).
    """
    shapes, ratios = _ratios()
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = (
            np.sqrt(np.float64(side @ side) / len(side)) for side in (values[values < 0], values[values > 0])
        )
        skew = left / right
        found = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
        found *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    return float(shapes[np.argmin((ratios - found) ** 2)]), float(left), float(right)


@cache
def _ratios() -> tuple[Array, Array]:
    """The shapes that are tried, and for each the squared mean magnitude over the mean square of such a Gaussian."""
    from scipy.special import gamma

    shapes = np.arange(0.2, 10.001, 0.001)
    return shapes, gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))
