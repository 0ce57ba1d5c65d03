"""Training images that are held out: which, and what is cut from them to validate on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import zip_longest

import numpy as np

from srbench.pictures import Scale, enlarged
from srbench.training.data.pairs import Floats, Pair, cut, place_of
from srbench.training.data.source import Drawn

FEWEST = 5
"""The fewest training images of which any is held out."""
MOST = 10
_SEED = 0x6865_6C64
"""The seed of every training's choice, so that the curves of several seeds can be compared."""


def chosen(groups: Mapping[str, str | None]) -> list[str]:
    """The ids to hold out, of ids with their groups (None: a group of its own); in a random order, or empty.

    About a tenth, 1 to 10. A group is taken as a whole, but not one that holds more than a quarter of all images:
    then something else is taken, or nothing.
    """
    if len(groups) < FEWEST:
        return []
    members: dict[tuple[str, str], list[str]] = {}
    for name in sorted(groups):
        group = groups[name]
        members.setdefault(("image", name) if group is None else ("group", group), []).append(name)
    wanted = min(MOST, max(1, round(len(groups) / 10)))
    order = np.random.Generator(np.random.PCG64(_SEED)).permutation(len(members))
    held: list[str] = []
    keys = sorted(members)
    for index in order:
        group_members = members[keys[index]]
        if len(held) + len(group_members) <= max(wanted, len(groups) // 4):
            held += group_members
        if len(held) >= wanted:
            break
    return held


def in_turn(lists: Iterable[Sequence[str]]) -> list[str]:
    """The first of each list, the second of each, and so on."""
    return [name for names in zip_longest(*lists) for name in names if name is not None]


class HeldOut:
    """Held-out images, of which at most ten are looked at; of one class where that is all that a stage learns.

    labels: the names of all classes, sorted.
    """

    def __init__(self, pairs: Sequence[Pair], channels: int, scale: Scale, labels: Sequence[str] = ()) -> None:
        self.ids = [pair.id for pair in pairs]
        self._pairs = list(pairs)
        self._channels, self._scale, self._labels = channels, scale, labels

    def count(self, label: str | None = None) -> int:
        """How many are looked at."""
        return len(self._seen(label))

    def _seen(self, label: str | None) -> list[Pair]:
        return [pair for pair in self._pairs if label is None or pair.label == label][:MOST]

    def centres(self, side: int, multiple: int, label: str | None = None) -> Iterator[Drawn]:
        """LR `(1, C, h, w)` and HR of the middle of each image, h and w at most `side`, and the place of its class.

        Both are multiples of `multiple`, the side of a patch: networks that want multiples of some number take
        patches. An image smaller than that is continued by its mirror image.
        """
        for pair in self._seen(label):
            sides = [max(multiple, min(side, length) // multiple * multiple) for length in pair.lr.shape[:2]]
            step = self._scale.denominator
            place = [
                max(0, length - side) // 2 // step * step for length, side in zip(pair.lr.shape[:2], sides, strict=True)
            ]
            lr, hr = self._crop(pair, (place[0], place[1]), (sides[0], sides[1]))
            yield lr, hr, np.array([place_of(pair.label, self._labels)])

    def most_detailed(self, side: int) -> tuple[Floats, Floats]:
        """LR `(1, C, h, h)` and HR of the first image, where HR changes most from pixel to pixel.

        h is the largest power of two of which HR has at most `side` pixels, and LR enough; at a fraction, such a power
        times its denominator.
        """
        pair = self._pairs[0]
        step = self._scale.denominator
        largest = min(side // self._scale.numerator, *(length // step for length in pair.lr.shape[:2]))
        length = step * (2 ** int(math.log2(largest)) if largest >= 1 else 1)
        return self._crop(pair, _busiest(pair, length), (length, length))

    def _crop(self, pair: Pair, place: tuple[int, int], sides: tuple[int, int]) -> tuple[Floats, Floats]:
        lr = np.empty((1, self._channels, *sides), np.float32)
        hr = np.empty((1, self._channels, *(enlarged(side, self._scale) for side in sides)), np.float32)
        cut(pair.lr, pair.values, place, lr[0])
        cut(pair.hr, pair.values, (enlarged(place[0], self._scale), enlarged(place[1], self._scale)), hr[0])
        return lr, hr


def _busiest(pair: Pair, side: int) -> tuple[int, int]:
    """Where in LR the square of that side begins over which HR has the largest sum of absolute differences."""
    # LR pixels in squares of `step` x `step` have HR pixels in squares of `cell` x `cell` all for themselves.
    cell, step = Fraction(pair.hr.shape[0], pair.lr.shape[0]).as_integer_ratio()
    grey = pair.hr.astype(np.float64).mean(axis=2)
    busy = np.zeros_like(grey)
    busy[1:] += np.abs(np.diff(grey, axis=0))
    busy[:, 1:] += np.abs(np.diff(grey, axis=1))
    height, width, side = pair.lr.shape[0] // step, pair.lr.shape[1] // step, side // step
    cells = busy[: height * cell, : width * cell].reshape(height, cell, width, cell).sum(axis=(1, 3))
    sums = np.zeros((height + 1, width + 1))
    sums[1:, 1:] = cells.cumsum(0).cumsum(1)
    squares = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    top, left = np.unravel_index(int(np.argmax(squares)), squares.shape)
    return int(top) * step, int(left) * step
