"""The images of a dataset as squares of one size: what generators learn from, and are judged by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from srbench.contract.dataset import Dataset, Item
from srbench.contract.regions import Rectangle
from srbench.pictures import Image, ImageError, Values
from srbench.pictures.resize import resize_picture

Framing = Literal["shrunk", "tiles"]
"""How images become squares. `shrunk`: the largest square in the middle of each, shrunk by antialiased bicubic
interpolation. `tiles`: as many squares as fit beside each other, at the resolution that the image has."""


class Squares(Dataset):
    """Another dataset with its images, in native depth, and its masks made square.

    A tile is an item of its own: ID-ROW-COLUMN, in the group of the image it is cut from, or else in a group that is
    this image. A square's region is where it lies in the group's picture, where that is known. LR that came with the
    images is left out. Reading a split raises `ImageError` where an image is smaller than a square.
    """

    def __init__(self, dataset: Dataset, size: int, framing: Framing) -> None:
        self._dataset, self._size, self._framing = dataset, size, framing

    def prepare(self, root: Path) -> None:
        """Prepare the other dataset."""
        self._dataset.prepare(root)

    def remarks(self) -> Sequence[str]:
        """The remarks of the other dataset."""
        return self._dataset.remarks()

    def train(self) -> Iterator[Item]:
        """The training split."""
        return self._squares(self._dataset.train(), "train")

    def test(self) -> Iterator[Item]:
        """The test split."""
        return self._squares(self._dataset.test(), "test")

    def _squares(self, items: Iterable[Item], split: str) -> Iterator[Item]:
        for item in items:
            if self._framing == "shrunk":
                shrunk, sampled = partial(_shrunk, size=self._size), partial(_sampled, size=self._size)
                yield replace(
                    _square(item, item.id, self._size, shrunk, sampled),
                    region=None if item.region is None else _within(item.region, *_middle(*item.region[2:])),
                )
                continue
            height, width = item.read_hr()[0].shape[:2]
            _require(item.id, height, width, self._size)
            for row in range(height // self._size):
                for column in range(width // self._size):
                    cut = partial(_tile, row=row, column=column, size=self._size)
                    whole = (0, 0, height, width) if item.group is None else item.region
                    place = row * self._size, column * self._size, self._size
                    yield replace(
                        _square(item, f"{item.id}-{row}-{column}", self._size, partial(_cut, cut=cut), cut),
                        group=item.group or f"{split} {item.id}",
                        region=None if whole is None else _within(whole, *place),
                    )


def _square(
    item: Item, name: str, size: int, of_hr: Callable[[Image, Values], Image], of_mask: Callable[[Image], Image]
) -> Item:
    def hr() -> Image:
        image, values = item.read_hr()
        _require(item.id, image.shape[0], image.shape[1], size)
        return of_hr(image, values)

    def mask() -> Image:
        whole = item.read_mask()
        assert whole is not None
        return of_mask(whole)

    return replace(item, id=name, hr=hr, lone_lr=None, lr={}, mask=None if item.mask is None else mask)


def _require(item: str, height: int, width: int, size: int) -> None:
    if min(height, width) < size:
        raise ImageError(f"image {item!r} is {width} x {height} pixels, smaller than the squares of {size} asked for")


def _cut(image: Image, values: Values, cut: Callable[[Image], Image]) -> Image:
    return cut(image)


def _tile(image: Image, row: int, column: int, size: int) -> Image:
    return image[row * size : (row + 1) * size, column * size : (column + 1) * size]


def _within(whole: Rectangle, top: int, left: int, side: int) -> Rectangle:
    """Where a square of a region lies in the picture."""
    return whole[0] + top, whole[1] + left, side, side


def _middle(height: int, width: int) -> tuple[int, int, int]:
    """The largest square in the middle: top, left, side."""
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side


def _middle_of(image: Image) -> Image:
    top, left, side = _middle(*image.shape[:2])
    return image[top : top + side, left : left + side]


def _shrunk(image: Image, values: Values, size: int) -> Image:
    """`(size, size, C)`, rounded as LR is."""
    whole = _middle_of(image)
    return resize_picture(whole, size / len(whole), values)


def _sampled(mask: Image, size: int) -> Image:
    """The class in the middle of each pixel's place: classes cannot be averaged."""
    whole = _middle_of(mask)
    places = (2 * np.arange(size) + 1) * len(whole) // (2 * size)
    sampled: Image = whole[np.ix_(places, places)]
    return sampled
