"""What the numbers of a picture mean: which is black, which is white."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from srbench.pictures.array import Image, ImageError, in_digits


@dataclass(frozen=True)
class Values:
    """The values that mean black (`low`) and white (`high`); `high - low` is the field's *data range*.

    Every way between a picture's own numbers and [0, 1] leads through it. Raises `ValueError` unless both are finite
    and black is below white.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"values run from low (black) up to high (white), two finite numbers; not from {self.low:g} to "
                f"{self.high:g}"
            )

    def __str__(self) -> str:
        return f"{in_digits(self.low)} to {in_digits(self.high)}"

    @classmethod
    def of(cls, image: Image) -> Values:
        """The values of an array by its type: 0 to 255, 65535 or 1. Raises `ImageError` for another type."""
        try:
            return DEPTHS[image.dtype.name]
        except KeyError:
            raise ImageError(f"pictures are uint8, uint16 or float32, not {image.dtype.name}") from None

    def fit(self, depth: str) -> bool:
        """Whether pictures of this type can hold them: `uint8` and `uint16` only whole numbers, up to their largest."""
        whole = float(self.low).is_integer() and float(self.high).is_integer()
        return depth == "float32" or (whole and DEPTHS[depth].hold(self.low, self.high))

    def hold(self, lowest: float, highest: float) -> bool:
        """Whether no number of a picture, from `lowest` to `highest`, is below black or above white, as float32."""
        return not (lowest < float(np.float32(self.low)) or highest > float(np.float32(self.high)))

    def to_unit(self, array: npt.NDArray[Any], out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """Native values with `low` at 0 and `high` at 1, in float64; not clamped.

        out: where they go, of any floating type; they are computed in double precision all the same.
        """
        out = np.empty(array.shape) if out is None else out
        # NumPy converts as it computes, a small part at a time: a large picture is never whole in double precision.
        if self.low:  # most pictures begin at 0, and training converts thousands of patches a second
            array = np.subtract(array, self.low, out=out, dtype=np.float64, casting="unsafe")
        np.divide(array, self.high - self.low, out=out, dtype=np.float64, casting="unsafe")
        return out

    def from_unit(self, array: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Native values, in float64, of those with `low` at 0 and `high` at 1; neither clamped nor rounded."""
        unit = np.asarray(array, np.float64)
        native: npt.NDArray[np.float64] = self.low * (1 - unit) + self.high * unit  # exact at both ends
        return native


DEPTHS = {"uint8": Values(0.0, 255.0), "uint16": Values(0.0, 65535.0), "float32": Values(0.0, 1.0)}
"""The values of pictures by type, where nobody declares others."""
