"""What counts as a score."""

from __future__ import annotations

import math

LARGEST = 1e150
"""The largest finite score there can be: the square of a larger one is infinite, and so is the spread of such."""


def is_score(value: float) -> bool:
    """Whether a number can be a score: infinite, or finite and not beyond `LARGEST`; not NaN."""
    return math.isinf(value) or abs(value) <= LARGEST
