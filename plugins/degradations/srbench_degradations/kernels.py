"""Kernels of blur: Gaussian, generalised Gaussian, plateau, and the sinc of a circular low-pass."""

from __future__ import annotations

import numpy as np

from .pixels import Array, normalised


def gaussian(size: int, widths: tuple[float, float], angle: float, shape: float = 1.0) -> Array:
    """exp(-q^shape / 2), q the squared Mahalanobis distance from the middle; a Gaussian for shape 1.

    size: the side, odd. widths: the standard deviations along two axes that are turned by `angle`, in radians, from
    the columns towards higher rows.
    """
    return normalised(np.exp(-0.5 * _distance(size, widths, angle) ** shape))


def plateau(size: int, widths: tuple[float, float], angle: float, shape: float) -> Array:
    """1 / (1 + q^shape): flat in the middle where the shape is large."""
    return normalised(1 / (1 + _distance(size, widths, angle) ** shape))


def low_pass(size: int, cutoff: float) -> Array:
    """An ideal circular low-pass, cut off at so many radians a pixel: c J1(c r) / (2 pi r). It rings."""
    from scipy.special import j1

    rows, columns = _places(size)
    radius = np.hypot(rows, columns)
    radius[size // 2, size // 2] = 1.0
    kernel = cutoff * j1(cutoff * radius) / (2 * np.pi * radius)
    kernel[size // 2, size // 2] = cutoff**2 / (4 * np.pi)
    return normalised(kernel)


def _places(size: int) -> tuple[Array, Array]:
    rows, columns = np.mgrid[:size, :size] - float(size // 2)
    return rows, columns


def _distance(size: int, widths: tuple[float, float], angle: float) -> Array:
    rows, columns = _places(size)
    along = (columns * np.cos(angle) + rows * np.sin(angle)) / widths[0]
    across = (rows * np.cos(angle) - columns * np.sin(angle)) / widths[1]
    squared: Array = along**2 + across**2
    return squared
