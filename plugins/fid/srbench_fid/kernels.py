"""Maximum mean discrepancy between two sets of feature vectors: with a polynomial kernel (KID), with a Gaussian one.

Gretton et al., "A kernel two-sample test", 2012; Binkowski et al., "Demystifying MMD GANs", 2018 (KID); Jayasumana et
al., "Rethinking FID: towards a better evaluation metric for image generation", 2024 (CMMD).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .moments import FeatureError, Floats, as_features

BLOCK = 2048
"""Rows of a kernel matrix held at a time."""


@dataclass(frozen=True)
class KernelDistance:
    """KID: the estimate, the standard deviation that goes with it, and the size of the subsets it was taken over.

    spread: None for sets that are too small for it, of fewer than 4 images.
    """

    value: float
    spread: float | None
    subset_size: int


def kernel_distance(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 2020,
) -> KernelDistance:
    """KID between features `(n, d)` and `(m, d)`: unbiased squared MMD with the kernel (x y / d + 1)^3.

    The mean over random subsets without replacement, and the standard deviation over them. torch-fidelity's subsets,
    for the same features, seed and sizes. Where both sets fit into one subset, the estimate is taken once, over
    everything, and its spread over random halves of each: the standard error by the delete-half jackknife (Shao and
    Wu, "A general theory for jackknife variance estimation", 1989). Values may be below 0. Raises `FeatureError`.
    """
    first = as_features(a)
    second = as_features(b, first.shape[1])
    smaller = min(len(first), len(second))
    if smaller < 2:
        raise FeatureError(f"KID needs at least 2 images on each side; there are {len(first)} and {len(second)}")
    if max(len(first), len(second)) > subset_size:
        size = min(subset_size, smaller)
        values = _over_subsets(first, second, subsets, (size, size), seed)
        return KernelDistance(float(values.mean()), float(values.std()), size)
    spread = None
    if smaller >= 4:  # of fewer, no half has a pair in it
        halves = _over_subsets(first, second, subsets, (len(first) // 2, len(second) // 2), seed)
        spread = float(halves.std())
    return KernelDistance(_unbiased(first, second), spread, smaller)


def _over_subsets(first: Floats, second: Floats, subsets: int, sizes: tuple[int, int], seed: int) -> Floats:
    # The generator and the order in which it is asked are torch-fidelity's: that is what makes the subsets the same.
    random = np.random.RandomState(seed)
    values = np.empty(subsets)
    for index in range(subsets):
        one = first[random.choice(len(first), sizes[0], replace=False)]
        other = second[random.choice(len(second), sizes[1], replace=False)]
        values[index] = _unbiased(one, other)
    return values


def _unbiased(x: Floats, y: Floats) -> float:
    """The unbiased estimate of the squared MMD: pairs of a vector with itself are left out."""
    return _mean_of_pairs(x) + _mean_of_pairs(y) - 2 * float(_cubic(x, y).mean())


def _mean_of_pairs(x: Floats) -> float:
    kernel = _cubic(x, x)
    return float((kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1)))


def _cubic(x: Floats, y: Floats) -> Floats:
    kernel: Floats = x @ y.T
    kernel /= x.shape[1]
    kernel += 1
    return kernel * kernel * kernel


def gaussian_mmd(a: NDArray[np.floating], b: NDArray[np.floating], sigma: float) -> float:
    """The squared MMD between features `(n, d)` and `(m, d)` with the kernel exp(-|x - y|^2 / (2 sigma^2)).

    The estimate of CMMD: the mean over all pairs, those of a vector with itself included; never below 0, and 0 for
    equal sets. Raises `FeatureError`.
    """
    first = as_features(a)
    second = as_features(b, first.shape[1])
    if not len(first) or not len(second):
        raise FeatureError("MMD needs at least 1 image on each side")
    within = _mean_gaussian(first, first, sigma) + _mean_gaussian(second, second, sigma)
    return max(0.0, within - 2 * _mean_gaussian(first, second, sigma))


def median_distance(features: NDArray[np.floating]) -> float:
    """The median Euclidean distance between different vectors of `(n, d)`: the usual width of a Gaussian kernel.

    Of the first 1000 vectors where there are more. Raises `FeatureError` when it is zero, or n is below 2.
    """
    some = as_features(features)[:1000]
    if len(some) < 2:
        raise FeatureError(f"a distance between images needs at least 2 of them; there are {len(some)}")
    distances = np.sqrt(squared_distances(some, some)[np.triu_indices(len(some), 1)])
    median = float(np.median(distances))
    if median == 0:
        raise FeatureError("most images have the same features, so that no width of a kernel follows from them")
    return median


def _mean_gaussian(x: Floats, y: Floats, sigma: float) -> float:
    total = 0.0
    for start in range(0, len(x), BLOCK):
        total += float(np.exp(squared_distances(x[start : start + BLOCK], y) / (-2 * sigma**2)).sum())
    return total / (len(x) * len(y))


def squared_distances(x: Floats, y: Floats) -> Floats:
    """Squared Euclidean distances `(n, m)`; exactly 0 between vectors that are equal."""
    # Taken from one vector of the set, not from the origin: features that share a large offset keep their digits.
    x, y = x - y[0], y - y[0]
    lengths_x, lengths_y = (x * x).sum(axis=1), (y * y).sum(axis=1)
    both: Floats = lengths_x[:, None] + lengths_y
    squares = both - 2 * (x @ y.T)
    squares[squares < 1e-12 * both] = 0
    return squares
