"""A picture in miniature: what stays much the same when it is recompressed, resized, made grey or given other bits."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from srbench.pictures.array import LUMA, Image

SIDE = 32
"""Rows and columns of a thumbnail."""
SPREAD = 32
"""Steps in a standard deviation of its brightness."""
_SMALLEST = 16
"""The side below which a picture has too few pixels to tell from others."""
_AT_ONCE = 2**13
"""About how many values are averaged at once: so few that NumPy's library multiplies them in one thread, since others
would go on spinning for longer than all of this takes; and a large picture is never whole in double precision."""
_BLANK = 1e-6
"""The standard deviation, beside the largest number, below which a picture is one colour but for rounding."""


def thumbnail(image: Image) -> bytes:
    """The grey means of `SIDE` x `SIDE` areas of equal size, as int8 by rows, whatever the picture's shape and range.

    Their mean is 0, and `SPREAD` one standard deviation; what is beyond four of them is cut. Empty for a picture of
    one colour, one with a side below 16 pixels, and one with values that are no numbers.
    """
    height, width, _ = image.shape
    if min(height, width) < _SMALLEST:
        return b""
    lines = _means(image)
    grey = _means(lines.T[..., None]).T
    deviation = grey.std()
    if not deviation > _BLANK * np.abs(grey).max():
        return b""
    steps = np.clip(np.rint((grey - grey.mean()) / deviation * SPREAD), -127, 127)
    return bytes(steps.astype(np.int8))


def _means(image: Image) -> npt.NDArray[np.float64]:
    """The grey means of `SIDE` equal parts of the columns `(SIDE, W)`, some of them at a time."""
    shares, some = _shares(len(image)), max(1, SIDE * _AT_ONCE // image.size)
    means = []
    for part in range(0, SIDE, some):
        weights = shares[:, part : part + some]
        first, last = np.flatnonzero(weights.any(1))[[0, -1]]
        rows = image[first : last + 1]
        grey = rows @ np.array(LUMA) if rows.shape[2] == len(LUMA) else rows[..., 0]
        means.append(weights[first : last + 1].T @ grey)
    return np.concatenate(means)


@lru_cache(64)
def _shares(length: int) -> npt.NDArray[np.float64]:
    """How much each pixel of a side counts in the mean of each of `SIDE` equal parts of it `(length, SIDE)`."""
    edges = np.linspace(0, length, SIDE + 1)
    pixels = np.arange(length)[:, None]
    inside = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    shares: npt.NDArray[np.float64] = np.maximum(inside, 0) / np.diff(edges)
    return shares
