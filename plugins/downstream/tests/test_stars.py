"""Simulated stars of known place and flux, as photutils finds and measures them."""

from __future__ import annotations

import numpy as np
import pytest
from srbench_downstream.stars import RADIUS, Sky, fluxes, found, pairs

FWHM = 3.0
SIGMA = FWHM / np.sqrt(8 * np.log(2))
PLACES = np.array([[20.3, 18.6], [60.0, 20.5], [21.7, 61.2], [62.4, 59.9], [40.5, 40.5]])
TRUE = np.array([3000.0, 500.0, 800.0, 2000.0, 1200.0])
EVERYWHERE = np.ones((80, 80), bool)


def sky_with(places: np.ndarray, amounts: np.ndarray, noise: float = 2.0, seed: int = 0) -> np.ndarray:
    """Gaussian stars on a background of 100 that rises to the right."""
    rows, columns = np.mgrid[:80, :80].astype(float)
    image = 100 + 0.1 * columns + np.random.default_rng(seed).normal(0, noise, (80, 80))
    for (x, y), amount in zip(places, amounts, strict=True):
        image += amount / (2 * np.pi * SIGMA**2) * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * SIGMA**2))
    return image


def _by_place(seen: np.ndarray) -> np.ndarray:
    return seen[pairs(PLACES, seen, 1.0)[:, 1]]


def test_stars_are_found_where_they_are_and_hold_what_they_hold() -> None:
    image = sky_with(PLACES, TRUE)
    sky = Sky.of(image, EVERYWHERE)
    assert sky.level == pytest.approx(104, abs=0.5)
    seen = found(image, sky, 5.0, FWHM, EVERYWHERE)
    assert len(seen) == 5
    np.testing.assert_allclose(_by_place(seen), PLACES, atol=0.15)
    # A circle holds all of a Gaussian but exp(-r^2 / 2 sigma^2).
    inside = 1 - np.exp(-((RADIUS * FWHM) ** 2) / (2 * SIGMA**2))
    measured = fluxes(image, PLACES, FWHM, EVERYWHERE)
    np.testing.assert_allclose(measured, TRUE * inside, atol=5 * 2.0 * np.sqrt(np.pi) * RADIUS * FWHM)
    clean = fluxes(sky_with(PLACES, TRUE, noise=0.0), PLACES, FWHM, EVERYWHERE)
    np.testing.assert_allclose(clean, TRUE * inside, rtol=0.005)


def test_nothing_is_found_in_noise_or_where_nobody_measured() -> None:
    empty = np.empty((0, 2))
    noise = sky_with(empty, np.empty(0))
    assert len(found(noise, Sky.of(noise, EVERYWHERE), 6.0, FWHM, EVERYWHERE)) == 0
    flat = np.full((80, 80), 7.0)
    assert len(found(flat, Sky.of(flat, EVERYWHERE), 5.0, FWHM, EVERYWHERE)) == 0
    known = EVERYWHERE.copy()
    known[:, :40] = False
    image = sky_with(PLACES, TRUE)
    seen = found(image, Sky.of(image, known), 5.0, FWHM, known)
    assert sorted(np.round(seen[:, 0]).tolist())[-2:] == [60, 62]
    assert fluxes(image, empty, FWHM, EVERYWHERE).shape == (0,)


def test_pairs_are_each_others_nearest() -> None:
    some, others = np.array([[0.0, 0.0], [0.4, 0.0], [9.0, 9.0]]), np.array([[0.5, 0.0], [30.0, 0.0]])
    assert pairs(some, others, 1.0).tolist() == [[1, 0]]
    assert pairs(some, np.empty((0, 2)), 1.0).shape == (0, 2)
