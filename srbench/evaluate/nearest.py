"""The training image that an image is nearest to: what shows a generator that gives back what it learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from srbench.image import Image
from srbench.store import write_table

AT_ONCE = 256
"""Images compared with all training images in one product."""

Floats = npt.NDArray[np.floating[Any]]
Source = Literal["generated", "real"]


@dataclass(frozen=True)
class Neighbour:
    """image: of which source. nearest: the id of a training image. rmse: to it or to its mirror image, in [0, 1]."""

    image: str
    source: Source
    nearest: str
    rmse: float


class Neighbourhood:
    """Training images of one size, all of which an image is compared with."""

    def __init__(self, names: Sequence[str], images: Sequence[Floats]) -> None:
        """images: `(H, W, C)` in [0, 1]; grey ones among coloured ones count as coloured."""
        self._names = list(names)
        self._channels = max(image.shape[-1] for image in images)
        self._rows = np.stack([self._row(image) for image in images])
        self._squares = np.square(self._rows, dtype=np.float64).sum(1)

    def of(self, names: Sequence[str], images: Sequence[Floats], source: Source) -> list[Neighbour]:
        """The nearest training image of each image, `(H, W, C)` in [0, 1]; mirror images (left, right) count."""
        found = []
        for start in range(0, len(images), AT_ONCE):
            some = images[start : start + AT_ONCE]
            distances = [self._distances(some), self._distances([image[:, ::-1] for image in some])]
            best = np.minimum(*distances).argmin(1)
            for name, image, place in zip(names[start:], some, best, strict=False):
                # Anew and in full: the quick form loses the digits of a small difference of large sums.
                row = self._rows[place].astype(np.float64)
                errors = [float(np.square(self._row(way) - row).mean()) for way in (image, image[:, ::-1])]
                found.append(Neighbour(name, source, self._names[place], min(errors) ** 0.5))
        return found

    def _distances(self, images: Sequence[Floats]) -> npt.NDArray[np.float64]:
        rows = np.stack([self._row(image) for image in images])
        distances: npt.NDArray[np.float64] = self._squares - 2.0 * (rows @ self._rows.T)
        return distances

    def _row(self, image: Floats) -> npt.NDArray[np.float32]:
        whole = np.broadcast_to(image, (*image.shape[:2], self._channels))
        return np.ascontiguousarray(whole, np.float32).reshape(-1)


def in_units(image: Image, peak: float) -> Floats:
    """An image with white at 1, in 32 bits."""
    return np.asarray(image, np.float32) / np.float32(peak)


def write_neighbours(path: Path, neighbours: Sequence[Neighbour]) -> None:
    """A parquet file with the columns image, source, nearest, rmse."""
    columns = ("image", "source", "nearest", "rmse")
    table = pa.table({name: [getattr(neighbour, name) for neighbour in neighbours] for name in columns})
    write_table(path, table)
