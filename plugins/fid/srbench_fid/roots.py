"""The sum of the square roots of a symmetric matrix's eigenvalues, without the eigenvalues.

Reflections make the matrix a band (Bischof, Lang, Sun, "A framework for symmetric band reduction", 2000). They are
plain products, while the reduction to three diagonals, with which eigenvalues begin, passes over all that is left of
the matrix for each column. Then, for any c > 0,

    sqrt(x) = sqrt(c) + 1/pi  integral over s > 0 of log((s^2 + x) / (s^2 + c))

and the sum of log(s^2 + x) over the eigenvalues x is the logarithm of a determinant, which the Cholesky factor of a
band gives at once. The nodes are those of Hale, Higham, Trefethen, "Computing A^alpha, log(A), and related matrix
functions by contour integrals", 2008, with which the error falls geometrically.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.linalg
import scipy.special

from .moments import Floats
from .symmetric import empty, mirror

if TYPE_CHECKING:
    from torch import Tensor

WIDTH = 24
"""Diagonals of the band below the main one: more make better products, but determinants take longer."""
PANELS = 3
"""Columns of `WIDTH` that are reflected before what is left of the matrix is: fewer passes over it."""
ROUNDING = float(np.finfo(np.float64).eps)
"""By how much of a product's norm rounding may move each of its eigenvalues: a power of two, so 1 less it is exact."""
INTEGRATED = 1e-14
"""Share of the sum by which the integral may be off, for eigenvalues of all sizes that rounding leaves any."""


class RootSum(NamedTuple):
    """The sum, and how far from it rounding may have led."""

    value: float
    error: float


def sum_of_roots(matrix: Tensor, moved: float) -> RootSum | None:
    """Sum of the square roots of the eigenvalues of a matrix `(d, d)`; its lower half is read, and it is used up.

    moved: by how much rounding may have moved each of its eigenvalues, and may still; at least `ROUNDING` of Frobenius'
    norm. None unless the matrix is positive definite by more than that.
    """
    band = _into_band(matrix)
    dim = band.shape[1]
    lowest = _log_det(band, -moved)
    if lowest is None:
        return None
    largest = math.sqrt(2 * (band**2).sum() - (band[0] ** 2).sum())  # Frobenius' norm, which no eigenvalue exceeds
    nodes, weights = (math.sqrt(largest) * part for part in _nodes())
    shifts, middle = nodes**2, math.sqrt(ROUNDING) * largest
    logs = np.array([_log_det(band, shift) for shift in shifts], np.float64)
    value = dim * math.sqrt(middle) + weights @ (logs - dim * np.log(shifts + middle))
    # The logarithm of the determinant is concave: it rises from the last node on by more than it does at this one.
    slopes = np.diff(logs, prepend=lowest) / np.diff(shifts, prepend=-moved)
    return RootSum(float(value), float(moved * (weights @ slopes)))


def _nodes() -> tuple[Floats, Floats]:
    """Where to take the integrand for eigenvalues from `ROUNDING` to 1, in rising order, and the weights there.

    1/pi is among the weights.
    """
    period = float(scipy.special.ellipkm1(ROUNDING))
    half = math.ceil(-math.log(INTEGRATED) * period / math.pi**2 / 2)
    step = period / (2 * half)
    sn, cn, dn, _ = scipy.special.ellipj(step * (np.arange(half) + 0.5), 1 - ROUNDING)
    nodes, weights = math.sqrt(ROUNDING) * sn / cn, math.sqrt(ROUNDING) * dn / cn**2
    # The other half mirrors this one in the middle of the range, and is found there without a loss of digits.
    middle = math.sqrt(ROUNDING)
    mirrored = (middle / nodes)[::-1], (weights * middle / nodes**2)[::-1]
    return np.concatenate([nodes, mirrored[0]]), np.concatenate([weights, mirrored[1]]) * (step / math.pi)


def _into_band(matrix: Tensor) -> Floats:
    """A band `(width + 1, d)` of the same eigenvalues: its diagonals, the main one first, as LAPACK wants them."""
    import torch

    mirror(matrix)
    dim = len(matrix)
    width = min(WIDTH, dim - 1)
    # What reflections from both sides change is left @ right^T: it is kept, and added to the whole a few panels later.
    left, right = empty(dim, 2 * width * PANELS), empty(dim, 2 * width * PANELS)
    kept = 0
    for start in range(0, dim - width, max(width, 1)):
        rest = start + width
        matrix[start:, start:rest].addmm_(left[start:, :kept], right[start:rest, :kept].T, alpha=-1)
        panel, below = matrix[rest:, start:rest], matrix[rest:, rest:]
        reflectors, scales = torch.geqrf(panel)
        count = len(scales)
        panel.zero_()[:count] = reflectors[:count].triu()
        vectors = reflectors[:, :count].tril(-1)
        vectors.diagonal().fill_(1)
        # All reflections at once are I - V T V^T (Schreiber and van Loan, 1989), T the inverse of a triangle.
        triangle = torch.linalg.solve_triangular(
            (vectors.T @ vectors).triu(1) * scales, torch.diag(scales), upper=True, left=False, unitriangular=True
        )
        product = torch.addmm(below @ vectors, left[rest:, :kept], right[rest:, :kept].T @ vectors, alpha=-1) @ triangle
        product.addmm_(vectors, triangle.T @ (vectors.T @ product), alpha=-0.5)
        left[rest:, kept : kept + 2 * count] = torch.cat([vectors, product], dim=1)
        right[rest:, kept : kept + 2 * count] = torch.cat([product, vectors], dim=1)
        kept += 2 * count
        if kept == left.shape[1] or rest + width >= dim:
            below.addmm_(left[rest:, :kept], right[rest:, :kept].T, alpha=-1)
            kept = 0
    band = np.zeros((width + 1, dim), order="F")
    for row in range(width + 1):
        band[row, : dim - row] = matrix.diagonal(-row).numpy()
    return band


def _log_det(band: Floats, shift: float) -> float | None:
    """The logarithm of the determinant of the matrix with `shift` on its diagonal; None if not positive definite."""
    shifted = band.copy(order="F")
    shifted[0] += shift
    try:
        factor = scipy.linalg.cholesky_banded(shifted, overwrite_ab=True, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    return 2 * float(np.log(factor[0]).sum())
