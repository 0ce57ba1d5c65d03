"""What the numbers of a picture mean: which is black, which is white, in which unit, and how they rise between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from srbench.pictures.array import Image, ImageError, in_digits

Curve = Literal["linear", "asinh"]


@dataclass(frozen=True)
class Values:
    """The values that mean black (`low`) and white (`high`), in `unit`; `high - low` is the field's *data range*.

    Every way between a picture's own numbers and [0, 1] leads through it. Methods get [0, 1]; LR is made of a picture's
    own numbers, because light adds up before anything is stretched.

    curve: how [0, 1] rises from black to white. `linear`, or `asinh` (Lupton, Gunn and Szalay 1999) for pictures whose
    bright parts are thousands of times brighter than what matters in the dark: asinh((v - pivot) / knee), scaled so
    that black is 0 and white is 1; linear within about one `knee` of `pivot` (the background), logarithmic far above.
    window: the values that pages show as black and white, where these are others; nothing is computed with it.

    Raises `ValueError` unless all are finite, black is below white, and a curve has a positive knee.
    """

    low: float
    high: float
    curve: Curve = "linear"
    knee: float = 1.0
    pivot: float = 0.0
    unit: str = ""
    window: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for low, high in ((self.low, self.high), self.window or (0, 1)):
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise ValueError(
                    f"values run from low (black) up to high (white), two finite numbers; not from {low:g} to {high:g}"
                )
        if not (math.isfinite(self.knee) and self.knee > 0 and math.isfinite(self.pivot)):
            raise ValueError(f"a curve bends at a knee above 0 from a pivot; not at {self.knee:g} from {self.pivot:g}")

    def __str__(self) -> str:
        return f"{in_digits(self.low)} to {in_digits(self.high)}" + (f" {self.unit}" if self.unit else "")

    @classmethod
    def of(cls, image: Image) -> Values:
        """The values of an array by its type: all that integers can be, or 0 to 1. `ImageError` for another type."""
        try:
            return DEPTHS[image.dtype.name]
        except KeyError:
            *most, last = DEPTHS
            raise ImageError(f"pictures are {', '.join(most)} or {last}, not {image.dtype.name}") from None

    @classmethod
    def spanning(cls, image: Image) -> Values:
        """From the least to the most of an array, NaN apart, where nobody says what its numbers mean.

        Raises `ImageError` where all is NaN, or something infinite.
        """
        known = image[~np.isnan(image)]
        if not known.size:
            raise ImageError("nothing was measured: all of its values are NaN")
        low, high = float(known.min()), float(known.max())
        if not math.isfinite(high - low):
            raise ImageError("holds infinite values; where nothing was measured, NaN says so")
        return cls(low, high if low < high else low + max(1.0, abs(low)))

    def facts(self) -> list[Any]:
        """What results hang on, as plain values: neither the unit's name nor the window."""
        linear = [self.low, self.high]
        return linear if self.curve == "linear" else [*linear, self.curve, self.knee, self.pivot]

    def fit(self, depth: str) -> bool:
        """Whether pictures of this type can hold them: integers only whole numbers, from their least to their most."""
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
        if self.curve == "asinh":
            black, white = self._bent(np.array([self.low, self.high]))
            out[...] = (self._bent(np.asarray(array, np.float64)) - black) / (white - black)
            return out
        # NumPy converts as it computes, a small part at a time: a large picture is never whole in double precision.
        if self.low:  # most pictures begin at 0, and training converts thousands of patches a second
            array = np.subtract(array, self.low, out=out, dtype=np.float64, casting="unsafe")
        np.divide(array, self.high - self.low, out=out, dtype=np.float64, casting="unsafe")
        return out

    def from_unit(self, array: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Native values, in float64, of those with `low` at 0 and `high` at 1; neither clamped nor rounded."""
        unit = np.asarray(array, np.float64)
        native: npt.NDArray[np.float64]
        if self.curve == "asinh":
            black, white = self._bent(np.array([self.low, self.high]))
            native = self.pivot + self.knee * np.sinh(black + unit * (white - black))
            native = np.where(unit == 0, self.low, np.where(unit == 1, self.high, native))
        else:
            native = self.low * (1 - unit) + self.high * unit  # exact at both ends
        return native

    def shown(self, array: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """What pages show of native values, in [0, 1]: through the window where there is one."""
        if self.window is None:
            return self.to_unit(array).clip(0, 1)
        low, high = self.window
        return ((np.asarray(array, np.float64) - low) / (high - low)).clip(0, 1)

    def _bent(self, array: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.arcsinh((array - self.pivot) / self.knee)


DEPTHS = {
    "uint8": Values(0.0, 255.0),
    "uint16": Values(0.0, 65535.0),
    "int16": Values(-32768.0, 32767.0),
    "uint32": Values(0.0, 4294967295.0),
    "int32": Values(-2147483648.0, 2147483647.0),
    "float32": Values(0.0, 1.0),
}
"""The values of pictures by type, where nobody declares others."""
