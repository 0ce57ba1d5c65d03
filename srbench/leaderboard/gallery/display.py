"""How pages show an image: the part where methods err most, in 8 bits, and what its values and pixels are, in words."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from srbench.leaderboard.gallery.values import LARGEST
from srbench.pictures import DEPTHS, Values, in_digits, measured
from srbench.store.references import Reference

Shown = npt.NDArray[np.uint8]
WINDOW = LARGEST
"""The longest side shown at first, in HR pixels."""
_GREY = 0.5
_Kind = TypeVar("_Kind", bound=np.generic)


def window(width: int, height: int, step: int, errors: npt.NDArray[np.float64] | None) -> tuple[int, int, int, int]:
    """Left, top, width, height of what is shown: multiples of `step`, as LR pixels need it, where errors are greatest.

    Without errors, the middle.
    """
    side = WINDOW - WINDOW % step
    shown_width, shown_height = min(width, side), min(height, side)
    if errors is None:
        left, top = _aligned((width - shown_width) // 2, step), _aligned((height - shown_height) // 2, step)
        return left, top, shown_width, shown_height
    total = np.zeros((height + 1, width + 1))
    total[1:, 1:] = np.nan_to_num(errors).cumsum(0).cumsum(1)
    lefts = np.arange(0, width - shown_width + 1, step)
    tops = np.arange(0, height - shown_height + 1, step)
    sums = (
        total[np.ix_(tops + shown_height, lefts + shown_width)]
        - total[np.ix_(tops, lefts + shown_width)]
        - total[np.ix_(tops + shown_height, lefts)]
        + total[np.ix_(tops, lefts)]
    )
    row, column = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return int(lefts[column]), int(tops[row]), shown_width, shown_height


def _aligned(value: int, step: int) -> int:
    return value - value % step


def cut(image: npt.NDArray[_Kind], box: Sequence[int]) -> npt.NDArray[_Kind]:
    """The part of an image `(H, W, C)` inside a box: left, top, width, height."""
    left, top, width, height = box
    return image[top : top + height, left : left + width]


def to_display(image: npt.NDArray[np.generic], values: Values) -> Shown:
    """Turn any depth into 8 bits, black at 0 and white at 255, or the ends of the values' window; NaN into grey."""
    if image.dtype == np.uint8 and values == DEPTHS["uint8"]:
        return image.astype(np.uint8)
    unit = values.shown(image)
    return np.floor(DEPTHS["uint8"].from_unit(np.where(np.isnan(unit), _GREY, unit)) + 0.5).astype(np.uint8)


def write_png(path: Path, image: Shown) -> None:
    """Write an 8-bit picture `(H, W, C)`."""
    path.write_bytes(png(image))


def png(image: Shown) -> bytes:
    """An 8-bit picture `(H, W, C)` as a file."""
    from PIL import Image as Pillow

    file = BytesIO()
    Pillow.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(file, "PNG", compress_level=7)
    return file.getvalue()


def meaning(reference: Reference) -> str:
    """What the values and pixels of an image are, in words; empty where both are as everywhere."""
    values, spacing, unit = reference.values, reference.spacing, reference.spacing_unit
    words = []
    if values.unit or values.window or values.curve != "linear":
        low, high = values.window or (values.low, values.high)
        bent = f" along {values.curve}" if values.curve != "linear" and values.window is None else ""
        words.append(f"shown from {in_digits(low)} to {in_digits(high)} {values.unit}".rstrip() + bent)
    if spacing is not None:
        sides = dict.fromkeys(f"{side:.4g}" for side in spacing)
        words.append(f"pixels of {' × '.join(sides)} {unit}")
    if reference.hr is not None and (known := measured(reference.hr)) is not None:
        words.append(f"grey in HR: not measured ({np.count_nonzero(~known)} pixels)")
    return ", ".join(words)
