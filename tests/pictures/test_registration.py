"""One picture laid on another: against pictures that are sampled from a formula where they should lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from srbench.pictures.registration import averaging, displaced, from_afar, registered
from srbench.pictures.thumbnail import SIDE

FROM_MIDDLE = np.arange(SIDE) - (SIDE - 1) / 2


def waves(shift: tuple[float, float], stretch: tuple[float, float]) -> npt.NDArray[np.float32]:
    """A sum of waves, looked at with its middle shifted, in areas, and stretched."""
    y = FROM_MIDDLE[:, None] * (1 + stretch[0]) + shift[0]
    x = FROM_MIDDLE * (1 + stretch[1]) + shift[1]
    shown = 30 * np.sin(y / 3 + x / 7) + 25 * np.cos(y / 5 - x / 4) + 20 * np.sin(x / 9) + 15 * np.cos(y / 8)
    return shown[None].astype(np.float32)


@pytest.mark.parametrize("contrast", [1.0, 0.6])
@pytest.mark.parametrize(
    ("shift", "stretch"),
    [((0, 0), (0, 0)), ((1.3, -0.8), (0, 0)), ((0, 0), (0.1, 0.1)), ((-0.8, 0.4), (0.05, -0.08))],
)
def test_a_shifted_and_stretched_picture_is_laid_on_the_other(
    shift: tuple[float, float], stretch: tuple[float, float], contrast: float
) -> None:
    here, there = waves((0, 0), (0, 0)), waves(shift, stretch)
    other = contrast * here + 5
    begun = from_afar(there, other)
    moved, inside = registered(there, other, begun)
    covered = inside[0] > 0
    assert covered.mean() > 0.75
    remaining = np.corrcoef(moved[0][covered], there[0][covered])[0, 1]
    assert remaining > 0.998
    if any(shift):
        before = np.corrcoef(here.ravel(), there.ravel())[0, 1]
        near = np.corrcoef(displaced(other, begun)[0].ravel(), there.ravel())[0, 1]
        assert remaining > near > before


def test_what_lies_too_far_away_reaches_nowhere() -> None:
    there, here = waves((6, 0), (0, 0)), waves((0, 0), (0, 0))
    _, inside = registered(there, here, from_afar(there, here))
    assert not inside.any()


def test_pictures_without_any_gradient_stay_where_they_are() -> None:
    blank = np.zeros((2, SIDE, SIDE), np.float32)
    moved, inside = registered(blank, blank, from_afar(blank, blank))
    assert not moved.any() and inside.all()


def test_averaging_is_the_mean_over_neighbours() -> None:
    values = np.random.default_rng(0).normal(size=SIDE).astype(np.float32)
    padded = np.pad(values, 3, mode="edge")
    np.testing.assert_allclose(averaging(7) @ values, np.convolve(padded, np.ones(7) / 7, "valid"), atol=1e-6)
