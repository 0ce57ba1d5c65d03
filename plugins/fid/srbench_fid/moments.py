"""Mean and scatter of feature vectors, gathered in parts: what the Frechet distance needs to know of a set.

Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983 (the pairwise merge).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srbench import SrbenchError

Floats = NDArray[np.float64]

LARGEST = 1e150
"""The largest feature: float64 still holds sums of its squares."""
ROWS = 1024
"""The fewest feature vectors that are summed at a time, so that short ones do not cost a call each."""


class FeatureError(SrbenchError):
    """Features that nothing can be computed from: of the wrong shape, not finite, too large, or too few."""


def as_features(features: NDArray[np.floating], dim: int | None = None) -> Floats:
    """The features as float64 `(n, d)`.

    Raises `FeatureError` unless they are that, of length `dim`, finite, and small enough to be squared.
    """
    array = np.asarray(features)
    if array.ndim != 2 or array.shape[1] == 0:
        raise FeatureError(f"features should be an array (images, length of a vector), not of shape {array.shape}")
    if dim is not None and array.shape[1] != dim:
        raise FeatureError(f"features of length {array.shape[1]} cannot be compared with features of length {dim}")
    array = np.ascontiguousarray(array, np.float64)
    largest = max(array.max(initial=0.0), -array.min(initial=0.0))
    if not np.isfinite(largest):
        wrong = int((~np.isfinite(array)).any(axis=1).sum())
        raise FeatureError(f"{wrong} of {len(array)} feature vectors hold values that are not finite")
    if largest > LARGEST:
        raise FeatureError(
            f"features so large that float64 cannot hold their squares: {largest:.1e}, above {LARGEST:.0e}"
        )
    return array


def _centred(rows: Floats) -> tuple[Floats, Floats]:
    """The mean `(d,)` of `(n, d)`, and what each vector differs from it."""
    # Seen from one of them, vectors that share a large offset keep their digits, and constant features are exactly 0.
    differences = rows - rows[0]
    step = differences.mean(axis=0)
    differences -= step
    return rows[0] + step, differences


@dataclass(frozen=True)
class _Part:
    """Count, mean `(d,)` and scatter `(d, d)`: the sum of outer products of the centred vectors."""

    count: int
    mean: Floats
    scatter: Floats

    @classmethod
    def of(cls, rows: Floats) -> _Part:
        mean, centred = _centred(rows)
        return cls(len(rows), mean, centred.T @ centred)

    def merged(self, other: _Part) -> _Part:
        count = self.count + other.count
        step = other.mean - self.mean
        scatter = np.outer(step, step * (self.count * other.count / count))
        scatter += self.scatter
        scatter += other.scatter
        return _Part(count, self.mean + step * (other.count / count), scatter)


class Moments:
    """Count, mean and covariance of feature vectors of length `dim`, in float64.

    Vectors are kept as they are until there are more than `dim` of them (and than 1024), which is what makes the
    distance exact for few images; beyond that, memory no longer grows. How the vectors are cut into calls of `update`
    changes nothing, to the last bit; moments of shards can be merged in any order.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._settled: _Part | None = None
        self._buffer = np.empty((max(dim, ROWS), dim))
        self._kept = 0

    @classmethod
    def of(cls, features: NDArray[np.floating]) -> Moments:
        """The moments of an array `(n, d)`. Raises `FeatureError`."""
        array = as_features(features)
        moments = cls(array.shape[1])
        moments._take(array)
        return moments

    @property
    def count(self) -> int:
        """How many vectors were taken in."""
        return self._kept + (0 if self._settled is None else self._settled.count)

    @property
    def mean(self) -> Floats:
        """The mean vector `(d,)`. Raises `FeatureError` where there is no vector."""
        self._require(1)
        mean, _ = _centred(self._rows())
        settled = self._settled
        return mean if settled is None else mean + (settled.mean - mean) * (settled.count / self.count)

    def update(self, features: NDArray[np.floating]) -> None:
        """Take in `(n, d)` more. Raises `FeatureError`."""
        self._take(as_features(features, self.dim))

    def merge(self, other: Moments) -> None:
        """Take in everything that `other` holds, which stays as it is. Raises `FeatureError`."""
        if other.dim != self.dim:
            raise FeatureError(f"moments of length {other.dim} cannot be merged into moments of length {self.dim}")
        rows = other._rows().copy()
        if other._settled is not None:
            self._settle(other._settled)
        self._take(rows)

    def covariance(self) -> Floats:
        """The sample covariance `(d, d)`, divisor n - 1. Raises `FeatureError` for fewer than 2 vectors."""
        self._require(2)
        part = _Part.of(self._rows())
        whole = part if self._settled is None else self._settled.merged(part)
        return whole.scatter / (self.count - 1)

    def centred_rows(self) -> Floats | None:
        """`(n, d)` whose product with its own transpose is the covariance, where n <= d; None for larger sets.

        Raises `FeatureError` for fewer than 2 vectors.
        """
        self._require(2)
        if self.count > self.dim:
            return None
        _, centred = _centred(self._rows())
        centred /= np.sqrt(self.count - 1)
        return centred

    def _require(self, images: int) -> None:
        if self.count < images:
            needed = "1 image is" if images == 1 else f"{images} images are"
            raise FeatureError(f"at least {needed} needed; there are {self.count}")

    def _take(self, rows: Floats) -> None:
        # Settled at fixed counts, not where calls end, the sums are the same whatever the size of the calls.
        while len(rows):
            if self._kept == len(self._buffer):
                self._settle(_Part.of(self._buffer))
                self._kept = 0
            taken = rows[: len(self._buffer) - self._kept]
            self._buffer[self._kept : self._kept + len(taken)] = taken
            self._kept += len(taken)
            rows = rows[len(taken) :]

    def _rows(self) -> Floats:
        """The vectors that are not settled: at least one where there is any."""
        return self._buffer[: self._kept]

    def _settle(self, part: _Part) -> None:
        self._settled = part if self._settled is None else self._settled.merged(part)
