"""Stored integers to the numbers that they stand for, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from srbench.pictures import DEPTHS, Image, ImageError

_INTEGERS = ("uint8", "uint16", "int16", "int32")


@dataclass(frozen=True)
class Rescale:
    """number = slope * stored + intercept, for stored integers of so many bits (PS3.3 C.7.6.16.2.9)."""

    slope: float
    intercept: float
    bits: int
    signed: bool = False

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the greatest integer that can be stored."""
        half = 1 << (self.bits - 1)
        return (-half, half - 1) if self.signed else (0, 2 * half - 1)

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest number."""
        first, last = (self.slope * end + self.intercept for end in self.ends)
        return min(first, last), max(first, last)

    def inverted(self) -> Rescale:
        """The same numbers the other way round: where white is stored as the least."""
        return Rescale(-self.slope, self.intercept + self.slope * sum(self.ends), self.bits, self.signed)

    @property
    def depth(self) -> str:
        """The smallest type of pictures that holds every number without loss; float32 for those that are not whole."""
        whole = float(self.slope).is_integer() and float(self.intercept).is_integer()
        fitting = (depth for depth in _INTEGERS if DEPTHS[depth].hold(*self.range))
        return next(fitting, "float32") if whole else "float32"

    def numbers(self, stored: npt.NDArray[Any]) -> Image:
        """The numbers of stored integers, in `depth`. Raises `ImageError` where it cannot hold one."""
        if self.depth == "float32":
            return (stored * np.float64(self.slope) + self.intercept).astype(np.float32)
        numbers = np.multiply(stored, int(self.slope), dtype=np.int64) + int(self.intercept)
        kind = np.iinfo(self.depth)
        if numbers.min() < kind.min or numbers.max() > kind.max:
            raise ImageError(
                f"stores integers from {stored.min()} to {stored.max()}, outside the {self.bits} bits that its header "
                "tells of (BitsStored); correct the header, or leave the file out"
            )
        image: Image = numbers.astype(self.depth)
        return image

    def stored(self, numbers: Image) -> npt.NDArray[np.int64]:
        """The integers that stand for numbers: the nearest, clipped to what can be stored."""
        integers = (numbers.astype(np.float64) - self.intercept) / self.slope
        return np.rint(integers).clip(*self.ends).astype(np.int64)
