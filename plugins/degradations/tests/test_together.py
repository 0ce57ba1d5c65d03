"""What holds for all of them: grey as in colour, integers as floats but rounded, nothing shifted."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from srbench_degradations.area import Area
from srbench_degradations.detector import Detector
from srbench_degradations.jpeg import Jpeg
from srbench_degradations.kspace import KSpace
from srbench_degradations.psf import Psf

import srbench
from srbench.pictures import Scale, enlarged
from srbench.testing.pictures import textured_uint8

MANY_PHOTONS = Detector(1e15)
SILENT = [Area(), Psf(), MANY_PHOTONS, KSpace(0.2)]


def made(degradation: srbench.Degradation, hr: np.ndarray, values: srbench.Values, scale: Scale) -> np.ndarray:
    return degradation.lr(hr, values, scale, np.random.default_rng(0)).astype(np.float64)


@pytest.mark.parametrize("degradation", [*SILENT, Jpeg(50)], ids=str)
@pytest.mark.parametrize("scale", [2, 3, Fraction(3, 2)])
def test_a_grey_picture_in_three_channels_is_still_that_grey_picture(
    degradation: srbench.Degradation, scale: Scale
) -> None:
    hr, values = textured_uint8(0, enlarged(6, scale), enlarged(8, scale), 1), srbench.Values(0, 255)
    grey = made(degradation, hr, values, scale)
    np.testing.assert_array_equal(made(degradation, np.repeat(hr, 3, 2), values, scale), np.repeat(grey, 3, 2))


@pytest.mark.parametrize("degradation", SILENT, ids=str)
@pytest.mark.parametrize(("dtype", "high"), [("uint8", 255), ("uint16", 4095)])
def test_integers_are_rounded_once(degradation: srbench.Degradation, dtype: str, high: int) -> None:
    hr, values = (textured_uint8(1, 24, 16) / 255 * high).round().astype(dtype), srbench.Values(0, high)
    floating = made(degradation, hr.astype(np.float32), values, 2)
    assert abs(made(degradation, hr, values, 2) - floating).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("degradation", SILENT, ids=str)
@pytest.mark.parametrize("scale", [2, 3, 4, Fraction(10, 7), Fraction(7, 2)])
def test_mirror_images_have_mirror_images_as_lr(degradation: srbench.Degradation, scale: Scale) -> None:
    rng, values = np.random.default_rng(2), srbench.Values(0, 1)
    hr = rng.random((7 * scale.numerator, 6 * scale.numerator, 1), dtype=np.float32)
    for turn in (np.flipud, np.fliplr):
        turned = made(degradation, np.ascontiguousarray(turn(hr)), values, scale)
        np.testing.assert_allclose(turned, turn(made(degradation, hr, values, scale)), atol=1e-6)


@pytest.mark.parametrize("degradation", SILENT, ids=str)
@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_constant_picture_stays_what_it_is(degradation: srbench.Degradation, level: int) -> None:
    hr = np.full((12, 18, 3), level, np.uint8)
    assert (made(degradation, hr, srbench.Values(0, 255), 3) == level).all()
