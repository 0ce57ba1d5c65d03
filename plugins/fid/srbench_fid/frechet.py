"""The Frechet distance between two sets of feature vectors, each seen as a normal distribution.

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

Dowson and Landau, "The Frechet distance between multivariate normal distributions", 1982; Heusel et al., "GANs trained
by a two time-scale update rule converge to a local Nash equilibrium", 2017. Never through a matrix square root, which
is slow and, for singular covariances, gives complex numbers: with any factors S = F F^T, the last trace is the sum of
the singular values of F1^T F2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .moments import FeatureError, Floats, Moments
from .symmetric import cholesky, congruence

ACCURACY = 1e-10
"""The trace is taken from eigenvalues only where that costs less than this share of tr S1 + tr S2."""

_EPSILON = float(np.finfo(np.float64).eps)


def frechet_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """The Frechet distance between features `(n, d)` and `(m, d)`, computed in float64; 0 for equal sets.

    Exact for any n and m of at least 2, also below d; but the fewer images, the more too large. Raises `FeatureError`
    for arrays of other shapes and for values that are not finite.
    """
    return _distance(lambda: (Moments.of(a), Moments.of(b)))


def frechet_between(a: Moments, b: Moments) -> float:
    """The Frechet distance between two sets of which the moments are known. Raises `FeatureError`."""
    return _distance(lambda: (a.copy(), b.copy()))


def _distance(moments: Callable[[], tuple[Moments, Moments]]) -> float:
    """moments: makes them anew at each call; their memory is used up, since fresh memory costs as much as the sums."""
    a, b = moments()
    if a.dim != b.dim:
        raise FeatureError(f"features of length {a.dim} cannot be compared with features of length {b.dim}")
    step = a.mean - b.mean
    first, second = a.centred_rows(), b.centred_rows()
    if first is not None and second is not None:
        spread, product = _square_sum(first) + _square_sum(second), _nuclear_norm(first @ second.T)
    elif first is not None:
        spread, product = _of_rows_and_covariance(first, b.into_covariance())
    elif second is not None:
        spread, product = _of_rows_and_covariance(second, a.into_covariance())
    else:
        one, other = a.into_covariance(), b.into_covariance()
        spread = float(np.trace(one) + np.trace(other))
        quick = _by_cholesky(one, other, ACCURACY * spread)
        product = _by_roots(*moments()) if quick is None else quick
    # Rounding can leave equal sets a hair below zero.
    return max(0.0, float(step @ step) + spread - 2 * product)


def _of_rows_and_covariance(rows: Floats, covariance: Floats) -> tuple[float, float]:
    return _square_sum(rows) + float(np.trace(covariance)), _nuclear_norm(rows @ _root(covariance))


def _by_roots(a: Moments, b: Moments) -> float:
    return _nuclear_norm(_root(a.into_covariance()).T @ _root(b.into_covariance()))


def _by_cholesky(one: Floats, other: Floats, tolerance: float) -> float | None:
    """tr (S1 S2)^(1/2) from the eigenvalues of L^T S2 L, with S1 = L L^T; None when that may be off by `tolerance`.

    Both matrices are used up. Three times as fast as singular values. But the eigenvalues are squares of what is
    wanted, and rounding moves all of them alike by a little of the largest: the root of a small one may lose half of
    its digits or more.
    """
    import torch

    # All of it in torch: beside it, the LAPACK of NumPy's and SciPy's wheels takes several times as long.
    factor = torch.from_numpy(one)
    if not cholesky(factor):
        return None
    product = congruence(factor, torch.from_numpy(other))
    # LAPACK wants columns: seen from the other side, the matrix is copied as it lies in memory.
    eigenvalues = torch.linalg.eigvalsh(product.T, UPLO="U").numpy()
    moved = 4 * _EPSILON * eigenvalues[-1]
    if eigenvalues[0] <= moved:
        return None
    roots = np.sqrt(eigenvalues)
    return float(roots.sum()) if (moved / (2 * roots)).sum() <= tolerance else None


def _root(covariance: Floats) -> Floats:
    """F `(d, r)` with S = F F^T; directions without variance, but for rounding, are left out."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > len(values) * _EPSILON * max(values[-1], 0.0)
    root: Floats = vectors[:, kept] * np.sqrt(values[kept])
    return root


def _nuclear_norm(matrix: Floats) -> float:
    return float(np.linalg.svd(matrix, compute_uv=False).sum()) if matrix.size else 0.0


def _square_sum(rows: Floats) -> float:
    return float(np.vdot(rows, rows))
