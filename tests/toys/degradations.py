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

    def lr(self, hr, values, scale, rng):
        if not isinstance(scale, int):
            raise srbench.SrbenchError("takes blocks of whole pixels")
        height, width, channels = hr.shape
        blocks = hr.reshape(height // scale, scale, width // scale, scale, channels)
        return blocks.mean((1, 3), dtype=np.float64).clip(values.low, values.high).astype(hr.dtype)


@dataclass(frozen=True)
class Noisy(Mean):
    """With noise."""

    sigma: float = 0.1
    draws: ClassVar[bool] = True

    def lr(self, hr, values, scale, rng):
        lr = super().lr(hr, values, scale, rng)
        return values.from_unit((values.to_unit(lr) + self.sigma * rng.standard_normal(lr.shape)).clip(0, 1)).astype(
            hr.dtype
        )


@dataclass(frozen=True)
class OtherName(Mean):
    name: ClassVar[str] = "another"


@dataclass(frozen=True)
class KeepsHrSize(Mean):
    def lr(self, hr, values, scale, rng):
        return hr


@dataclass(frozen=True)
class MakesFloats(Mean):
    def lr(self, hr, values, scale, rng):
        return super().lr(hr, values, scale, rng) / 1.0


@dataclass(frozen=True)
class ForgetsTheDeclaredWhite(Mean):
    def lr(self, hr, values, scale, rng):
        lr = super().lr(hr, values, scale, rng)
        return lr if values.high != 4095 else np.where(lr > 2200, 2 * lr, lr).astype(hr.dtype)


@dataclass(frozen=True)
class ForgetsTheDeclaredBlack(Mean):
    def lr(self, hr, values, scale, rng):
        lr = super().lr(hr, values, scale, rng)
        return lr if values.low != 1000 else lr - lr.min()


@dataclass(frozen=True)
class TakesTheFirstPixel(Mean):
    def lr(self, hr, values, scale, rng):
        step = int(scale)
        return hr[::step, ::step][: hr.shape[0] // scale, : hr.shape[1] // scale].copy()


@dataclass(frozen=True)
class DrawsUnsaid(Noisy):
    draws: ClassVar[bool] = False


@dataclass(frozen=True)
class SaysThatItDraws(Mean):
    draws: ClassVar[bool] = True


@dataclass(frozen=True)
class BlackensACorner(Mean):
    def lr(self, hr, values, scale, rng):
        hr[0, 0] = (values.low + values.high) // 2
        return super().lr(hr, values, scale, rng)


@dataclass(frozen=True)
class GloballyRandom(Mean):
    def lr(self, hr, values, scale, rng):
        lr = super().lr(hr, values, scale, rng)
        return values.from_unit(values.to_unit(lr) * np.random.random(lr.shape)).astype(hr.dtype)


@dataclass(frozen=True)
class AsBrightAsTheFirst(Mean):
    def lr(self, hr, values, scale, rng):
        mean = values.to_unit(hr).mean()
        lr = values.to_unit(super().lr(hr, values, scale, rng))
        darker = min(1.0, vars(self).setdefault("first", mean) / max(mean, 1e-9))
        return values.from_unit(lr * darker).astype(hr.dtype)


@dataclass(frozen=True)
class HidesItsParameter(Noisy):
    def facts(self):
        return {}
