"""Stars: found, placed and measured by photutils (Bradley and others), as in a survey."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from .overlap import Mask
from .task_metric import Array

RADIUS, RING = 1.5, (3.0, 5.0)
"""Of the aperture, and of the ring that tells the background about it, in widths of a star (FWHM)."""


class Sky(NamedTuple):
    """The background of an image and its noise: median and standard deviation, sources clipped off."""

    level: float
    noise: float

    @classmethod
    def of(cls, image: Array, known: Mask) -> Sky:
        """That of an image `(H, W)`, by what was measured of it."""
        from astropy.stats import sigma_clipped_stats

        _, level, noise = sigma_clipped_stats(image[known], sigma=3.0)
        return cls(float(level), float(noise))


def found(image: Array, sky: Sky, threshold: float, fwhm: float, known: Mask) -> Array:
    """Where stars are, `(n, 2)`, across and down in pixels: DAOFIND (Stetson 1987).

    threshold: how far their peaks stand above the background, in its noise. fwhm: their width, in pixels.
    """
    from photutils.detection import DAOStarFinder
    from photutils.utils.exceptions import NoDetectionsWarning

    if not sky.noise > 0:
        return np.empty((0, 2))
    finder = DAOStarFinder(threshold * sky.noise, fwhm)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoDetectionsWarning)
        table = finder(image - sky.level, mask=~known)
    if table is None:
        return np.empty((0, 2))
    return np.stack([np.asarray(table[name], np.float64) for name in ("x_centroid", "y_centroid")], axis=1)


def fluxes(image: Array, places: Array, fwhm: float, known: Mask) -> Array:
    """The sums over circular apertures, `(n,)`, less the median of the ring about each."""
    from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture

    if not len(places):
        return np.empty(0)
    inner, outer = (radius * fwhm for radius in RING)
    background = ApertureStats(image, CircularAnnulus(places, inner, outer), mask=~known).median
    level = np.nan_to_num(np.atleast_1d(background))
    sums = ApertureStats(image, CircularAperture(places, RADIUS * fwhm), mask=~known, local_bkg=level).sum
    return np.atleast_1d(np.asarray(sums, np.float64))


def pairs(some: Array, others: Array, within: float) -> Array:
    """Which of `some` and which of `others`, `(n, 2)`, are each other's nearest, at most `within` pixels apart."""
    if not (len(some) and len(others)):
        return np.empty((0, 2), np.int64)
    distances, nearest = cKDTree(others).query(some)
    _, back = cKDTree(some).query(others)
    matched = (distances <= within) & (back[nearest] == np.arange(len(some)))
    return np.stack([np.flatnonzero(matched), nearest[matched]], axis=1)
