"""Mean and scatter of feature vectors, gathered in parts: what the Frechet distance needs to know of a set.

Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983 (the pairwise merge).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srbench import SrbenchError

from .symmetric import add_gram, empty

Floats = NDArray[np.float64]

CANCELLED = 100
"""How many times its variance the mean square of a feature may be, for the first to be taken from the second."""
ROWS = 2048
"""Feature vectors that are centred at a time, where they have to be: enough for a product's full speed."""


class FeatureError(SrbenchError):
    """Features that nothing can be computed from: of the wrong shape, not finite, or too few."""


def as_features(features: NDArray[np.floating], dim: int | None = None) -> Floats:
    """The features as float64 `(n, d)`. Raises `FeatureError` unless they are that, finite, and of length `dim`."""
    array = _as_rows(features, dim)
    with np.errstate(over="ignore", invalid="ignore"):
        _require_finite(array, array.sum())
    return array


def _as_rows(features: NDArray[np.floating], dim: int | None = None) -> Floats:
    array = np.asarray(features)
    if array.ndim != 2 or array.shape[1] == 0:
        raise FeatureError(f"features should be an array (images, length of a vector), not of shape {array.shape}")
    if dim is not None and array.shape[1] != dim:
        raise FeatureError(f"features of length {array.shape[1]} cannot be compared with features of length {dim}")
    return np.ascontiguousarray(array, np.float64)


def _require_finite(array: Floats, sums: Floats) -> None:
    """sums: of the array along whatever axes. Where they are finite, so is everything in it."""
    if not np.isfinite(sums).all() and not np.isfinite(array).all():
        wrong = int((~np.isfinite(array)).any(axis=1).sum())
        raise FeatureError(f"{wrong} of {len(array)} feature vectors hold values that are not finite")


@dataclass
class _Part:
    """Count, mean `(d,)` and scatter `(d, d)` (the sum of outer products of the centred vectors), its lower half."""

    count: int
    mean: Floats
    scatter: Floats

    @classmethod
    def of(cls, rows: Floats) -> _Part:
        import torch

        count, dim = rows.shape
        taken = torch.from_numpy(rows)
        mean = (torch.ones(count, dtype=torch.float64) @ taken).div_(count)  # three times as fast as `mean(0)`
        scatter = empty(dim, dim)
        # The sum of squares less that of the mean needs no copy of the vectors, but loses the digits that it cancels.
        add_gram(scatter, taken, to_nothing=True)
        squares = scatter.diagonal().clone()
        scatter.addr_(mean, mean, alpha=-count)
        if bool((squares > CANCELLED * scatter.diagonal()).any()):
            rest = torch.zeros(dim, dtype=torch.float64)  # what rounding kept from the mean
            for start in range(0, count, ROWS):
                centred = taken[start : start + ROWS] - mean
                rest += centred.sum(dim=0)
                add_gram(scatter, centred, to_nothing=start == 0)
            rest /= count
            mean += rest
            scatter.addr_(rest, rest, alpha=-count)
        return cls(count, mean.numpy(), scatter.numpy())

    def absorb(self, other: _Part) -> None:
        count = self.count + other.count
        step = other.mean - self.mean
        self.scatter += other.scatter
        self.scatter += np.outer(step, step * (self.count * other.count / count))
        self.mean = self.mean + step * (other.count / count)
        self.count = count

    def copy(self) -> _Part:
        return _Part(self.count, self.mean, self.scatter.copy())


class Moments:
    """Count, mean and covariance of feature vectors of length `dim`, in float64.

    Vectors are kept as they are until there are more than `dim` of them, which is what makes the distance exact for
    few images; beyond that, memory no longer grows. How the vectors are cut into calls of `update` changes nothing, to
    the last bit; moments of shards can be merged in any order.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._rows = np.empty((dim, dim))
        self._pending = 0
        self._settled: _Part | None = None

    @classmethod
    def of(cls, features: NDArray[np.floating]) -> Moments:
        """The moments of an array `(n, d)`."""
        array = _as_rows(features)
        moments = cls(array.shape[1])
        if len(array) > moments.dim:
            moments._settled = _Part.of(array)
            _require_finite(array, moments._settled.mean)
        else:
            moments.update(array)
        return moments

    @property
    def count(self) -> int:
        """How many vectors were taken in."""
        return self._pending + (0 if self._settled is None else self._settled.count)

    @property
    def mean(self) -> Floats:
        """The mean vector `(d,)`."""
        kept = self._kept()
        base = 0.0 if self._settled is None else self._settled.mean
        mean: Floats = base + (kept - base).sum(axis=0) / self.count
        return mean

    def update(self, features: NDArray[np.floating]) -> None:
        """Take in `(n, d)` more. Raises `FeatureError`."""
        self._take(as_features(features, self.dim))

    def copy(self) -> Moments:
        """The same moments in memory of their own."""
        copied = Moments(self.dim)
        copied.merge(self)
        return copied

    def merge(self, other: Moments) -> None:
        """Take in everything that `other` holds, which stays as it is."""
        if other.dim != self.dim:
            raise FeatureError(f"moments of length {other.dim} cannot be merged into moments of length {self.dim}")
        settled, kept = other._settled, other._kept().copy()
        if settled is not None:
            self._settle(settled.copy())
        self._take(kept)

    def into_covariance(self) -> Floats:
        """The sample covariance `(d, d)`, divisor n - 1, in the memory of these moments, which are then used up.

        Only its lower half, which linear algebra is content with.
        """
        self._require_two()
        import torch

        scatter = self._whole().scatter
        torch.from_numpy(scatter).div_(self.count - 1)  # in parallel
        return scatter

    def centred_rows(self) -> Floats | None:
        """`(n, d)` whose product with its own transpose is the covariance, where n <= d; None for larger sets."""
        self._require_two()
        if self._settled is not None:
            return None
        rows = self._kept()
        centred: Floats = rows - rows.mean(axis=0)
        centred /= np.sqrt(len(rows) - 1)
        return centred

    def _require_two(self) -> None:
        if self.count < 2:
            raise FeatureError(f"a covariance needs at least 2 images; there are {self.count}")

    def _take(self, rows: Floats) -> None:
        # Cutting at fixed places, not where calls end, makes the sums the same whatever the size of the calls.
        while len(rows):
            if self._pending == self.dim:
                self._settle(_Part.of(self._rows))
                self._pending = 0
            now = rows[: self.dim - self._pending]
            self._rows[self._pending : self._pending + len(now)] = now
            self._pending += len(now)
            rows = rows[len(now) :]

    def _settle(self, part: _Part) -> None:
        if self._settled is None:
            self._settled = part
        else:
            self._settled.absorb(part)

    def _kept(self) -> Floats:
        return self._rows[: self._pending]

    def _whole(self) -> _Part:
        if self._settled is None:
            return _Part.of(self._kept())
        if not self._pending:
            return self._settled
        whole = _Part.of(self._kept())
        whole.absorb(self._settled)
        return whole
