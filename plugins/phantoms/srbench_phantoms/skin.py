"""A pigmented lesion on skin as a function of the plane, in millimetres, and its pictures as a dermatoscope sees it.

Colour follows Beer and Lambert: light is left over as exp(-optical density), and what takes it away is melanin, blood,
melanin deep in the skin, which looks blue, and hair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.special import expit

from .randomness import Draws, Floats, noise, ridges

FIELD = 12.0
"""Millimetres of skin that a picture shows at zoom 1."""
CANVAS = 20.0
"""Millimetres of skin that are computed, so that any view lies within them."""
SAMPLES = 2
"""Samples in a row where a pixel is integrated."""

MELANIN, BLOOD, BLUE = np.array([[0.55, 1.0, 1.6], [0.10, 0.75, 0.60], [0.95, 0.75, 0.40]])
"""Optical densities in red, green and blue."""
HAIR = np.array([1.3, 1.5, 1.7])


class Traits(NamedTuple):
    """What a dermatologist looks for.

    radius and edge (how far the border is blurred) in millimetres; pigment as optical density; all others from 0
    (nothing of it) to about 1.
    """

    radius: float
    edge: float
    pigment: float
    asymmetry: float
    irregularity: float
    variegation: float
    network: float
    globules: float
    cysts: float


TRAITS = {
    "nevus": (
        Traits(2.7, 0.35, 1.0, 0.15, 0.25, 0.15, 0.5, 0.3, 0.05),
        Traits(0.45, 0.12, 0.25, 0.15, 0.15, 0.12, 0.3, 0.25, 0.08),
    ),
    "melanoma": (
        Traits(3.2, 0.25, 1.1, 0.45, 0.6, 0.5, 0.45, 0.4, 0.05),
        Traits(0.5, 0.12, 0.25, 0.22, 0.25, 0.22, 0.3, 0.25, 0.08),
    ),
    "keratosis": (
        Traits(2.9, 0.15, 1.0, 0.2, 0.3, 0.2, 0.1, 0.15, 0.5),
        Traits(0.5, 0.08, 0.25, 0.15, 0.15, 0.15, 0.15, 0.2, 0.28),
    ),
}
"""Mean and standard deviation of each trait, by class. They overlap: no trait alone tells the class."""


@dataclass(frozen=True)
class Lesion:
    """A synthetic lesion.

    seed, number: what it is drawn from. kind: `nevus`, `melanoma` or `keratosis`.
    """

    seed: int
    number: int
    kind: str

    @cached_property
    def traits(self) -> Traits:
        """Its traits, drawn about the means of its class; none is below 0."""
        means, deviations = TRAITS[self.kind]
        drawn = np.array(means) + np.array(deviations) * self._draws("traits").normal(0, 1, len(means))
        return Traits(*np.maximum(drawn, 0.05 * np.array(means)).tolist())

    @cached_property
    def views(self) -> int:
        """How many pictures are taken of it: 2 or 3."""
        return 2 + int(self._draws("views").uniform(0, 2))

    def picture(self, view: int, size: int) -> Floats:
        """A picture `(size, size, 3)` in [0, 1]: with its own light, turned, zoomed and moved."""
        density, _ = _canvas(self, size)
        draws = self._draws("light", view)
        down, right = self._seen(view, size)
        light = np.exp(-np.stack([map_coordinates(layer, (down, right), order=1) for layer in density]))
        y, x = np.meshgrid(*2 * (np.linspace(-1, 1, size * SAMPLES),), indexing="ij")
        angle, slope, vignette = draws.uniform(0, 1, 3)
        shade = 1 + 0.15 * slope * (x * math.cos(2 * math.pi * angle) + y * math.sin(2 * math.pi * angle))
        shade -= (0.1 + 0.2 * vignette) * (x**2 + y**2) / 2
        lamp = draws.uniform(0.9, 1.06) * draws.uniform(0.96, 1.04, 3)
        picture = np.clip(light * shade * lamp[:, None, None], 0, 1)
        return np.stack([_binned(channel) for channel in picture], axis=-1)

    def covered(self, view: int, size: int) -> Floats:
        """The part of each pixel `(size, size)` of a picture that the lesion covers, in [0, 1]."""
        _, inside = _canvas(self, size)
        return _binned(map_coordinates(inside, self._seen(view, size), order=1) > 0)

    def density(self, line: Floats) -> tuple[Floats, Floats]:
        """Optical density `(3, n, n)` of the skin at a square grid of points, whose places along each axis are `line`.

        With it, how far inside the lesion each point lies `(n, n)`, in millimetres.
        """
        inside = self._inside(line)
        melanin, blood, blue = self._pigment(line, float(line[1] - line[0]), inside)
        density = melanin * MELANIN[:, None, None] + blood * BLOOD[:, None, None] + blue * BLUE[:, None, None]
        return density + self._hair(line) * HAIR[:, None, None], inside

    def _seen(self, view: int, size: int) -> Floats:
        """The places on the canvas, in its points, of the samples of a picture: rows and columns."""
        turn, zoom, y, x = self._draws("place", view).uniform(0, 1, 4)
        step = FIELD / size / SAMPLES
        places = (np.arange(size * SAMPLES) - (size * SAMPLES - 1) / 2) * step / (1 + 0.25 * zoom)
        down, right = places[:, None] + 1.6 * y - 0.8, places[None, :] + 1.6 * x - 0.8
        cosine, sine = math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)
        turned = np.stack([cosine * down - sine * right, sine * down + cosine * right])
        return (turned + CANVAS / 2) / step - 0.5

    def _inside(self, line: Floats) -> Floats:
        """How far inside the border each point lies, in millimetres: a Fourier series in the angle, and small waves."""
        draws = self._draws("border")
        orders = np.arange(1, 12)[:, None]
        heights = draws.normal(0, 1, 11, 1) * (0.22 / orders * self.traits.irregularity + 0.08 * (orders == 2))
        angles = np.linspace(-math.pi, math.pi, 2049)
        border = 1 + (heights * np.cos(orders * angles + draws.uniform(0, 2 * math.pi, 11, 1))).sum(axis=0)
        radius = np.interp(np.arctan2(line[:, None], line[None, :]), angles, border)
        distance = np.hypot(line[:, None], line[None, :])
        waves = 0.35 * self.traits.irregularity * self._noise("border", 0.7, line)
        return np.asarray(self.traits.radius * radius - distance + waves)

    def _pigment(self, line: Floats, step: float, inside: Floats) -> tuple[Floats, Floats, Floats]:
        """Melanin, blood and deep melanin at each point."""
        traits, draws = self.traits, self._draws("pigment")
        tone, flush, angle = draws.uniform(0, 1, 3)
        skin = 0.10 + 0.3 * tone + 0.03 * self._noise("skin", 3.0, line) + 0.02 * self._noise("pores", 0.15, line)
        blood = 0.2 + 0.2 * flush + 0.05 * self._noise("flush", 2.0, line) + 0.03 * self._noise("blood", 0.4, line)
        there = expit(inside / traits.edge)
        deep = np.clip(inside / traits.radius, 0, 1)
        lean = (line[None, :] * math.cos(2 * math.pi * angle) + line[:, None] * math.sin(2 * math.pi * angle)) / 4
        patches = self._noise("patches", 1.4, line)
        body = 0.7 + 0.4 * deep + traits.asymmetry * lean + 0.45 * traits.variegation * patches
        body += 0.10 * self._noise("grain", 0.3, line)
        mesh = self._mesh(line) * expit((0.75 - deep) / 0.1) * expit(self._noise("mesh", 2.0, line) / 0.4 + 0.8)
        body += 0.55 * traits.network * mesh
        body += 0.9 * traits.globules * self._dots("globules", 0.13, line)
        # Keratoses: pale cysts, dark plugs, and furrows as on a brain.
        body += traits.cysts * (0.8 * self._dots("plugs", 0.22, line) - 1.1 * self._dots("cysts", 0.16, line))
        body += 0.5 * traits.cysts * ridges(self._noise("furrows", 0.8, line), step, 0.25)
        veil = there * traits.variegation * expit((self._noise("veil", 1.8, line) - 0.8) / 0.25)
        flushed = there * traits.variegation * expit((self._noise("red", 1.8, line) - 1.0) / 0.25)
        melanin = skin + traits.pigment * there * np.maximum(body, 0.1) * (1 - 0.4 * flushed)
        return melanin, blood + 0.8 * flushed, veil

    def _mesh(self, line: Floats) -> Floats:
        """A pigment network: the walls of warped honeycombs, three waves that cross at 60 degrees, from 0 to 1."""
        down = line[:, None] + 0.2 * self._noise("down", 0.8, line)
        right = line[None, :] + 0.2 * self._noise("right", 0.8, line)
        directions = [(math.cos(2 * math.pi * third / 3), math.sin(2 * math.pi * third / 3)) for third in range(3)]
        waves = sum(np.cos(2 * math.pi / 0.42 * (down * sine + right * cosine)) for cosine, sine in directions)
        return np.asarray(expit((0.2 - waves) / 0.35))

    def _dots(self, use: str, radius: float, line: Floats) -> Floats:
        """Round dots of about this radius, in millimetres, strewn over the lesion, from 0 to 1."""
        draws = self._draws(use)
        dots = np.zeros((len(line), len(line)))
        reach = 1.3 * self.traits.radius
        for y, x, size in draws.uniform(-1, 1, int(draws.uniform(25, 60)), 3):
            wide = radius * 1.6**size
            near = np.ix_(np.abs(line - reach * y) < 2 * wide, np.abs(line - reach * x) < 2 * wide)
            distance = np.hypot(line[near[0]] - reach * y, line[near[1]] - reach * x)
            dots[near] = np.maximum(dots[near], expit((wide - distance) / 0.04))
        return dots

    def _hair(self, line: Floats) -> Floats:
        """Hair at each point, from 0 to 1: dark parabolas with two ends."""
        draws = self._draws("hair")
        hair = np.zeros((len(line), len(line)))
        for _ in range(int(draws.uniform(-8, 10))):
            angle, offset, bend, start, end, width = draws.uniform(0, 1, 6)
            cosine, sine = math.cos(2 * math.pi * angle), math.sin(2 * math.pi * angle)
            along = cosine * line[None, :] + sine * line[:, None]
            bent = 0.12 * (bend - 0.5)
            across = cosine * line[:, None] - sine * line[None, :] - 12 * (offset - 0.5) - bent * along**2
            across /= np.sqrt(1 + (2 * bent * along) ** 2)
            ends = expit((along + 1 + 7 * start) / 0.1) * expit((1 + 7 * end - along) / 0.1)
            np.maximum(hair, ends * np.exp(-((across / (0.04 + 0.035 * width)) ** 2)), out=hair)
        return hair

    def _noise(self, use: str, spacing: float, line: Floats) -> Floats:
        return noise((self.seed, self.number, use), spacing, line, line)

    def _draws(self, *use: int | str) -> Draws:
        return Draws(self.seed, self.number, *use)


@lru_cache(maxsize=2)  # the views of a lesion come one after the other
def _canvas(lesion: Lesion, size: int) -> tuple[Floats, Floats]:
    """Optical density `(3, n, n)` of the skin, and how far inside the lesion each point is, in millimetres."""
    step = FIELD / size / SAMPLES
    line = (np.arange(math.ceil(CANVAS / step), dtype=np.float64) + 0.5) * step - CANVAS / 2
    return lesion.density(line)


def _binned(samples: Floats) -> Floats:
    size = len(samples) // SAMPLES
    return np.asarray(samples.reshape(size, SAMPLES, size, SAMPLES).mean(axis=(1, 3)))
