"""The middle of k-space: against the Fourier sum written out, a wave that must not be shifted, and Rician noise."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.signal.windows import tukey as tukey_of_scipy
from scipy.stats import kstest, rice
from srbench_degradations.kspace import KSpace, tukey

import srbench
from srbench.pictures import Scale

FLOATS, WIDE = srbench.Values(0, 1), srbench.Values(-5, 5)
RNG = np.random.default_rng(0)


def sampled(length: int, few: int, taper: float) -> np.ndarray:
    """The matrix that makes an LR line of an HR line: sums over cosines, each frequency weighed by SciPy's window."""
    scale = length / few
    window = tukey_of_scipy(2 * few + 1, taper) if taper else np.ones(2 * few + 1)
    places = scale * np.arange(few)[:, None] + (scale - 1) / 2 - np.arange(length)
    matrix = np.ones(places.shape)
    for frequency in range(1, few // 2 + 1):
        # Both signs; of the outermost of an even number half, where HR has more than that.
        weight = 1 if 2 * frequency == few else 2
        matrix += weight * window[few + 2 * frequency] * np.cos(2 * np.pi * frequency * places / length)
    return matrix / length


@pytest.mark.parametrize("taper", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("scale", [1, 2, 3, 4, Fraction(10, 7), Fraction(3, 2)])
@pytest.mark.parametrize("sides", [(6, 8), (5, 7), (6, 5), (1, 2)])
def test_it_is_the_fourier_sum_over_the_lower_frequencies(sides: tuple[int, int], scale: Scale, taper: float) -> None:
    hr = RNG.random((sides[0] * scale.numerator, sides[1] * scale.numerator, 3), dtype=np.float32)
    rows, columns = (sampled(side * scale.numerator, side * scale.denominator, taper) for side in sides)
    expected = np.abs(np.einsum("ih,hwc,jw->ijc", rows, hr.astype(np.float64), columns)).clip(0, 1)
    np.testing.assert_allclose(KSpace(taper).lr(hr, FLOATS, scale, RNG), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 7, 8])
@pytest.mark.parametrize("taper", [0.1, 0.5, 1.0])
def test_the_window_is_scipys(length: int, taper: float) -> None:
    first = length - 2 * (length // 2)  # SciPy's has a point for every half frequency
    np.testing.assert_allclose(
        tukey(length, taper), tukey_of_scipy(2 * length + 1, taper)[first::2][:length], atol=1e-12
    )


@pytest.mark.parametrize("scale", [2, 3, 4, 5])
@pytest.mark.parametrize("few", [9, 12])
def test_a_wave_is_found_in_the_middle_of_the_pixels_it_stands_for(scale: int, few: int) -> None:
    length = few * scale

    def waved(place: np.ndarray) -> np.ndarray:
        return 0.5 + 0.4 * np.cos(2 * np.pi * 3 * place / length + 0.7)

    hr = np.repeat(waved(np.arange(length))[:, None, None], 2 * scale, axis=1).astype(np.float32)
    lr = KSpace().lr(hr, FLOATS, scale, RNG)
    expected = waved(scale * np.arange(few) + (scale - 1) / 2)
    np.testing.assert_allclose(lr[:, 0, 0], expected, atol=1e-6)
    np.testing.assert_allclose(lr[:, 1, 0], expected, atol=1e-6)


@pytest.mark.parametrize("sides", [(6, 8), (5, 7)])
@pytest.mark.parametrize("scale", [2, 3])
def test_mirror_images_have_mirror_images(sides: tuple[int, int], scale: int) -> None:
    hr = RNG.random((sides[0] * scale, sides[1] * scale, 1), dtype=np.float32)
    for turn in (np.flipud, np.fliplr):
        lr = KSpace().lr(np.ascontiguousarray(turn(hr)), FLOATS, scale, RNG)
        np.testing.assert_allclose(lr, turn(KSpace().lr(hr, FLOATS, scale, RNG)), atol=1e-6)


@pytest.mark.parametrize(("sides", "scale"), [((200, 200), 2), ((189, 201), 3)])
@pytest.mark.parametrize("level", [0.0, 0.2])
def test_noise_makes_magnitudes_rician(sides: tuple[int, int], scale: int, level: float) -> None:
    # Waves that LR cannot hold give HR its standard deviation, and LR nothing.
    if scale == 2:
        hr = level + np.where(np.indices(sides).sum(0) % 2, 0.1, -0.1)[..., None]
    else:
        hr = (
            level
            + 0.1 * np.sqrt(2) * np.cos(np.pi * 2 / 3 * np.arange(sides[0]))[:, None, None] * np.ones(sides[1])[:, None]
        )
    sigma = 0.3 * hr.std()
    lr = KSpace(noise=0.3).lr(hr.astype(np.float32), srbench.Values(0, 1), scale, np.random.default_rng(7))
    assert hr.std() == pytest.approx(0.1, rel=1e-3)
    assert kstest(lr.ravel(), rice(level / sigma, scale=sigma).cdf).pvalue > 0.01


def test_it_draws_where_there_is_noise() -> None:
    assert not KSpace(0.5).draws and KSpace(noise=0.1).draws
