"""Resizing as MATLAB's `imresize` does it: the convention in which super-resolution numbers are published.

Keys' cubic kernel (a = -0.5), kernels widened by the factor when shrinking (antialiasing), symmetric padding at the
borders, weights renormalised. Keys, "Cubic convolution interpolation for digital image processing", 1981; Duchon,
"Lanczos filtering in one and two dimensions", 1979.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Kernel = Literal["nearest", "bilinear", "bicubic", "lanczos"]
Array = npt.NDArray[np.float64]


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
def taps(length: int, new_length: int, factor: float, kernel: Kernel) -> tuple[npt.NDArray[np.int64], Array]:
    """Which samples, with which weights, make each sample of a resized line.

    Returns indices into the line (borders already mirrored) and weights, both `(new_length, taps)`; weights sum to 1.
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
    period = 2 * length
    mirrored = np.mod(indices, period)
    mirrored = np.where(mirrored >= length, period - 1 - mirrored, mirrored)
    used = np.any(weights != 0, axis=0)
    return mirrored[:, used], weights[:, used]


def resize(image: torch.Tensor, factor: float, kernel: Kernel = "bicubic") -> torch.Tensor:
    """Resize `(..., H, W)` to `(..., ceil(H * factor), ceil(W * factor))`, rows first, in the image's own precision.

    `factor` > 1 enlarges. The result is not clamped: bicubic and lanczos overshoot at edges. A one-pixel side is
    handled (its mirror image is itself).
    """
    _check(image, kernel)
    for dim in (-2, -1):
        image = _resize_line(image, factor, kernel, dim)
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


def _resize_line(image: torch.Tensor, factor: float, kernel: Kernel, dim: int) -> torch.Tensor:
    import torch

    length = image.shape[dim]
    indices, weights = taps(length, math.ceil(length * factor - 1e-9), factor, kernel)
    index = torch.from_numpy(indices).to(image.device)
    weight = torch.from_numpy(weights).to(image)
    if dim == -2:
        weight = weight[..., None]
    # One tap at a time: as fast as a gather of all taps, at a fraction of its memory.
    resized = image.index_select(dim, index[:, 0]) * weight[:, 0]
    for tap in range(1, index.shape[1]):
        resized.addcmul_(image.index_select(dim, index[:, tap]), weight[:, tap])
    return resized
