"""What several tests measure with."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest


@pytest.fixture
def slope() -> Callable[[list[np.ndarray], float], float]:
    """The exponent of the mean power spectrum of fields, fitted between 0.15 and 2 cycles a millimetre."""
    return _slope


def _slope(fields: list[np.ndarray], step: float) -> float:
    window = np.hanning(len(fields[0]))[:, None] * np.hanning(len(fields[0]))
    power = np.mean([np.abs(np.fft.fft2((field - field.mean()) * window)) ** 2 for field in fields], axis=0)
    frequency = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(len(fields[0]), step)]))
    bins = np.geomspace(0.15, 2, 12)
    rings = [(frequency >= low) & (frequency < high) for low, high in pairwise(bins)]
    means = [(frequency[ring].mean(), power[ring].mean()) for ring in rings if ring.any()]
    return float(np.polyfit(*np.log(np.array(means)).T, 1)[0])
