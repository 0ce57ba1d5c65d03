"""The Frechet distance between two sets of feature vectors, each seen as a normal distribution.

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

Dowson and Landau, "The Frechet distance between multivariate normal distributions", 1982; Heusel et al., "GANs trained
by a two time-scale update rule converge to a local Nash equilibrium", 2017. With any factors S = F F^T, the last trace
is the sum of the singular values of F1^T F2: no matrix square root is needed, which is slow and, for singular
covariances, gives complex numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .moments import FeatureError, Moments


def frechet_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """The Frechet distance between features `(n, d)` and `(m, d)`, computed in float64; 0 for equal sets.

    Exact for any n and m of at least 2, also below d; but the fewer images, the more too large. Raises `FeatureError`
    for arrays of other shapes, and for values that are not finite or beyond 1e150.
    """
    return frechet_between(Moments.of(a), Moments.of(b))


def frechet_between(a: Moments, b: Moments) -> float:
    """The Frechet distance between two sets of which the moments are known. Raises `FeatureError`."""
    if a.dim != b.dim:
        raise FeatureError(f"features of length {a.dim} cannot be compared with features of length {b.dim}")
    step = a.mean - b.mean
    first, second = _factor(a), _factor(b)
    spread = (first**2).sum() + (second**2).sum()
    product = first.T @ second
    if min(a.count, b.count) <= a.dim:
        trace = float(np.linalg.svd(product, compute_uv=False).sum())
    else:
        trace = _sum_of_singular_values(product)
    # Rounding can leave equal sets a hair below zero.
    return max(0.0, float(step @ step + spread - 2 * trace))


def _factor(moments: Moments) -> NDArray[np.floating]:
    """F `(d, r)` with F F^T the covariance: the centred vectors where there are at most d, else Cholesky's factor."""
    rows = moments.centred_rows()
    if rows is not None:
        return rows.T
    covariance = moments.covariance()
    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        from scipy.linalg.lapack import dpstrf  # slow to import, and not needed to list what there is

        # Singular. With pivots it ends at the rank: where LAPACK takes what is left for rounding. Of correlations,
        # since otherwise a feature of a small unit would be taken for rounding of a large one.
        deviations = np.sqrt(covariance.diagonal())
        units = np.where(deviations > 0, deviations, 1.0)
        lower, order, rank, _ = dpstrf(covariance / units / units[:, None], lower=True)
        factor = np.empty((moments.dim, rank))
        factor[order - 1] = np.tril(lower)[:, :rank]
        factor *= units[:, None]
    return factor


def _sum_of_singular_values(product: NDArray[np.floating]) -> float:
    """Sum of the singular values of a product of two of Cholesky's factors, in half the time of a decomposition.

    As roots of eigenvalues, which are squares; that costs few digits here, since the factors' columns, and with them
    the rows of the product, fall in size as the eigenvalues do: the small ones are computed from small numbers.
    """
    scale = np.abs(product).max(initial=0.0) or 1.0  # squares of variances may be beyond the range of float64
    wide = (product if product.shape[0] <= product.shape[1] else product.T) / scale
    eigenvalues = np.linalg.eigvalsh(wide @ wide.T)
    return float(scale * np.sqrt(eigenvalues.clip(0)).sum())
