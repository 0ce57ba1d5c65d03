"""Degradations one after the other: composed by hand, the scale once, randomness in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import srbench
from srbench.contract.chain import Chain, in_turn, steps_of
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.contract.protocol import Protocol
from srbench.pictures import DEPTHS, Image, Values

EIGHT_BITS = DEPTHS["uint8"]
HR = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)


@dataclass(frozen=True)
class Noise(srbench.Degradation):
    name: ClassVar[str] = "noise"
    draws: ClassVar[bool] = True
    sigma: float = 5.0

    def lr(self, hr: Image, values: Values, scale: int, rng: np.random.Generator) -> Image:
        assert scale == 1
        return (hr + self.sigma * rng.standard_normal(hr.shape)).clip(values.low, values.high).astype(hr.dtype)


CHAIN = Chain((GaussianBlur(1.2), Noise(), Noise(2.0)))


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_first_step_shrinks_and_the_others_work_on_its_lr(scale: int) -> None:
    rng = np.random.default_rng(3)
    expected = GaussianBlur(1.2).lr(HR, EIGHT_BITS, scale, rng)
    for sigma in (5.0, 2.0):
        noise = sigma * rng.standard_normal(expected.shape)
        expected = (expected + noise).clip(0, 255).astype(np.uint8)
    assert np.array_equal(CHAIN.lr(HR, EIGHT_BITS, scale, np.random.default_rng(3)), expected)


def test_it_draws_where_a_step_does() -> None:
    assert CHAIN.draws and not Chain((GaussianBlur(1.2), Bicubic())).draws


def test_it_is_told_and_known_by_its_steps() -> None:
    assert str(CHAIN) == CHAIN.shipped_as == "gaussian-blur(sigma=1.2) + noise + noise(sigma=2.0)"
    identity = Protocol("p", 2, degradation=CHAIN).facts()["degradation"]
    assert identity["params"]["steps"] == [step.identity() for step in CHAIN.steps]


def test_one_alone_is_no_chain() -> None:
    assert in_turn([Noise()]) == Noise() and steps_of(Noise()) == (Noise(),)
    assert in_turn([Bicubic(), Noise()]) == Chain((Bicubic(), Noise()))
    assert steps_of(CHAIN) == CHAIN.steps
