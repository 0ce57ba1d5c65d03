"""Where small signals are: the connected parts of a mask, and places without any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import find_objects, label, maximum_filter

from .overlap import Mask

Places = npt.NDArray[np.int64]
TOUCHING = np.ones((3, 3), bool)
"""Pixels that touch at a corner are of one part."""


@dataclass(frozen=True)
class Spot:
    """A small connected part of a mask. box: the rectangle of the image that holds it. inside: it, in the box."""

    box: tuple[slice, slice]
    inside: Mask

    @property
    def centre(self) -> tuple[int, int]:
        """The pixel nearest to its centre of mass."""
        rows, columns = np.nonzero(self.inside)
        return self.box[0].start + int(rows.mean() + 0.5), self.box[1].start + int(columns.mean() + 0.5)


def spots(mask: Mask, largest: int) -> list[Spot]:
    """The connected parts of a mask `(H, W)` that are at most `largest` pixels high and wide."""
    numbered, _ = label(mask, TOUCHING)
    return [
        Spot(box, numbered[box] == number)
        for number, box in enumerate(find_objects(numbered), 1)
        if max(side.stop - side.start for side in box) <= largest
    ]


def room(closed: Mask, radius: int) -> Mask:
    """The pixels `(H, W)` about which a square of 2 radius + 1 pixels lies in the image and holds nothing closed."""
    free = np.zeros(closed.shape, bool)
    inner = tuple(slice(radius, max(side - radius, radius)) for side in closed.shape)
    free[inner] = ~maximum_filter(closed, 2 * radius + 1)[inner]
    return free


def drawn(free: Mask, count: int, random: np.random.Generator) -> Places:
    """Different pixels where `free` is true, at random: `(count, 2)`, or as many as there are."""
    places = np.argwhere(free)
    return places[random.choice(len(places), min(count, len(places)), replace=False)]
