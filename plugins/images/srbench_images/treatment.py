"""What is done to every picture of a set before anybody compares it: grey, a square from its middle, another size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from srbench import ImageError, Part, Picture, Values, read_picture, remembered
from srbench.pictures import LUMA, Image, measured, resize_picture

from .naming import NamelessError


@dataclass(frozen=True)
class Levels:
    """What the values of a picture are, from least to most.

    lowest, highest: percentiles 0.5 and 99.5, of integers the whole numbers around them. middle: the median. spread:
    1.4826 times the median distance from it, the standard deviation of a background of normal noise.
    """

    low: float
    high: float
    lowest: float
    highest: float
    middle: float
    spread: float


@dataclass(frozen=True)
class Treatment:
    """grey: colours become their luma. crop: the side of the square that is cut from the middle, 0 for the largest.
    resize: the side of the square, or the longer side, afterwards, by bicubic interpolation.
    """

    grey: bool = False
    crop: int | None = None
    resize: int | None = None

    def of(self, picture: Picture, values: Values | None, clipped: bool) -> Picture:
        """The picture, treated when it is read; a file stays a file where nothing is to be done.

        values: what its numbers mean, where that is known. clipped: they are cut off at black and white.
        """
        if not clipped and self == Treatment():
            return picture
        assert isinstance(picture, Path | Part)
        how = f"{self}{values.facts() if values and (clipped or self.resize) else ''}{clipped}"
        return then(picture, how, partial(self._treated, values=values, clipped=clipped))

    def _treated(self, image: Image, values: Values | None, clipped: bool) -> Image:
        if self.grey and image.shape[-1] == 3:
            luma = image.astype(np.float64) @ np.array(LUMA)
            image = (luma if image.dtype == np.float32 else np.floor(luma + 0.5)).astype(image.dtype)[..., None]
        if self.crop is not None:
            image = middle(image, self.crop or min(image.shape[:2]))
        if self.resize is not None:
            image = resize_picture(image, self.resize / max(image.shape[:2]), values or own_range(image))
        if clipped and values is not None:
            image = np.clip(image, values.low, values.high).astype(image.dtype)
        return image

    def of_mask(self, mask: Picture) -> Picture:
        """The mask that belongs to a treated picture; black and white become 0 and 1, other classes stay."""
        assert isinstance(mask, Path | Part)
        return then(mask, f"mask {self}", self._treated_mask)

    def _treated_mask(self, mask: Image) -> Image:
        mask = mask[..., :1]
        if np.isin(mask, (0, 255)).all():
            mask = (mask == 255).astype(np.uint8)
        if self.crop is not None:
            mask = middle(mask, self.crop or min(mask.shape[:2]))
        if self.resize is not None:
            height, width = mask.shape[:2]
            factor = self.resize / max(height, width)
            rows, columns = (
                np.minimum(((np.arange(np.ceil(side * factor)) + 0.5) / factor).astype(int), side - 1)
                for side in (height, width)
            )
            mask = mask[np.ix_(rows, columns)]
        return mask


def then(picture: Path | Part, how: str, change: Callable[[Image], Image]) -> Part:
    """A picture that is read and changed. how: the change in words, a part of its key."""
    path, key = (picture, "") if isinstance(picture, Path) else (picture.path, f"{picture.key} ")
    return Part(path, f"{key}{how}", partial(_changed, picture, change))


def _changed(picture: Picture, change: Callable[[Image], Image]) -> Image:
    try:
        image = change(read_picture(picture))
    except ValueError as error:
        raise ImageError(f"{picture}: {error}") from None
    return image


def own_range(image: Image) -> Values:
    """Values that hold whatever a picture may be resized to: its type's, or of floats their own least and most."""
    return Values.spanning(image) if image.dtype == np.float32 else Values.of(image)


def middle(image: Image, side: int) -> Image:
    """The square of so many pixels in the middle. Raises `ValueError` where the picture is smaller."""
    height, width = image.shape[:2]
    if min(height, width) < side:
        raise ValueError(f"is {width} x {height} pixels, too few for `crop: {side}`")
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def levels(picture: Picture) -> Levels:
    """The levels of a picture, remembered of files. Raises `ImageError`."""
    if isinstance(picture, Path):
        return remembered(picture, "levels", lambda: _levels(read_picture(picture)), Levels)
    assert isinstance(picture, Part)
    return remembered(picture.path, f"levels {picture.key}", lambda: _levels(read_picture(picture)), Levels)


def _levels(image: Image) -> Levels:
    known = measured(image)
    numbers = (image if known is None else image[known]).astype(np.float64).ravel()
    low, lowest, half, highest, high = np.percentile(numbers, [0, 0.5, 50, 99.5, 100])
    spread = 1.4826 * np.median(np.abs(numbers - half))
    if image.dtype != np.float32:
        lowest, highest = np.floor(lowest), np.ceil(highest)
    return Levels(*(float(value) for value in (low, high, lowest, highest, half, spread)))


def with_curve(values: Values, pictures: list[Levels], knee: float | None, pivot: float | None) -> Values:
    """Values that rise as an inverse hyperbolic sine. knee, pivot: where they are None, three times the spread of the
    background and its level, the medians over all pictures."""
    spread = float(np.median([one.spread for one in pictures]))
    if knee is None and not spread:
        raise NamelessError("`curve: asinh` needs a `knee`: half of the pixels are equal, so no background is seen")
    return replace(
        values,
        curve="asinh",
        knee=3 * spread if knee is None else knee,
        pivot=float(np.median([one.middle for one in pictures])) if pivot is None else pivot,
    )
