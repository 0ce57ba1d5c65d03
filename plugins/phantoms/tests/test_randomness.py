"""Numbers and fields against NumPy's own generator, a fit of the spectrum, and what holds of any grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import BSpline
from scipy.stats import kstest
from srbench_phantoms.randomness import Draws, _seed, noise, power_law, ridges


def test_draws_are_the_bits_of_pcg64_as_numpy_reads_them() -> None:
    numpy = np.random.Generator(np.random.PCG64(_seed(("a", 1))))
    np.testing.assert_allclose(Draws("a", 1).uniform(-2, 6, 10, 10), -2 + 8 * numpy.random((10, 10)), atol=1e-14)


def test_draws_follow_their_distributions() -> None:
    assert kstest(Draws("u").uniform(2, 5, 5000), "uniform", (2, 3)).pvalue > 0.01
    assert kstest(Draws("n").normal(2, 5, 5000), "norm", (2, 5)).pvalue > 0.01


def test_another_key_is_another_stream() -> None:
    keys = [("a",), ("a", 0), ("a", 0, 0), ("b", 0), (0, "a")]
    assert len({float(Draws(*key).uniform(0, 1)) for key in keys}) == len(keys)


Slope = Callable[[list[np.ndarray], float], float]
places = st.lists(st.floats(-50, 50), min_size=1, max_size=6).map(np.array)


@settings(max_examples=50, deadline=None)
@given(rows=places, columns=places, spacing=st.floats(0.1, 20))
def test_a_field_is_the_same_on_any_grid(rows: np.ndarray, columns: np.ndarray, spacing: float) -> None:
    whole = noise(("plane",), spacing, rows, columns)
    alone = [
        [noise(("plane",), spacing, rows[[y]], columns[[x]])[0, 0] for x in range(len(columns))]
        for y in range(len(rows))
    ]
    np.testing.assert_allclose(whole, alone, atol=1e-12)


def test_noise_is_a_cubic_spline_through_its_lattice() -> None:
    """Along a line it is one, with knots at the lattice points: fitted there, it is right between them."""
    line = np.linspace(0, 10, 401)
    field = noise(("spline",), 1.0, np.zeros(1), line)[0]
    basis = BSpline.design_matrix(line[20:-20], np.arange(-3.0, 15.0), 3).toarray()
    _, residual, *_ = np.linalg.lstsq(basis, field[20:-20])
    assert np.sum(residual) < 1e-20


def test_noise_has_mean_0_and_variance_1() -> None:
    grid = np.arange(0, 200, 0.7)
    field = noise(("moments",), 1.0, grid, grid)
    assert abs(field.mean()) < 0.02
    assert field.std() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("beta", [2.5, 3.0, 3.5])
def test_the_power_spectrum_falls_as_asked(beta: float, slope: Slope) -> None:
    spacings = [16 / 2**octave for octave in range(9)]
    grid = np.arange(256) * 0.12
    fields = [power_law(("fit", number), beta, spacings, grid, grid) for number in range(6)]
    assert slope(fields, 0.12) == pytest.approx(-beta, abs=0.2)


def test_a_ridge_is_a_parabola_of_its_width_about_where_the_field_is_0() -> None:
    y = np.arange(-30, 31) * 0.1
    field = np.repeat(7 * y[:, None], 5, axis=1)
    np.testing.assert_allclose(ridges(field, 0.1, 2.0)[:, 2], np.maximum(1 - y**2, 0), atol=1e-12)
