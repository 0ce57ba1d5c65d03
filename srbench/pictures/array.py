"""Pictures in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError

Image = npt.NDArray[Any]
LUMA = (0.299, 0.587, 0.114)
"""How much red, green and blue count in grey: luma of ITU-R BT.601, in full range."""


class ImageError(SrbenchError):
    """A picture that cannot be read as one grey or RGB image; the message names the file."""


def in_digits(value: float) -> str:
    """A value of a picture in as many digits as tell it from its neighbours in 32 bits, and no more."""
    return f"{float(str(np.float32(value))):.9g}"
