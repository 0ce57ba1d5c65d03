"""A compressed breast as a function of the plane of the detector, in millimetres, and its pictures at any pixel size.

Origin is the chest wall at the height of the nipple: x runs to the nipple, y downwards. What X-rays of 20 keV meet on
their way to a point of the detector is skin, fat, fibroglandular tissue and calcium, after the linear attenuation
coefficients of Johns and Yaffe 1987; no scatter, one energy, no blur but that of the pixels themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter
from scipy.special import expit

from .randomness import Draws, Floats, noise, power_law, ridges

View = Literal["cc", "mlo"]
VIEWS: tuple[View, ...] = ("cc", "mlo")
"""Craniocaudal, and like mediolateral oblique: with a pectoral muscle and a breast that hangs."""

DENSE_FRACTIONS = {"A": (0.06, 0.20), "B": (0.28, 0.46), "C": (0.54, 0.71), "D": (0.79, 0.92)}
"""The part of the breast's area that is dense, by class: within the quarters of BI-RADS (4th edition)."""

FAT, GLAND, CALCIUM = 0.0456, 0.0802, 1.2
"""Linear attenuation per millimetre at 20 keV; skin and muscle attenuate like gland.

Calcifications attenuate three fifths as much as solid hydroxyapatite.
"""
BETA = 3.0
"""Exponent of the tissue's power spectrum 1 / f^beta (Burgess et al. 2001 measured 2.8 on average)."""
LATTICES = tuple(16 / 2**octave for octave in range(9))
"""Spacings, in millimetres, of what the tissue is summed of."""
STRANDS = ((3.0, 0.35, 4.0), (1.5, 0.15, 2.5), (8.0, 0.7, 3.5))
"""Cooper's ligaments, fibres, vessels: how far apart, how wide, and how thick along the rays, in millimetres."""
SKIN = 1.5
"""Millimetres of skin."""
DETECTOR = (100.0, 200.0)
"""Depth (x from 0) and height (y about 0) of the detector, in millimetres."""
SAMPLE = 35
"""Samples are at most this many micrometres apart where a pixel is integrated, with at most 12 in a row."""


class Window(NamedTuple):
    """A square of the detector: its upper left corner and its side, in millimetres."""

    top: float
    left: float
    side: float


@dataclass(frozen=True)
class Breast:
    """A synthetic breast.

    seed, number: what it is drawn from. density: the BI-RADS class, `A` to `D`.
    """

    seed: int
    number: int
    density: str

    @cached_property
    def fraction(self) -> float:
        """The part of the area that is dense."""
        return float(self._draws("fraction").uniform(*DENSE_FRACTIONS[self.density]))

    @cached_property
    def shape(self) -> tuple[float, float, float]:
        """Depth from the chest wall to the nipple, half the height, and thickness, in millimetres."""
        depth, half, thickness = self._draws("shape").uniform(0, 1, 3)
        return 65 + 30 * float(depth), 55 + 20 * float(half), 45 + 10 * float(thickness)

    @cached_property
    def calcifications(self) -> Floats:
        """Ellipsoids `(n, 6)` of one cluster.

        x, y, z from its middle, and the longest diameter (0.1 to 0.4), in millimetres; how long the other two are in
        parts of it (0.5 to 1), and the direction of the longest on the detector, in radians.
        """
        draws = self._draws("calcifications")
        n = int(draws.uniform(8, 24))
        diameters = 0.1 * 4 ** draws.uniform(0, 1, n, 1) ** 2  # more small ones than large ones
        shapes = [draws.uniform(0.5, 1, n, 1), draws.uniform(0, math.pi, n, 1)]
        return np.hstack([draws.normal(0, 1.3, n, 3), diameters, *shapes])

    def transmission(self, view: View, window: Window, pixel: float) -> Floats:
        """The part of the X-rays that comes through, as the mean over each pixel `(n, n)`, in (0, 1].

        pixel: its side, in micrometres; n: as many as fit into the window, from its upper left corner.
        """
        samples = _samples(pixel)
        rows, columns = _grid(window, pixel, samples)
        attenuation = self._attenuation(view, rows, columns) + CALCIUM * self._calcium(view, window, rows, columns)
        return _binned(np.exp(-attenuation), samples)

    def calcified(self, view: View, window: Window, pixel: float) -> Floats:
        """The part of each pixel `(n, n)` that lies behind a calcification, in [0, 1]."""
        samples = _samples(pixel)
        behind = self._calcium(view, window, *_grid(window, pixel, samples)) > 0
        return _binned(behind.astype(np.float64), samples)

    def window(self, view: View, side: float) -> Window:
        """The square of the detector, `side` millimetres wide, that shows the cluster of calcifications.

        It is chosen so that about as much of it is dense as of the breast. In a CC view it lies at the skin line where
        it is small, in an MLO view deeper.
        """
        depth, half, _ = self.shape
        y, x = _place(self, view, side)
        free = max(1.2 * half - side / 2, 0)  # a window that is large enough shows the whole breast
        left = min(max(x - side / 2, 0), max(depth + 10 - side, 0))
        return Window(min(max(y, -free), free) - side / 2, left, side)

    def tissue(self, view: View, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
        """How far inside the skin line each point of a grid lies, in millimetres, and how dense the tissue is there.

        Outside the breast the first is negative; where the second is above 0, the tissue counts as dense.
        """
        distance, lumps = self._unlevelled(view, rows, columns)
        return distance, lumps - _level(self, view)

    def _unlevelled(self, view: View, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
        key = (self.seed, self.number)
        depth, half, _ = self.shape
        y, x = rows[:, None], columns[None, :]
        if view == "mlo":
            y = y + 8 - 0.12 * x  # it hangs
            half_here = np.where(y < 0, 1.25, 0.9) * half
        else:
            half_here = np.full(y.shape, half)
        radius = np.maximum(np.hypot(x / depth, y / half_here), 1e-6)
        slope = np.maximum(np.hypot(x / depth**2, y / half_here**2) / radius, 1e-6)
        nipple = 4.5 - np.hypot(x - depth + 2, y)
        wave = noise((*key, "outline", view), 25.0, rows, columns)
        distance = np.logaddexp((1 - radius) / slope + wave, nipple)
        lumps = power_law((*key, "tissue", view), BETA, LATTICES, rows, columns / 1.4)  # longer towards the nipple
        # Fat lies below the skin and before the chest wall.
        return distance, lumps - 2 * np.exp(-np.maximum(distance, 0) / 5) - 0.8 * np.exp(-columns / 8)

    def _attenuation(self, view: View, rows: Floats, columns: Floats) -> Floats:
        """-log(transmission) at each point of a grid, but for calcifications."""
        distance, dense = self.tissue(view, rows, columns)
        whole = _chord(distance, self.shape[2])
        inner = _chord(distance - SKIN, self.shape[2] - 2 * SKIN)
        gland = inner * np.clip(0.08 + 0.6 * expit(dense / 0.4) + 0.09 * dense, 0.02, 0.98)
        step = float(rows[1] - rows[0])
        # Cooper's ligaments, fibres and vessels run towards the nipple, more or less: as wavy lines along x.
        for kind, (spacing, width, path) in enumerate(STRANDS):
            key = (self.seed, self.number, "strands", view, kind)
            tilt = self._draws("strands", view, kind).uniform(-0.5, 0.5)
            phase = math.pi / spacing * (rows[:, None] + tilt * columns)
            waves = np.sin(phase + 1.3 * noise((*key, "waves"), spacing, rows, columns / 2))
            here = expit((noise((*key, "here"), 2.5, rows, columns / 2) - 0.5) / 0.3)
            gland = np.minimum(gland + np.minimum(path, inner) * ridges(waves, step, width) * here, inner)
        if view == "mlo":
            gland += expit(_in_muscle(rows, columns) / 0.4) * 0.9 * (inner - gland)
        return np.asarray(FAT * (inner - gland) + GLAND * (whole - inner + gland))

    def _calcium(self, view: View, window: Window, rows: Floats, columns: Floats) -> Floats:
        """The way through calcifications at each point of a grid, in millimetres."""
        path = np.zeros((len(rows), len(columns)))
        y, x = _place(self, view, window.side)
        shift = self._draws("cluster", view).uniform(-0.1, 0.1, 2) * min(window.side, 10)
        down, right = rows - y - shift[0], columns - x - shift[1]
        for x, y, z, diameter, slenderness, angle in self.calcifications:
            v, u = down - (y if view == "cc" else (y + z) / math.sqrt(2)), right - x
            near = np.ix_(np.abs(v) < diameter / 2, np.abs(u) < diameter / 2)
            v, u = v[near[0]], u[near[1]]
            along = u * math.cos(angle) + v * math.sin(angle)
            across = (v * math.cos(angle) - u * math.sin(angle)) / slenderness
            inside = np.maximum((diameter / 2) ** 2 - along**2 - across**2, 0)
            path[near] += 2 * slenderness * np.sqrt(inside)
        return path

    def _draws(self, *use: int | str) -> Draws:
        return Draws(self.seed, self.number, *use)


@lru_cache(maxsize=128)
def _survey(breast: Breast, view: View) -> tuple[Floats, Floats, Floats, Floats]:
    """The detector, a point every 2 mm: rows, columns, distance to the skin, lumps of tissue."""
    depth, height = DETECTOR
    rows, columns = np.arange(1 - height / 2, height / 2, 2), np.arange(1, depth, 2)
    return rows, columns, *breast._unlevelled(view, rows, columns)


@lru_cache(maxsize=128)
def _level(breast: Breast, view: View) -> float:
    """The level of the lumps above which a point is dense: the right part of the breast's area is."""
    _, _, distance, lumps = _survey(breast, view)
    return float(np.quantile(lumps[distance > 0], 1 - breast.fraction))


@lru_cache(maxsize=128)
def _place(breast: Breast, view: View, side: float) -> tuple[float, float]:
    """The middle of the window, y and x: of 200 places, that with surroundings as dense as the breast."""
    rows, columns, distance, lumps = _survey(breast, view)
    inside = distance > 0
    width = max(1, round(side / 2))
    tissue = _counted(inside, width)
    dense = _counted(inside & (lumps > _level(breast, view)), width)
    least, most = (4.5, 8) if view == "cc" else (18, 40)
    places = (distance > least) & (distance < most) & (columns > 5)
    if view == "mlo":
        places &= _in_muscle(rows, columns) < -min(side / 2, 8)
    y, x = np.nonzero(places)
    tried = (breast._draws("place", view).uniform(0, 1, 200) * len(y)).astype(int)
    y, x = y[tried], x[tried]
    best = np.argmin(np.abs(dense[y, x] / tissue[y, x] - breast.fraction))
    return float(rows[y[best]]), float(columns[x[best]])


def _counted(places: npt.NDArray[np.bool_], width: int) -> Floats:
    """How many places are true in the square about each; whole numbers, so that no rounding ever decides."""
    return np.asarray(np.rint(uniform_filter(places.astype(np.float64), width, mode="constant") * width**2))


def _in_muscle(rows: Floats, columns: Floats) -> Floats:
    """How far each point of a grid lies behind the edge of the pectoral muscle of an MLO view, in millimetres."""
    return np.asarray((-0.5 * rows[:, None] - 8 - columns) / math.hypot(0.5, 1))


def _chord(distance: Floats, thickness: float) -> Floats:
    """The way through a breast of this thickness, with round edges, at each distance from its outline."""
    to_edge = 1 - np.clip(distance / (thickness / 2), 0, 1)
    return np.asarray(thickness * np.sqrt(1 - to_edge**2))


def _samples(pixel: float) -> int:
    return min(math.ceil(pixel / SAMPLE), 12)


def _grid(window: Window, pixel: float, samples: int) -> tuple[Floats, Floats]:
    """The rows and columns of the samples of all pixels that fit into the window."""
    step = pixel / 1000 / samples
    places = (np.arange(int(window.side * 1000 / pixel + 1e-6) * samples, dtype=np.float64) + 0.5) * step
    return window.top + places, window.left + places


def _binned(samples: Floats, n: int) -> Floats:
    height, width = samples.shape
    return np.asarray(samples.reshape(height // n, n, width // n, n).mean(axis=(1, 3)))
