"""Random numbers and random fields that are the same on every machine and with every release of NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
Key = tuple[int | str, ...]
"""What random numbers are for: words and numbers, without spaces. Other keys give independent numbers."""

_SPLINE_DEVIATION = 151 / 315
"""Standard deviation of a plane of cubic B-splines with coefficients of variance 1: the integral of B^2, per axis."""


class Draws:
    """A stream of random numbers, seeded by a key.

    It takes the bits of PCG64, which NumPy promises to keep, and none of the distributions of `Generator`, which change
    with its releases.
    """

    def __init__(self, *key: int | str) -> None:
        self._bits = np.random.PCG64(_seed(key))

    def uniform(self, low: float, high: float, *shape: int) -> Floats:
        """Numbers spread evenly in (low, high)."""
        bits = np.asarray(self._bits.random_raw(int(np.prod(shape))), np.uint64).reshape(shape)
        return low + (high - low) * _fraction(bits)

    def normal(self, mean: float, deviation: float, *shape: int) -> Floats:
        """Normally distributed numbers."""
        return np.asarray(mean + deviation * ndtri(self.uniform(0, 1, *shape)))


def noise(key: Key, spacing: float, rows: Floats, columns: Floats) -> Floats:
    """A smooth random field of mean 0 and variance 1 on the grid `(len(rows), len(columns))` of points of the plane.

    Cubic B-splines on a square lattice whose points are `spacing` apart, with independent coefficients; the spectrum is
    flat up to about 1 / (2 spacing) cycles and falls steeply beyond. The plane has no end: a coefficient is a hash of
    its place, so any two grids see the same field.
    """
    lines, down = _splines(rows / spacing)
    places, right = _splines(columns / spacing)
    seed = _seed(key).generate_state(1, np.uint64)
    bits = _mixed(_mixed(seed + lines)[:, None] + places)
    coefficients = (_fraction(bits) - 0.5) * np.sqrt(12) / _SPLINE_DEVIATION
    return np.asarray(down @ (right @ coefficients.T).T)


def power_law(key: Key, beta: float, spacings: Sequence[float], rows: Floats, columns: Floats) -> Floats:
    """A random field of mean 0 and variance 1 with the power spectrum 1 / f^beta, as a sum of `noise`.

    spacings: of the lattices, each half the one before. From 1 / (2 first) to 1 / (2 last) cycles the spectrum is a
    power law, with slight waves; below it is flat, beyond it ends.
    """
    weights = [spacing ** (beta / 2 - 1) for spacing in spacings]
    layers = (
        weight * noise((*key, number), spacing, rows, columns)
        for number, (weight, spacing) in enumerate(zip(weights, spacings, strict=True))
    )
    return np.asarray(sum(layers) / np.linalg.norm(weights))


def ridges(field: Floats, step: float, width: float) -> Floats:
    """Thin curved lines `width` wide, from 0 beside them to 1 in their middle: where a field passes through 0.

    step: the distance of the field's points, in the unit of width.
    """
    down, right = np.gradient(field, step)
    distance = np.abs(field) / np.maximum(np.hypot(down, right), 1e-9)
    return np.asarray(np.maximum(1 - (2 * distance / width) ** 2, 0))


def _seed(key: Key) -> np.random.SeedSequence:
    return np.random.SeedSequence(list(" ".join(map(str, key)).encode()))


def _splines(places: Floats) -> tuple[npt.NDArray[np.uint64], csr_array]:
    """The lattice points that count, and the weight of each at each place."""
    floor = np.floor(places)
    t = (places - floor)[:, None]
    weights = np.hstack([(1 - t) ** 3, 4 - 6 * t**2 + 3 * t**3, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3]) / 6
    points, used = np.unique(floor.astype(np.int64)[:, None] + np.arange(-1, 3), return_inverse=True)
    starts = np.arange(0, weights.size + 1, 4)
    return points.astype(np.uint64), csr_array(
        (weights.ravel(), used.ravel(), starts), shape=(len(places), len(points))
    )


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The bits of each number, mixed so that neighbours have nothing in common (SplitMix64, Steele et al. 2014)."""
    bits = bits * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _fraction(bits: npt.NDArray[np.uint64]) -> Floats:
    """Bits as a number in (0, 1), neither end included."""
    return np.asarray(((bits >> np.uint64(12)) + 0.5) * 2.0**-52)
