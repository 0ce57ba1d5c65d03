"""LR as a linear function of HR: against the degradations themselves, NumPy's pseudo-inverse, and in words."""

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_ddpm.linear import Lines, NotLinearError, Operator, lines_of
from srbench_degradations.area import Area
from srbench_degradations.jpeg import Jpeg
from srbench_degradations.kspace import KSpace
from srbench_degradations.noise import Noise
from srbench_degradations.psf import Psf

import srbench
from srbench.contract.chain import in_turn
from srbench.contract.degradation import Degradation
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.pictures import Image, Scale, Values

LINEAR: list[tuple[Degradation, Scale]] = [
    (Bicubic(), 2),
    (Bicubic(), 4),
    (Bicubic(borders="repeat"), 3),
    (Bicubic(), Fraction(3, 2)),
    (Bicubic(), Fraction(10, 7)),
    (Bicubic(), 1),
    (Area(), 2),
    (Area(), Fraction(5, 2)),
    (GaussianBlur(sigma=1.6), 3),
    (GaussianBlur(sigma=0.8), 2),
    (in_turn([GaussianBlur(sigma=1.2), Bicubic()]), 2),
]
SETTINGS = st.sampled_from(LINEAR)


def operator(degradation: Degradation, scale: Scale, groups: tuple[int, int]) -> tuple[Operator, tuple[int, int]]:
    """A in 64 bits, and the size of HR."""
    height, width = (group * scale.numerator for group in groups)
    like = torch.empty(0, dtype=torch.float64)
    return Operator(lines_of(degradation, scale), height, width, scale, like), (height, width)


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=40, deadline=None)
@given(setting=SETTINGS, groups=st.tuples(st.integers(1, 12), st.integers(1, 12)), seed=st.integers(0, 99))
def test_a_is_the_degradation_in_pictures_of_any_size(
    setting: tuple[Degradation, Scale], groups: tuple[int, int], seed: int
) -> None:
    degradation, scale = setting
    made, size = operator(degradation, scale, groups)
    hr = 0.25 + noise(seed, *size, 3) / 2  # where nothing is clipped
    expected = degradation.lr(hr.float().numpy(), Values(0, 1), scale, np.random.default_rng(0))
    found = made.forward(hr.permute(2, 0, 1)).permute(1, 2, 0)
    np.testing.assert_allclose(found, expected, atol=2e-6)


@settings(max_examples=40, deadline=None)
@given(setting=SETTINGS, groups=st.tuples(st.integers(1, 9), st.integers(1, 9)), seed=st.integers(0, 99))
def test_what_a_makes_of_its_inverse_is_lr_itself(
    setting: tuple[Degradation, Scale], groups: tuple[int, int], seed: int
) -> None:
    """A A+ = I; and the HR next to any HR of which A makes this LR is one of which A makes it."""
    degradation, scale = setting
    made, size = operator(degradation, scale, groups)
    lr = noise(seed, 2, *(group * scale.denominator for group in groups))
    torch.testing.assert_close(made.forward(made.back(lr)), lr, atol=1e-9, rtol=0)
    near = made.consistent(noise(seed + 1, 2, *size), lr)
    torch.testing.assert_close(made.forward(near), lr, atol=1e-9, rtol=0)
    torch.testing.assert_close(made.consistent(near, lr), near, atol=1e-9, rtol=0)


@pytest.mark.parametrize(("degradation", "scale"), LINEAR)
def test_the_inverse_is_numpys_of_the_whole_picture(degradation: Degradation, scale: Scale) -> None:
    """A as one matrix on the pixels of a picture, a Kronecker product, whose pseudo-inverse NumPy computes by SVD."""
    made, (height, width) = operator(degradation, scale, (2, 3))
    lines = lines_of(degradation, scale)
    whole = np.kron(lines.matrix(height, scale), lines.matrix(width, scale))
    lr = noise(0, height * scale.denominator // scale.numerator, width * scale.denominator // scale.numerator)
    hr = noise(1, height, width)
    back = np.linalg.pinv(whole) @ lr.numpy().ravel()
    np.testing.assert_allclose(made.back(lr).numpy().ravel(), back, atol=1e-9)
    near = hr.numpy().ravel() - np.linalg.pinv(whole) @ (whole @ hr.numpy().ravel()) + back
    np.testing.assert_allclose(made.consistent(hr, lr).numpy().ravel(), near, atol=1e-9)


def test_area_is_the_mean_of_blocks() -> None:
    lines = lines_of(Area(), 4)
    np.testing.assert_allclose(lines.matrix(12, 4), np.kron(np.eye(3), np.full((1, 4), 0.25)), atol=1e-7)


@pytest.mark.parametrize(("degradation", "scale"), LINEAR)
def test_lines_come_back_from_json(degradation: Degradation, scale: Scale) -> None:
    lines = lines_of(degradation, scale)
    assert Lines.of(json.loads(json.dumps(lines.facts()))) == lines
    assert all(sum(row) == pytest.approx(1, abs=1e-12) for row in lines.weights)


@dataclass(frozen=True)
class Gamma(Degradation):
    """Light, averaged: no linear function of what is shown."""

    name: ClassVar[str] = "gamma"

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        return Area().lr(hr**2.2, values, scale, rng) ** np.float32(1 / 2.2)


@dataclass(frozen=True)
class Vignette(Degradation):
    """Linear, and darker towards the right."""

    name: ClassVar[str] = "vignette"

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        lr = Area().lr(hr, values, scale, rng)
        return lr * np.linspace(1, 0.5, lr.shape[1], dtype=np.float32)[:, None]


@dataclass(frozen=True)
class WholeMean(Degradation):
    """Linear, of all pixels of the picture."""

    name: ClassVar[str] = "whole-mean"

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        return (Area().lr(hr, values, scale, rng) + hr.mean(dtype=np.float32)) / np.float32(2)


@pytest.mark.parametrize(
    ("degradation", "reason"),
    [
        (Noise(sigma=0.1), "LR by noise.* at scale 2 is drawn at random"),
        (Psf(gain=1.0), "drawn at random"),
        (Psf(), "no linear function of the rows and columns"),  # linear, and round
        (Jpeg(quality=100), "no linear function"),
        (in_turn([Bicubic(), Jpeg(quality=95)]), r"bicubic \+ jpeg\(quality=95\) .* no linear function"),
        (KSpace(), "no linear function .* near each pixel"),
        (Gamma(), "no linear function"),
        (Vignette(), "no linear function"),
        (WholeMean(), "near each pixel"),
        (GaussianBlur(sigma=3.0), "too little of HR: its errors would become up to [0-9]{5} times larger"),
    ],
)
def test_others_are_refused_in_words(degradation: Degradation, reason: str) -> None:
    for _ in ("measured", "remembered"):
        with pytest.raises(NotLinearError, match=reason):
            lines_of(degradation, 2)


@pytest.mark.parametrize("sigma", [1.6, 2.0])
def test_errors_become_larger_by_what_a_blur_leaves_of_the_finest_wave(sigma: float) -> None:
    """Of the highest frequency that LR has, half a cycle a pixel, a Gaussian leaves exp(-(sigma pi / scale)^2 / 2)."""
    with pytest.raises(NotLinearError) as told:
        lines_of(GaussianBlur(sigma=sigma), 2)
    found = float(str(told.value).split("up to ")[1].split(" times")[0])
    assert found == pytest.approx(np.exp((sigma * np.pi / 2) ** 2 / 2), rel=0.15)  # it is cut off, and so is the line


def test_a_fault_of_a_degradation_is_its_own() -> None:
    @dataclass(frozen=True)
    class WholeOnly(Bicubic):
        def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
            if not isinstance(scale, int):
                raise srbench.SrbenchError("whole scales only")
            return super().lr(hr, values, scale, rng)

    assert lines_of(WholeOnly(), 2) == lines_of(Bicubic(), 2)
    with pytest.raises(srbench.SrbenchError, match="whole scales only"):
        lines_of(WholeOnly(), Fraction(3, 2))
