"""A picture in miniature: what stays much the same when it is recompressed, resized, made grey or given other bits."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from srbench.pictures.array import LUMA, Image

SIDE = 32
"""Rows and columns of a thumbnail."""
SPREAD = 32
"""Steps in a standard deviation of its brightness."""
_SMALLEST = 16
"""The side below which a picture has too few pixels to tell from others."""
_BLANK = 1e-6
"""The standard deviation, beside the largest number, below which a picture is one colour but for rounding."""


def thumbnail(image: Image) -> bytes:
    """The grey means of `SIDE` x `SIDE` areas of equal size, as int8 by rows, whatever the picture's shape and range.

    Their mean is 0, and `SPREAD` one standard deviation; what is beyond four of them is cut. Empty for a picture of
    one colour, one with a side below 16 pixels, and one with values that are no numbers.
    """
    height, width, channels = image.shape
    if min(height, width) < _SMALLEST:
        return b""
    # Area by area, so that a large picture is never whole in double precision.
    bands = np.stack([weights @ image[rows].reshape(len(weights), -1) for rows, weights in _areas(height)])
    coloured = bands.reshape(SIDE, width, channels)
    lines = coloured @ np.array(LUMA) if channels == len(LUMA) else coloured[..., 0]
    grey = lines @ _shares(width)
    deviation = grey.std()
    if not deviation > _BLANK * np.abs(grey).max():
        return b""
    steps = np.clip(np.rint((grey - grey.mean()) / deviation * SPREAD), -127, 127)
    return bytes(steps.astype(np.int8))


@lru_cache(64)
def _shares(length: int) -> npt.NDArray[np.float64]:
    """The areas of a side as a matrix `(length, SIDE)`."""
    shares = np.zeros((length, SIDE))
    for place, (pixels, weights) in enumerate(_areas(length)):
        shares[pixels, place] = weights
    return shares


@lru_cache(64)
def _areas(length: int) -> list[tuple[slice, npt.NDArray[Any]]]:
    """The pixels of each of `SIDE` equal parts of a side, with how much of a pixel belongs to it."""
    edges = np.linspace(0, length, SIDE + 1)
    found = []
    for start, end in pairwise(edges):
        first, last = int(start), int(np.ceil(end))
        pixels = np.arange(first, last)
        shares = np.minimum(end, pixels + 1) - np.maximum(start, pixels)
        found.append((slice(first, last), shares / (end - start)))
    return found
