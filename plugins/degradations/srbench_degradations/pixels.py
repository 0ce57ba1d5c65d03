"""What degradations do with pixels: means of blocks, blur by a kernel, back to a picture of HR's type."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from srbench import Image, Scale, Values

Array = npt.NDArray[np.float64]


def area_means(picture: npt.NDArray[Any], scale: Scale) -> Array:
    """`(H / scale, W / scale, C)`: the mean over scale x scale pixels of `(H, W, C)`, parts of pixels counting in part.

    Sums before they are divided are exact for whole numbers.
    """
    sums = picture.astype(np.float64)
    for _ in ("rows", "columns"):
        sums = _covered(sums, scale).swapaxes(0, 1)
    means: Array = sums / scale.numerator**2
    return means


def _covered(lines: Array, scale: Scale) -> Array:
    """Sums of the rows that each LR row covers, of a row that lies in two of them the parts, in parts of a row."""
    cell, step = scale.numerator, scale.denominator
    ends = np.arange(step + 1) * cell
    starts = np.arange(cell) * step
    parts = np.minimum(ends[1:, None], starts + step) - np.maximum(ends[:-1, None], starts)
    blocks = lines.reshape(len(lines) // cell, cell, -1)
    sums: Array = np.matmul(parts.clip(0).astype(np.float64), blocks).reshape(-1, *lines.shape[1:])
    return sums


def blurred(picture: npt.NDArray[Any], kernel: Array) -> Array:
    """`(H, W, C)` convolved with a kernel `(h, w)` of odd sides; beyond its borders lies its mirror image."""
    from scipy.signal import fftconvolve

    rows, columns = (side // 2 for side in kernel.shape)
    padded = np.pad(picture.astype(np.float64), [(rows, rows), (columns, columns), (0, 0)], mode="symmetric")
    convolved: Array = fftconvolve(padded, kernel[..., None], mode="valid", axes=(0, 1))
    return convolved


def normalised(kernel: Array) -> Array:
    """A kernel of sum 1, which keeps brightness."""
    of_sum_1: Array = kernel / kernel.sum()
    return of_sum_1


def as_picture(lr: Array, like: Image, values: Values) -> Image:
    """LR in the type of a picture, rounded half up where that is one of integers, and clipped to [low, high]."""
    if like.dtype.kind != "f":
        lr = np.floor(lr + 0.5)
    picture: Image = lr.clip(values.low, values.high).astype(like.dtype)
    return picture
