"""The Frechet distance between two sets of feature vectors, each seen as a normal distribution.

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

Dowson and Landau, "The Frechet distance between multivariate normal distributions", 1982; Heusel et al., "GANs trained
by a two time-scale update rule converge to a local Nash equilibrium", 2017. Never through a matrix square root, which
is slow and, for singular covariances, gives complex numbers: with any factors S = F F^T, the last trace is the sum of
the singular values of F1^T F2.

Torch does all that takes time: the threads of NumPy's and SciPy's own libraries, just used, would get in its way.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .moments import FeatureError, Floats, Moments
from .roots import ROUNDING, sum_of_roots
from .symmetric import cholesky, congruence, mirror, norm

ACCURACY = 1e-10
"""The trace is taken from eigenvalues only where that costs less than this share of tr S1 + tr S2."""
NOISE = 16 * ROUNDING
"""Share of the largest eigenvalue up to which one of a singular matrix is taken for what rounding made of zero."""


def frechet_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """The Frechet distance between features `(n, d)` and `(m, d)`, computed in float64; 0 for equal sets.

    Exact for any n and m of at least 2, also below d; but the fewer images, the more too large. Raises `FeatureError`
    for arrays of other shapes, and for values that are not finite or whose squares are not.
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
    one = a.into_covariance() if first is None else first
    other = b.into_covariance() if second is None else second
    with np.errstate(over="ignore"):
        apart = float(step @ step)
    spread = sum(float(np.trace(x)) if few is None else _square_sum(x) for x, few in ((one, first), (other, second)))
    if not math.isfinite(apart + spread):
        raise FeatureError("features so large that float64 cannot hold their squares: about 1e150 is the most")
    if first is None and second is None:
        quick = _by_cholesky(one, other, ACCURACY * spread)
        product = _by_factors(*moments()) if quick is None else quick
    else:
        product = _nuclear_norm(_factor(one).T if first is None else one, _factor(other) if second is None else other.T)
    # Rounding can leave equal sets a hair below zero.
    return max(0.0, apart + spread - 2 * product)


def _by_factors(a: Moments, b: Moments) -> float:
    return _nuclear_norm(_factor(a.into_covariance()).T, _factor(b.into_covariance()))


def _by_cholesky(one: Floats, other: Floats, tolerance: float) -> float | None:
    """tr (S1 S2)^(1/2) from the eigenvalues of L^T S2 L, with S1 = L L^T; None when that may be off by `tolerance`.

    Both matrices are used up. Several times as fast as singular values. But the eigenvalues are squares of what is
    wanted, and rounding may move all of them alike by a little of the largest: the root of a small one may lose half
    of its digits or more.
    """
    import torch

    first, second = torch.from_numpy(one), torch.from_numpy(other)
    moved = ROUNDING * norm(first) * norm(second)
    if not cholesky(first):
        return None
    roots = sum_of_roots(congruence(first, second), moved)
    return roots.value if roots is not None and roots.error <= tolerance else None


def _factor(covariance: Floats) -> Floats:
    """F `(d, r)` with S = F F^T, of a covariance of which the lower half is read."""
    import torch

    matrix = torch.from_numpy(covariance)
    factor = matrix.clone()
    if cholesky(factor):
        return np.asarray(factor)
    # Singular: directions without variance, but for rounding, are left out. Of correlations, so that what counts as
    # rounding does not depend on the units of a feature.
    mirror(matrix)
    deviations = matrix.diagonal().clamp(min=0).sqrt()
    units = torch.where(deviations > 0, deviations, 1.0)
    values, vectors = torch.linalg.eigh(matrix / units[:, None] / units)
    kept = values > NOISE * values[-1]
    return np.asarray(deviations[:, None] * vectors[:, kept] * values[kept].sqrt())


def _nuclear_norm(left: Floats, right: Floats) -> float:
    """Sum of the singular values of the product of two factors: the trace of the root of their covariances' product."""
    import torch

    return float(torch.linalg.svdvals(torch.from_numpy(left) @ torch.from_numpy(right)).sum())


def _square_sum(rows: Floats) -> float:
    import torch

    return float(torch.from_numpy(rows).norm() ** 2)
