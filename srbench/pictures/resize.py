"""Resizing as MATLAB's `imresize` does it: the convention in which super-resolution numbers are published.

Keys' cubic kernel (a = -0.5), kernels widened by the factor when shrinking (antialiasing), symmetric padding at the
borders (or the outermost pixel repeated), weights renormalised. Keys, "Cubic convolution interpolation for digital
image processing", 1981; Duchon, "Lanczos filtering in one and two dimensions", 1979.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from srbench.pictures.array import Image
from srbench.pictures.values import Values

if TYPE_CHECKING:
    import torch

Kernel = Literal["nearest", "bilinear", "bicubic", "lanczos"]
Borders = Literal["mirror", "repeat"]
"""What lies beyond the border: the image's mirror image, or its outermost pixels again and again."""
Array = npt.NDArray[np.float64]

_TIE = 1e-8
"""How far below a half a value may lie and still be rounded up. The weights of a whole scale s are multiples of
1 / (16 s^4), so what lies below a half lies 9e-7 below it or more (up to s = 16); float64 errs by less than 1e-9 of
16-bit levels."""


def _box(x: Array) -> Array:
    return ((x >= -0.5) & (x < 0.5)).astype(np.float64)


def _triangle(x: Array) -> Array:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(x: Array) -> Array:
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1.0
    far = -0.5 * x**3 + 2.5 * x**2 - 4.0 * x + 2.0
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def _lanczos3(x: Array) -> Array:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


_KERNELS: dict[str, tuple[Callable[[Array], Array], float]] = {
    "nearest": (_box, 1.0),
    "bilinear": (_triangle, 2.0),
    "bicubic": (_cubic, 4.0),
    "lanczos": (_lanczos3, 6.0),
}


@lru_cache(maxsize=256)
def taps(
    length: int, new_length: int, factor: float, kernel: Kernel, borders: Borders = "mirror"
) -> tuple[npt.NDArray[np.int64], Array]:
    """Which samples, with which weights, make each sample of a resized line.

    Returns indices into the line (none beyond its borders) and weights, both `(new_length, taps)`; weights sum to 1.
    """
    shape, width = _KERNELS[kernel]
    stretch = max(1.0, 1.0 / factor) if kernel != "nearest" else 1.0
    width *= stretch
    # Pixel centres sit at half-integers; this is where each new centre falls among the old ones.
    centres = (np.arange(new_length) + 0.5) / factor - 0.5
    first = np.floor(centres - width / 2).astype(np.int64) + 1
    count = math.ceil(width) + 1
    indices = first[:, None] + np.arange(count)
    weights = shape((centres[:, None] - indices) / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    used = np.any(weights != 0, axis=0)
    return _BEYOND[borders](indices[:, used], length), weights[:, used]


def mirrored(indices: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """The places in a line that places beyond its ends stand for: its mirror image, again and again."""
    period = 2 * length
    folded = np.mod(indices, period)
    return np.where(folded >= length, period - 1 - folded, folded)


def _repeated(indices: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    return indices.clip(0, length - 1)


_BEYOND = {"mirror": mirrored, "repeat": _repeated}


def resize_picture(image: Image, factor: float | Fraction, values: Values, borders: Borders = "mirror") -> Image:
    """Resize a picture `(H, W, C)` by bicubic interpolation in its own depth, as MATLAB resizes a picture of integers.

    Rows first, rounded to whole numbers (a half up) and clamped to [low, high], then columns, rounded and clamped
    again. A float picture is not rounded, and clamped at the end. Without torch, since a plan looks at what it makes.
    """
    factor, whole = float(factor), image.dtype != np.float32
    lines: npt.NDArray[Any] = image
    for _ in ("rows", "columns"):
        indices, weights = taps(len(lines), _new_length(len(lines), factor), factor, "bicubic", borders)
        resized = lines[indices[:, 0]] * weights[:, 0, None, None]
        for tap in range(1, indices.shape[1]):
            resized += lines[indices[:, tap]] * weights[:, tap, None, None]
        if whole:
            resized += 0.5 + _TIE
            np.floor(resized, out=resized).clip(values.low, values.high, out=resized)
        lines = resized.swapaxes(0, 1)
    return lines.clip(values.low, values.high).astype(image.dtype, order="C")


def resize(image: torch.Tensor, factor: float | Fraction, kernel: Kernel = "bicubic") -> torch.Tensor:
    """Resize `(..., H, W)` to `(..., ceil(H * factor), ceil(W * factor))`, rows first, in the image's own precision.

    `factor` > 1 enlarges. The result is not clamped: bicubic and lanczos overshoot at edges. A one-pixel side is
    handled (its mirror image is itself).
    """
    _check(image, kernel)
    for dim in (-2, -1):
        image = _resize_line(image, float(factor), kernel, dim)
    return image


def resize_to(image: torch.Tensor, height: int, width: int, kernel: Kernel = "bicubic") -> torch.Tensor:
    """Resize `(..., H, W)` to `(..., height, width)`, each direction by its own factor; otherwise as `resize`.

    For networks that want one input size, whatever the shape of the picture.
    """
    _check(image, kernel)
    for dim, side in ((-2, height), (-1, width)):
        image = _resize_line(image, side / image.shape[dim], kernel, dim)
    return image


def _check(image: torch.Tensor, kernel: Kernel) -> None:
    if kernel not in get_args(Kernel):
        raise ValueError(f"unknown kernel {kernel!r}; there are {', '.join(get_args(Kernel))}")
    if not image.is_floating_point():
        raise TypeError(f"resize works on floating-point tensors, not {image.dtype}")


def _new_length(length: int, factor: float) -> int:
    return math.ceil(length * factor - 1e-9)


def _resize_line(image: torch.Tensor, factor: float, kernel: Kernel, dim: int) -> torch.Tensor:
    import torch

    length = image.shape[dim]
    indices, weights = taps(length, _new_length(length, factor), factor, kernel)
    index = torch.from_numpy(indices).to(image.device)
    weight = torch.from_numpy(weights).to(image)
    if dim == -2:
        weight = weight[..., None]
    # One tap at a time: as fast as a gather of all taps, at a fraction of its memory.
    resized = image.index_select(dim, index[:, 0]) * weight[:, 0]
    for tap in range(1, index.shape[1]):
        resized.addcmul_(image.index_select(dim, index[:, tap]), weight[:, tap])
    return resized
