"""Synthetic skin lesions as a dataset."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta

from srbench import Dataset, Image, Item, Terms
from srbench.types import Natural

from .skin import TRAITS, Lesion


class Lesions(Dataset):
    """Synthetic dermoscopic pictures, computed from formulas; scores on them say nothing about pictures of patients.

    A picture shows 12 mm of skin or less in 8-bit colour, with a lesion in its middle. The label is `nevus`, `melanoma`
    or `keratosis`; the mask is 1 where the lesion covers at least half a pixel. A group is a lesion with its two or
    three pictures, each with other light, turned and zoomed. Half of the lesions of each class are trained on, the
    other half tested on.
    """

    terms: ClassVar = (Terms("computed from formulas; no picture of anybody"),)

    def __init__(
        self,
        size: Annotated[int, Meta(ge=48, multiple_of=12)] = 144,
        count: Annotated[int, Meta(ge=6)] = 24,
        seed: Natural = 0,
    ) -> None:
        """What is made.

        size: the side of a picture in pixels. count: of lesions, two or three pictures each. seed: another one gives
        other lesions.
        """
        self.size = size
        self.count = count
        self.seed = seed

    def train(self) -> list[Item]:
        """The lesions 1 to 3, 7 to 9, and so on."""
        return self._items(0)

    def test(self) -> list[Item]:
        """The lesions 4 to 6, 10 to 12, and so on."""
        return self._items(1)

    def remarks(self) -> list[str]:
        """That they are synthetic."""
        return ["synthetic skin lesions, computed from formulas: scores on them say nothing about pictures of patients"]

    def _items(self, half: int) -> list[Item]:
        kinds = list(TRAITS)
        numbers = (number for number in range(self.count) if number // len(kinds) % 2 == half)
        lesions = (Lesion(self.seed, number, kinds[number % len(kinds)]) for number in numbers)
        return [self._item(lesion, view) for lesion in lesions for view in range(lesion.views)]

    def _item(self, lesion: Lesion, view: int) -> Item:
        group = f"phantom-{lesion.number + 1:03d}"
        return Item(
            f"{group}-{view + 1}",
            partial(_picture, lesion, view, self.size),
            label=lesion.kind,
            mask=partial(_mask, lesion, view, self.size),
            group=group,
        )


@lru_cache(maxsize=64)  # a process asks several times for the pictures of a split, and each takes a tenth of a second
def _picture(lesion: Lesion, view: int, size: int) -> Image:
    picture = np.rint(255 * lesion.picture(view, size)).astype(np.uint8)
    picture.flags.writeable = False
    return picture


def _mask(lesion: Lesion, view: int, size: int) -> Image:
    return (lesion.covered(view, size) >= 0.5).astype(np.uint8)[..., None]
