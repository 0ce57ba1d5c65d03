"""Two right degradations, and for each check of degradations a wrong one that breaks only its promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import srbench


@dataclass(frozen=True)
class Mean(srbench.Degradation):
    """The mean of each block."""

    name: ClassVar[str] = "toy"

    def lr(self, hr, peak, scale, rng):
        height, width, channels = hr.shape
        blocks = hr.reshape(height // scale, scale, width // scale, scale, channels)
        return blocks.mean((1, 3), dtype=np.float64).clip(0, peak).astype(hr.dtype)


@dataclass(frozen=True)
class Noisy(Mean):
    """With noise."""

    sigma: float = 0.1

    def lr(self, hr, peak, scale, rng):
        lr = super().lr(hr, peak, scale, rng)
        return (lr + self.sigma * peak * rng.standard_normal(lr.shape)).clip(0, peak).astype(hr.dtype)


@dataclass(frozen=True)
class OtherName(Mean):
    name: ClassVar[str] = "another"


@dataclass(frozen=True)
class KeepsHrSize(Mean):
    def lr(self, hr, peak, scale, rng):
        return hr


@dataclass(frozen=True)
class MakesFloats(Mean):
    def lr(self, hr, peak, scale, rng):
        return super().lr(hr, peak, scale, rng) / 1.0


@dataclass(frozen=True)
class ForgetsTheDeclaredWhite(Mean):
    def lr(self, hr, peak, scale, rng):
        lr = super().lr(hr, peak, scale, rng)
        return lr if peak != 4095 else np.where(lr > 2200, 2 * lr, lr).astype(hr.dtype)


@dataclass(frozen=True)
class BlackensACorner(Mean):
    def lr(self, hr, peak, scale, rng):
        hr[0, 0] = peak // 2
        return super().lr(hr, peak, scale, rng)


@dataclass(frozen=True)
class GloballyRandom(Mean):
    def lr(self, hr, peak, scale, rng):
        lr = super().lr(hr, peak, scale, rng)
        return (lr * np.random.random(lr.shape)).astype(hr.dtype)


@dataclass(frozen=True)
class AsBrightAsTheFirst(Mean):
    def lr(self, hr, peak, scale, rng):
        first = vars(self).setdefault("first", hr.mean())
        return (super().lr(hr, peak, scale, rng) * min(1.0, first / max(hr.mean(), 1e-9))).astype(hr.dtype)


@dataclass(frozen=True)
class HidesItsParameter(Noisy):
    def facts(self):
        return {}
