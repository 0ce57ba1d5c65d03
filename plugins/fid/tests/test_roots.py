"""The sum of roots against the eigenvalues that a matrix was built from, and against NumPy's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_fid.roots import ROUNDING, WIDTH, RootSum, sum_of_roots

DIMS = [1, 2, 3, WIDTH - 1, WIDTH, WIDTH + 1, WIDTH + 2, 2 * WIDTH, 2 * WIDTH + 1, 7 * WIDTH - 5]


def turned(eigenvalues: np.ndarray, seed: int = 0) -> np.ndarray:
    """A symmetric matrix with these eigenvalues."""
    dim = len(eigenvalues)
    axes = np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, dim)))[0]
    return (axes * eigenvalues) @ axes.T


def of(matrix: np.ndarray) -> RootSum | None:
    """From the lower half alone."""
    moved = ROUNDING * float(np.linalg.norm(matrix))
    return sum_of_roots(torch.from_numpy(np.tril(matrix) + np.triu(np.full(matrix.shape, np.nan), 1)), moved)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("decay", [0.0, 1.0, 3.0])
def test_it_is_the_sum_over_the_eigenvalues(dim: int, decay: float) -> None:
    eigenvalues = 7.0 * np.arange(1.0, dim + 1) ** -decay
    found = of(turned(eigenvalues))
    assert found is not None
    assert found.value == pytest.approx(np.sqrt(eigenvalues).sum(), rel=1e-12, abs=found.error)


@pytest.mark.parametrize("dim", DIMS)
def test_a_diagonal_matrix_needs_no_reflections(dim: int) -> None:
    eigenvalues = np.random.default_rng(dim).uniform(0.5, 2.0, dim)
    found = of(np.diag(eigenvalues))
    assert found is not None
    assert found.value == pytest.approx(np.sqrt(eigenvalues).sum(), rel=1e-13)


@given(st.integers(1, 60), st.floats(-60, 60), st.floats(0, 12), st.integers(0, 2**31))
@settings(max_examples=60)
def test_eigenvalues_of_any_size_and_range(dim: int, size: float, orders: float, seed: int) -> None:
    eigenvalues = 10.0 ** (size - np.random.default_rng(seed).uniform(0, orders, dim))
    found = of(turned(eigenvalues, seed))
    assert found is not None
    # Building the matrix has moved its eigenvalues too.
    allowed = 1e-12 * np.sqrt(eigenvalues).sum() + 20 * found.error
    assert abs(found.value - np.sqrt(eigenvalues).sum()) <= allowed


def test_the_error_is_no_less_than_that_of_eigenvalues_which_all_move() -> None:
    eigenvalues = 10.0 ** -np.linspace(0, 10, 80)
    matrix = turned(eigenvalues)
    moved = 1e-11
    found = sum_of_roots(torch.from_numpy(matrix.copy()), moved)
    assert found is not None
    slope = (moved / (2 * np.sqrt(eigenvalues))).sum()
    assert slope <= found.error <= 2 * slope


@pytest.mark.parametrize("lowest", [0.0, 1e-18, -1e-3])
@pytest.mark.parametrize("dim", [1, WIDTH, 3 * WIDTH])
def test_of_a_matrix_that_is_not_positive_definite_there_is_none(dim: int, lowest: float) -> None:
    eigenvalues = np.linspace(1.0, 2.0, dim)
    eigenvalues[-1] = lowest
    assert dim == 1 or of(turned(eigenvalues)) is None
    assert of(np.zeros((dim, dim))) is None
