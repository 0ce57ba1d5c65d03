"""Products of symmetric and triangular matrices, in blocks: nothing is computed that is zero or known by symmetry.

BLAS has such routines, but the libraries that come with NumPy and torch hide them or run them at a fraction of the
speed of a plain product, which all of this is made of. Of a symmetric matrix only the lower half is read and written,
and the other half of the blocks on the diagonal.
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


def add_gram(total: Tensor, rows: Tensor, *, to_nothing: bool = False) -> None:
    """Add rows^T rows of `(n, d)` to `total`, `(d, d)`; to_nothing: whatever it held does not count."""
    for start, end in _blocks(len(total)):
        total[start:, start:end].addmm_(rows[:, start:].T, rows[:, start:end], beta=0 if to_nothing else 1)
        if to_nothing:
            total[start:end, end:] = 0


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
    """L^T S L of L, triangular, and S, symmetric, in whose place it is put.

    Row of blocks by row of blocks, as LAPACK's dsygst does it: of the rows until then S has become L^T S L, to which
    the products with those that follow are added.
    """
    import torch

    for start, end in _blocks(len(lower)):
        corner, left = lower[start:end, start:end], lower[start:end, :start]
        diagonal, beside = matrix[start:end, start:end], matrix[start:end, :start]
        half = diagonal @ left / 2
        for first, last in _blocks(start):
            half[:, first:last] += beside[:, first:] @ lower[first:start, first:last]
        both, crossed = torch.cat([left, half]), torch.cat([half, left])
        for first, last in _blocks(start):
            matrix[first:start, first:last].addmm_(both[:, first:].T, crossed[:, first:last])
        beside.copy_(corner.T @ half.addmm_(diagonal, left, alpha=0.5))
        diagonal.copy_(corner.T @ diagonal @ corner)
    return matrix


def _blocks(length: int) -> Iterator[tuple[int, int]]:
    for start in range(0, length, BLOCK):
        yield start, min(start + BLOCK, length)
