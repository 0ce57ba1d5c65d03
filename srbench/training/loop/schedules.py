"""Schedules of the learning rate: functions of a stage's progress, and one that follows its validations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from srbench.errors import SrbenchError
from srbench.types import Count, Fraction, OpenFraction

Schedule = Callable[[float], float]
"""The factor of every learning rate, as a function of the stage's progress in [0, 1]."""

WARM_UP_FROM = 0.01
"""The factor with which a warm-up begins."""


@dataclass(frozen=True)
class Constant:
    """The learning rates stay as the optimisers were given them."""

    def __call__(self, progress: float) -> float:
        """1."""
        return 1.0


@dataclass(frozen=True)
class Linear:
    """Evenly from 1 down to `to`."""

    to: Fraction = 0.0

    def __call__(self, progress: float) -> float:
        """The factor at this progress."""
        return 1 - (1 - self.to) * progress


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from 1 to `to` (Loshchilov and Hutter, "SGDR", 2017, equation 5, without restarts)."""

    to: Fraction = 0.0

    def __call__(self, progress: float) -> float:
        """The factor at this progress."""
        return self.to + (1 - self.to) * (0.5 * (1.0 + math.cos(math.pi * progress)))


@dataclass(frozen=True)
class Steps:
    """Times `factor` at each of the points `at` of the progress."""

    at: tuple[OpenFraction, ...]
    factor: OpenFraction = 0.5

    def __post_init__(self) -> None:
        if not self.at or list(self.at) != sorted(set(self.at)):
            raise SrbenchError(f"at: {list(self.at)}; it should be shares of the training that rise, [0.5, 0.8] say")

    def __call__(self, progress: float) -> float:
        """The factor at this progress."""
        return self.factor ** sum(progress >= point for point in self.at)


@dataclass(frozen=True)
class Plateau:
    """Times `factor`, down to `to`, whenever more than `patience` validations in a row were no better than the best.

    As torch's `ReduceLROnPlateau` without a threshold. The stage has to be validated; what it has found so far is kept
    by its validation.
    """

    factor: OpenFraction = 0.5
    patience: Count = 2
    to: Fraction = 0.0

    def __call__(self, progress: float) -> float:
        """1: progress alone changes nothing."""
        return 1.0

    def after(self, reductions: int) -> float:
        """The factor after so many reductions."""
        return max(self.factor**reductions, self.to)


SCHEDULES: Mapping[str, type] = {
    "constant": Constant,
    "linear": Linear,
    "cosine": Cosine,
    "steps": Steps,
    "plateau": Plateau,
}
"""By the names that a matrix calls them."""

constant = Constant()
cosine = Cosine()


def warmed_up(schedule: Schedule, share: float, progress: float) -> float:
    """The factor of a schedule whose rate first rises evenly, over this share of the progress."""
    if progress < share:
        return WARM_UP_FROM + (1 - WARM_UP_FROM) * progress / share
    return schedule(progress)
