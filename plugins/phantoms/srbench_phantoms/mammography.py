"""Synthetic mammograms as a dataset."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial
from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta

from srbench import Dataset, Image, Item, Scale, Terms, Values
from srbench.types import Natural, Positive

from .breast import DENSE_FRACTIONS, VIEWS, Breast, View, Window
from .randomness import Draws

WHITE = 16383
"""The largest number of a 14-bit picture."""
ATTENUATION = 5.0
"""-log(transmission) that is white; 62 mm of nothing but gland."""
SHOWN = (4000, 15000)
"""What pages show as black and white: breasts seldom have more or less."""
SCALES: tuple[Scale, ...] = (Fraction(10, 7), 2, 3, 4)
"""Times the pixel's side, of the LR that comes with the pictures."""


class Mammography(Dataset):
    """Synthetic mammograms, computed from formulas; scores on them say nothing about pictures of patients.

    A picture shows a region of a compressed breast as a detector sees it, in 14 bits: 0 in air, and in proportion to
    -log(transmission) up to 16383. The label is the BI-RADS class of density, `A` to `D`; the mask is 1 where a
    calcification covers at least half a pixel. A group is a breast with its two views. Half of the breasts of each
    class are trained on, the other half tested on. LR for the degradation `area` at x10/7, x2, x3 and x4 is the
    same breast, seen with pixels that are so many times larger: 100 micrometres in place of 70.
    """

    terms: ClassVar = (Terms("computed from formulas; no picture of anybody"),)

    def __init__(
        self,
        size: Annotated[int, Meta(ge=48, multiple_of=12)] = 144,
        count: Annotated[int, Meta(ge=8)] = 24,
        seed: Natural = 0,
        pixel: Positive = 70.0,
        photons: Positive | None = None,
    ) -> None:
        """What is made.

        size: the side of a picture in pixels. count: of breasts, two pictures each. seed: another one gives other
        breasts. pixel: its side in micrometres; with 144 pixels of 1000 whole breasts are seen. photons: quanta a
        square millimetre of the detector counts where nothing is before it, 5e6 in a usual exposure; none for pictures
        without noise.
        """
        self.size = size
        self.count = count
        self.seed = seed
        self.pixel = pixel
        self.photons = photons

    def train(self) -> list[Item]:
        """The breasts 1 to 4, 9 to 12, and so on."""
        return self._items(0)

    def test(self) -> list[Item]:
        """The breasts 5 to 8, 13 to 16, and so on."""
        return self._items(1)

    def remarks(self) -> list[str]:
        """That they are synthetic."""
        return ["synthetic mammograms, computed from formulas: scores on them say nothing about pictures of patients"]

    def _items(self, half: int) -> list[Item]:
        classes = list(DENSE_FRACTIONS)
        numbers = (number for number in range(self.count) if number // len(classes) % 2 == half)
        return [self._item(Breast(self.seed, n, classes[n % len(classes)]), view) for n in numbers for view in VIEWS]

    def _item(self, breast: Breast, view: View) -> Item:
        side = self.size * self.pixel / 1000
        group = f"phantom-{breast.number + 1:03d}"
        return Item(
            f"{group}-{view}",
            partial(_picture, breast, view, side, self.pixel, self.photons),
            {
                ("area", scale): partial(_picture, breast, view, side, self.pixel * float(scale), self.photons)
                for scale in SCALES
            },
            label=breast.density,
            mask=partial(_mask, breast, view, side, self.pixel),
            group=group,
            values=Values(0, WHITE, window=SHOWN),
            spacing=(self.pixel / 1000, self.pixel / 1000),
        )


def acquire(breast: Breast, view: View, window: Window, pixel: float, photons: float | None = None) -> Image:
    """The picture `(n, n, 1)`, uint16, of a window at a pixel size in micrometres; n pixels fit into the window.

    Pictures of one window at 70 and at 100 micrometres are matched: of the same breast, with the same upper left
    corner, each integrated over its own pixels. photons: as in `Mammography`; the noise is the normal approximation of
    counting, and other at each pixel size.
    """
    transmission = breast.transmission(view, window, pixel)
    if photons is not None:
        expected = transmission * photons * (pixel / 1000) ** 2
        draws = Draws(breast.seed, breast.number, "photons", view, round(pixel * 1000))
        counted = expected + np.sqrt(expected) * draws.normal(0, 1, *expected.shape)
        transmission = counted / (photons * (pixel / 1000) ** 2)
    attenuation = -np.log(np.clip(transmission, np.exp(-ATTENUATION), 1))
    return np.rint(attenuation / ATTENUATION * WHITE).astype(np.uint16)[..., None]


@lru_cache(maxsize=64)  # a process asks several times for the pictures of a split, and each takes a tenth of a second
def _picture(breast: Breast, view: View, side: float, pixel: float, photons: float | None) -> Image:
    picture = acquire(breast, view, breast.window(view, side), pixel, photons)
    picture.flags.writeable = False
    return picture


def _mask(breast: Breast, view: View, side: float, pixel: float) -> Image:
    covered = breast.calcified(view, breast.window(view, side), pixel)
    return (covered >= 0.5).astype(np.uint8)[..., None]
