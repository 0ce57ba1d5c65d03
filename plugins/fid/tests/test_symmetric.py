"""Products in blocks against the plain products of NumPy, at sizes around those of the blocks."""

import numpy as np
import pytest
import torch
from srbench_fid.symmetric import BLOCK, add_gram, cholesky, congruence, empty, mirror, norm

SIZES = [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3, 3 * BLOCK]


def positive_definite(dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(dim + 20, dim))
    return rows.T @ rows / len(rows)


@pytest.mark.parametrize("dim", SIZES)
def test_gram_is_added_to_the_lower_half(dim: int) -> None:
    rows = np.random.default_rng(dim).normal(size=(7, dim))
    total = torch.ones(dim, dim, dtype=torch.float64)
    add_gram(total, torch.from_numpy(rows))
    np.testing.assert_allclose(np.tril(total.numpy()), np.tril(1 + rows.T @ rows), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dim", SIZES)
def test_cholesky_reads_the_lower_half_only(dim: int) -> None:
    matrix = positive_definite(dim)
    taken = torch.from_numpy(np.tril(matrix) + np.triu(np.full((dim, dim), 1e9), 1))
    assert cholesky(taken)
    np.testing.assert_allclose(taken.numpy(), np.linalg.cholesky(matrix), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("place", [0, BLOCK + 5, 2 * BLOCK - 1])
def test_cholesky_says_when_there_is_none(place: int) -> None:
    matrix = positive_definite(2 * BLOCK)
    matrix[place, place] = -1.0
    assert not cholesky(torch.from_numpy(matrix))


@pytest.mark.parametrize("dim", SIZES)
def test_congruence(dim: int) -> None:
    lower, matrix = np.linalg.cholesky(positive_definite(dim, 1)), positive_definite(dim, 2)
    expected = lower.T @ matrix @ lower
    matrix[np.triu_indices(dim, 1)] = np.nan  # not read
    result = congruence(torch.from_numpy(lower), torch.from_numpy(matrix))
    np.testing.assert_allclose(np.tril(result.numpy()), np.tril(expected), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dim", SIZES)
def test_mirror_and_norm_read_the_lower_half_only(dim: int) -> None:
    matrix = positive_definite(dim)
    taken = torch.from_numpy(np.tril(matrix) + np.triu(np.full((dim, dim), np.nan), 1))
    assert norm(taken) == pytest.approx(np.linalg.norm(matrix), rel=1e-13)
    mirror(taken)
    np.testing.assert_array_equal(taken.numpy(), np.tril(matrix) + np.tril(matrix, -1).T)


def test_empty_has_the_shape_asked_for() -> None:
    made = empty(3, 5)
    assert made.shape == (3, 5)
    assert made.dtype == torch.float64
