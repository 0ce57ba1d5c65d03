"""Channels: the few patterns through which an observer sees a patch, after those of human vision."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy.special import eval_laguerre

from .task_metric import Array

Channels = Literal["laguerre-gauss", "gabor"]
LAGUERRE_GAUSS = 6
"""How many channels of Laguerre and Gauss."""
GABOR_FREQUENCIES = (3 / 64, 3 / 32, 3 / 16, 3 / 8)
"""Middles of octaves, in cycles a pixel."""
GABOR_ORIENTATIONS = 5


def channels(kind: Channels, radius: int, width: float) -> Array:
    """The channels as columns `((2 radius + 1)^2, channels)`, each of length 1.

    width: of the Gaussian under those of Laguerre and Gauss, in pixels.
    """
    line = np.arange(-radius, radius + 1, dtype=np.float64)
    down, right = np.meshgrid(line, line, indexing="ij")
    patterns = gabor(down, right) if kind == "gabor" else laguerre_gauss(np.hypot(down, right), width)
    columns = np.stack([pattern.ravel() for pattern in patterns], axis=1)
    return np.asarray(columns / np.linalg.norm(columns, axis=0))


def laguerre_gauss(distance: Array, width: float) -> list[Array]:
    """exp(-pi r^2 / a^2) L_n(2 pi r^2 / a^2) for n = 0, 1, ... (Gallas and Barrett 2003, equation 15).

    They do not know directions: for signals that are round, or whose direction is random.
    """
    squared = 2 * math.pi * (distance / width) ** 2
    return [np.exp(-squared / 2) * eval_laguerre(order, squared) for order in range(LAGUERRE_GAUSS)]


def gabor(down: Array, right: Array) -> list[Array]:
    """Cosines under Gaussians an octave wide, four frequencies in five directions (after Eckstein and others 1998)."""
    patterns = []
    for frequency in GABOR_FREQUENCIES:
        # From two thirds of the middle to four thirds, an octave, the answer is half of the largest or more.
        wide = 6 * math.log(2) / (math.pi * frequency)
        envelope = np.exp(-4 * math.log(2) * (down**2 + right**2) / wide**2)
        for turn in range(GABOR_ORIENTATIONS):
            angle = math.pi * turn / GABOR_ORIENTATIONS
            along = right * math.cos(angle) + down * math.sin(angle)
            patterns.append(envelope * np.cos(2 * math.pi * frequency * along))
    return patterns
