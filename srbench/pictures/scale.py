"""Scales, HR side / LR side: whole numbers, or fractions where LR and HR have no pixels in common."""

from __future__ import annotations

from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    Scale = int | Fraction
    """An int where it is whole, otherwise a fraction: of 70 and 100 micrometres, 10/7.

    At n/d in lowest terms, d LR pixels cover n HR pixels; LR sides are multiples of d where HR belongs to them.
    """
else:
    Scale = Rational  # both are; msgspec reads no union with a type that it does not know, but asks its hook

MOST = 99
"""The largest numerator of a fraction: HR is cut to multiples of it."""


def scale_of(value: object) -> Scale:
    """A scale of what a person or a file says: 4, 1.5, "1.5", "10/7".

    Raises `SrbenchError` for what is no scale from 1 up, and for a fraction whose numerator is above 99.
    """
    try:
        scale = Fraction(str(value)) if isinstance(value, int | float | str | Fraction) else Fraction(0)
    except (ValueError, ZeroDivisionError):
        scale = Fraction(0)
    if scale < 1 or isinstance(value, bool):
        raise SrbenchError(f"a scale is a number from 1 up, such as 4, 1.5 or 10/7; {value!r} is none")
    if scale.denominator == 1:
        return scale.numerator
    if scale.numerator > MOST:
        near = scale.limit_denominator(max(1, int(MOST / scale / 4)))
        raise SrbenchError(
            f"the scale {value} is {scale}, and HR would be cut to multiples of {scale.numerator} pixels; "
            f"write a fraction of smaller numbers, such as {near}"
        )
    return scale


def plain_scale(scale: Scale) -> int | str:
    """A scale as JSON has it: 4 or "10/7"."""
    return scale if isinstance(scale, int) else str(scale)


def enlarged(length: int, scale: Scale) -> int:
    """So many LR pixels in HR pixels, rounded down."""
    return length * scale.numerator // scale.denominator


def reduced(length: int, scale: Scale) -> int:
    """So many HR pixels in LR pixels, rounded down."""
    return length * scale.denominator // scale.numerator


def under_middles(count: int, width: Scale) -> npt.NDArray[np.int64]:
    """The places of the pixels that lie under the middles of `count` pixels, which are `width` times as wide."""
    return (2 * np.arange(count) + 1) * width.numerator // (2 * width.denominator)
