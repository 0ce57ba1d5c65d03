"""Products of symmetric and triangular matrices, in blocks: nothing is computed that is zero or known by symmetry.

BLAS has such routines, but the libraries that come with NumPy and torch hide them or run them at a fraction of the
speed of a plain product, which all of this is made of. Of a symmetric result the lower half alone is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 256
"""Rows and columns of a block: enough for a product's full speed, few beside the matrices for which time matters."""


def empty(*shape: int) -> Tensor:
    """A float64 tensor with any content. From NumPy, which asks the system for large pages: seven times as fast."""
    import torch

    return torch.from_numpy(np.empty(shape))


def add_gram(total: Tensor, rows: Tensor) -> None:
    """Add rows^T rows of `(n, d)` to the lower half of `total`, `(d, d)`."""
    dim = rows.shape[1]
    if dim <= BLOCK:
        total.addmm_(rows.T, rows)
        return
    half = dim // 2
    add_gram(total[:half, :half], rows[:, :half])
    total[half:, :half].addmm_(rows[:, half:].T, rows[:, :half])
    add_gram(total[half:, half:], rows[:, half:])


def mirror(matrix: Tensor) -> None:
    """Make the matrix symmetric: its lower half stays."""
    for start, end in _blocks(len(matrix)):
        matrix[start:end, end:] = matrix[end:, start:end].T
        corner = matrix[start:end, start:end]
        corner.copy_(corner.tril() + corner.tril(-1).T)


def cholesky(matrix: Tensor) -> bool:
    """Put L, of which L L^T is the matrix, in the matrix's place; only the lower half is read.

    False, and the matrix is spoilt, where it is not positive definite.
    """
    import torch

    for start, end in _blocks(len(matrix)):
        corner, failed = torch.linalg.cholesky_ex(matrix[start:end, start:end])
        if int(failed):
            return False
        matrix[start:end, start:end] = corner
        matrix[start:end, end:] = 0
        below = matrix[end:, start:end]
        below.copy_(torch.linalg.solve_triangular(corner.T, below, upper=True, left=False))
        for first, last in _blocks(len(below)):
            matrix[end + first : end + last, end : end + last].addmm_(below[first:last], below[:last].T, alpha=-1)
    return True


def congruence(lower: Tensor, matrix: Tensor) -> Tensor:
    """L^T S L, its lower half, of L, triangular, and S, symmetric, in whose place it is put."""
    for start, end in _blocks(len(lower)):  # S L: a block of columns needs none to the left of it
        matrix[:, start:end] = matrix[:, start:] @ lower[start:, start:end]
    for start, end in _blocks(len(lower)):  # and then a block of rows needs none above it
        matrix[start:end, :end] = lower[start:, start:end].T @ matrix[start:, :end]
    return matrix


def _blocks(length: int) -> Iterator[tuple[int, int]]:
    for start in range(0, length, BLOCK):
        yield start, min(start + BLOCK, length)
