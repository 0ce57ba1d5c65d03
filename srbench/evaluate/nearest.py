"""The training images that an image is nearest to: what shows a generator that gives back what it learned from.

By pixels it finds copies as they are. By features (`srbench.evaluate.descriptor`) it finds shifted ones, too, and the
same material where no two views have a pixel in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from srbench.evaluate.descriptor import describe
from srbench.pictures import Image, Values
from srbench.store.files import write_table

AT_ONCE = 256
"""Images compared with all training images in one product."""
ALIKE = 1e-6
"""The deviation of a feature up to which all training images are alike in it."""

Floats = npt.NDArray[np.floating[Any]]
Source = Literal["generated", "real"]


@dataclass(frozen=True)
class Neighbour:
    """The training images that an image is nearest to, it or its mirror image.

    image: of which source. nearest: the id of a training image; rmse: of pixels, in [0, 1]. nearest_by_features: the
    one of the smallest distance; distance: the RMSE of features, in standard deviations among training images.
    """

    image: str
    source: Source
    nearest: str
    rmse: float
    nearest_by_features: str
    distance: float


class Neighbourhood:
    """Training images of one size, all of which an image is compared with, by pixels and by features."""

    def __init__(self, names: Sequence[str], images: Sequence[Floats]) -> None:
        """images: `(H, W, C)` in [0, 1]; grey ones among coloured ones count as coloured."""
        self._names = list(names)
        self._channels = max(image.shape[-1] for image in images)
        self._pixels = _Vectors(self._rows(images))
        features = self._described(images)
        deviations = features.std(0)
        # A feature in which training images do not differ counts in its own unit.
        self._deviations = np.where(deviations > ALIKE, deviations, 1.0)
        self._mean = features.mean(0)
        self._features = _Vectors(self._standardised(features))

    def of(self, names: Sequence[str], images: Sequence[Floats], source: Source) -> list[Neighbour]:
        """The nearest training images of each image, `(H, W, C)` in [0, 1]; mirror images (left, right) count."""
        found = []
        for start in range(0, len(images), AT_ONCE):
            some = images[start : start + AT_ONCE]
            ways = [some, [image[:, ::-1] for image in some]]
            by_pixels = self._pixels.nearest([self._rows(way) for way in ways])
            by_features = self._features.nearest([self._standardised(self._described(way)) for way in ways])
            for name, (place, rmse), (other, distance) in zip(names[start:], by_pixels, by_features, strict=False):
                found.append(Neighbour(name, source, self._names[place], rmse, self._names[other], distance))
        return found

    def _rows(self, images: Sequence[Floats]) -> npt.NDArray[np.float32]:
        return np.stack([np.ravel(self._whole(image)).astype(np.float32) for image in images])

    def _described(self, images: Sequence[Floats]) -> npt.NDArray[np.float64]:
        return np.stack([describe(self._whole(image)) for image in images])

    def _standardised(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        standardised: npt.NDArray[np.float64] = (features - self._mean) / self._deviations
        return standardised

    def _whole(self, image: Floats) -> Floats:
        return np.broadcast_to(image, (*image.shape[:2], self._channels))


class _Vectors:
    """Rows to find the nearest of, by the root mean square of the difference."""

    def __init__(self, rows: Floats) -> None:
        self._rows = rows
        self._squares = _squares(rows)

    def nearest(self, ways: Sequence[Floats]) -> list[tuple[int, float]]:
        """The place of the row nearest to each image, and how far it is; ways: rows of all images, in one way each."""
        quick = [_squares(rows)[:, None] + self._squares - 2.0 * (rows @ self._rows.T) for rows in ways]
        found = []
        for image, place in enumerate(np.minimum(*quick).argmin(1)):
            # Anew and in full: the quick form loses the digits of a small difference of large sums.
            row = self._rows[place].astype(np.float64)
            found.append((int(place), min(float(np.square(rows[image] - row).mean()) for rows in ways) ** 0.5))
        return found


def _squares(rows: Floats) -> npt.NDArray[np.float64]:
    squares: npt.NDArray[np.float64] = np.square(rows, dtype=np.float64).sum(1)
    return squares


def in_units(image: Image, values: Values) -> Floats:
    """An image with black at 0 and white at 1, in 32 bits."""
    return values.to_unit(image, np.empty(image.shape, np.float32))


def write_neighbours(path: Path, neighbours: Sequence[Neighbour]) -> None:
    """A parquet file with a column for each field of a neighbour."""
    columns = [field.name for field in fields(Neighbour)]
    table = pa.table({name: [getattr(neighbour, name) for neighbour in neighbours] for name in columns})
    write_table(path, table)
