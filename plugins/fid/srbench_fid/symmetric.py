"""Products of symmetric and triangular matrices, in blocks: nothing is computed that is zero or known by symmetry.

BLAS has such routines, but the libraries that come with NumPy and torch hide them or run them at a fraction of the
speed of a plain product, which all of this is made of. Of a symmetric matrix only the lower half is read, and what
the upper half then holds does not count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 256
"""Rows and columns of a block: enough for a product's full speed, few beside the matrices for which time matters."""
APART = 8
"""Numbers between the rows of a matrix: a line of the cache."""
SMALLEST = 128
"""Rows and columns of the smallest product that half of is computed for nothing, by symmetry."""


def empty(rows: int, columns: int) -> Tensor:
    """A float64 matrix with any content, faster than others.

    Its rows lie a little apart: at a distance of a power of two, a column would use a fraction of the processor's
    cache. And it comes from NumPy, which asks the system for large pages.
    """
    import torch

    return torch.from_numpy(np.empty((rows, columns + APART)))[:, :columns]


def add_gram(total: Tensor, rows: Tensor, *, to_nothing: bool = False) -> None:
    """Add rows^T rows of `(n, d)` to `total`, `(d, d)`; to_nothing: whatever it held does not count."""
    beta = 0 if to_nothing else 1
    dim = len(total)
    if dim <= SMALLEST:
        total.addmm_(rows.T, rows, beta=beta)
        return
    # Half of the whole in one product, and so on: the larger, the faster.
    half = dim // 2
    total[half:, :half].addmm_(rows[:, half:].T, rows[:, :half], beta=beta)
    if to_nothing:
        total[:half, half:] = 0
    for part in (slice(half), slice(half, dim)):
        add_gram(total[part, part], rows[:, part], to_nothing=to_nothing)


def cholesky(matrix: Tensor) -> bool:
    """Put L, of which L L^T is the matrix, in the matrix's place; only the lower half is read.

    False, and the matrix is spoilt, where it is not positive definite.
    """
    import torch

    for start, end in _blocks(len(matrix)):
        matrix[start:, start:end].addmm_(matrix[start:, :start], matrix[start:end, :start].T, alpha=-1)
        corner, failed = torch.linalg.cholesky_ex(matrix[start:end, start:end])
        if int(failed):
            return False
        matrix[start:end, start:end] = corner
        matrix[start:end, end:] = 0
        below = matrix[end:, start:end]
        below.copy_(torch.linalg.solve_triangular(corner.T, below, upper=True, left=False))
    return True


def congruence(lower: Tensor, matrix: Tensor) -> Tensor:
    """L^T S L of L, triangular, and S, symmetric, in whose place it is put.

    Of S L only what L^T does not multiply by zero: its lower half.
    """
    mirror(matrix)
    for start, end in _blocks(len(lower)):
        matrix[start:, start:end] = matrix[start:, start:] @ lower[start:, start:end]
    for start, end in _blocks(len(lower)):
        matrix[start:end, :end] = lower[start:, start:end].T @ matrix[start:, :end]
    return matrix


def norm(matrix: Tensor) -> float:
    """Frobenius' norm of a symmetric matrix."""
    squares = 0.0
    for start, end in _blocks(len(matrix)):
        corner, below = matrix[start:end, start:end].tril(), matrix[end:, start:end]
        squares += 2 * float(corner.norm() ** 2 + below.norm() ** 2) - float(corner.diagonal().norm() ** 2)
    return math.sqrt(squares)


def mirror(matrix: Tensor) -> None:
    """Make the upper half of a symmetric matrix what the lower half is."""
    for start, end in _blocks(len(matrix)):
        corner = matrix[start:end, start:end]
        corner.copy_(corner.tril() + corner.tril(-1).T)
        matrix[start:end, end:] = matrix[end:, start:end].T


def _blocks(length: int) -> Iterator[tuple[int, int]]:
    for start in range(0, length, BLOCK):
        yield start, min(start + BLOCK, length)
