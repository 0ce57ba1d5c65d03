"""What the values of a picture mean: from black to white and [0, 1], there and back."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import srbench
from srbench.pictures import ImageError
from srbench.pictures.values import DEPTHS, Values

ends = st.floats(-1e6, 1e6, allow_subnormal=False)
shares = st.floats(0, 1)


@st.composite
def spans(draw: st.DrawFn) -> Values:
    """Any black and white that are a thousandth or more apart."""
    low = draw(ends)
    return Values(low, low + draw(st.floats(1e-3, 1e6)))


def test_values_are_those_of_the_type_and_other_types_have_none() -> None:
    for kind in ("uint8", "uint16", "int16", "uint32", "int32"):
        info = np.iinfo(kind)
        assert Values.of(np.zeros(1, kind)) == Values(info.min, info.max)
    assert Values.of(np.zeros(1, "float32")) == Values(0, 1)
    assert len(DEPTHS) == 6 and srbench.Values is Values
    for kind in ("int8", "float64", "float16", "bool", "int64"):
        with pytest.raises(ImageError, match=f"not {kind}"):
            Values.of(np.zeros(1, kind))


@pytest.mark.parametrize(
    ("low", "high"), [(0, 0), (1, 0), (math.nan, 1), (0, math.nan), (-math.inf, 1), (0, math.inf), (5, -5)]
)
def test_black_has_to_be_below_white_and_both_are_finite(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=f"from low .* up to high .* not from {low:g} to {high:g}"):
        Values(low, high)


@given(spans(), shares)
def test_the_way_to_the_unit_is_that_of_exact_arithmetic_and_leads_back(values: Values, share: float) -> None:
    low, high = Fraction(values.low), Fraction(values.high)
    native = values.from_unit(np.array([share]))
    coarse = max(abs(values.low), abs(values.high)) * 1e-15
    assert float(native[0]) == pytest.approx(float(low + (high - low) * Fraction(share)), rel=0, abs=4 * coarse)
    unit = values.to_unit(native)
    assert unit.dtype == native.dtype == np.float64
    exact = (Fraction(float(native[0])) - low) / (high - low)
    assert float(unit[0]) == pytest.approx(float(exact), rel=1e-12, abs=4 * coarse / float(high - low))
    assert float(unit[0]) == pytest.approx(share, rel=0, abs=1e-12 + 8 * coarse / float(high - low))


@given(spans())
def test_black_is_zero_and_white_one_without_any_rounding(values: Values) -> None:
    both = np.array([values.low, values.high])
    assert values.to_unit(both).tolist() == [0, 1]
    assert values.from_unit(np.array([0.0, 1.0])).tolist() == both.tolist()


def test_they_are_computed_in_double_precision_wherever_they_go() -> None:
    values, native = Values(273.15, 274.15), np.linspace(273.15, 274.15, 1001)
    out = np.empty(native.shape, np.float32)
    assert values.to_unit(native, out) is out
    np.testing.assert_allclose(out, np.linspace(0, 1, 1001), rtol=2e-7, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "depths"),
    [(Values(0, 255), set(DEPTHS)), (Values(10, 255.5), {"float32"}), (Values(0, 4095), set(DEPTHS) - {"uint8"}),
     (Values(0, 65536), {"int32", "uint32", "float32"}), (Values(-1000, 3000), {"int16", "int32", "float32"}),
     (Values(0.5, 200), {"float32"})],
)  # fmt: skip
def test_integers_hold_whole_numbers_of_their_own_only(values: Values, depths: set[str]) -> None:
    assert {depth for depth in DEPTHS if values.fit(depth)} == depths


@given(spans())
def test_white_and_black_lie_within_in_the_digits_of_a_float_picture(values: Values) -> None:
    low, high = (np.float32(end) for end in (values.low, values.high))
    assert values.hold(float(low), float(high))
    assert not values.hold(float(np.nextafter(low, np.float32(-np.inf))), float(high))
    assert not values.hold(float(low), float(np.nextafter(high, np.float32(np.inf))))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
def test_they_span_a_picture_from_its_least_to_its_most(dtype: type[np.generic]) -> None:
    image = np.array([[[3]], [[7]], [[5]]]).astype(dtype)
    assert Values.spanning(image) == Values(3, 7)
    if dtype is np.float32:
        image[1] = np.nan
        assert Values.spanning(image) == Values(3, 5)


@pytest.mark.parametrize("value", [0, 7, -2.5, 1e30, -3e38])
def test_what_is_one_value_everywhere_is_black(value: float) -> None:
    image = np.full((2, 3, 1), value, np.float32)
    assert (Values.spanning(image).to_unit(image) == 0).all()


@given(st.floats(-1e3, 1e3), st.floats(1, 1e6), st.floats(0.1, 1e3), st.floats(-1e3, 1e3), shares)
def test_a_curve_is_the_inverse_hyperbolic_sine_from_its_pivot_and_leads_back(
    low: float, width: float, knee: float, pivot: float, share: float
) -> None:
    high, native = low + width, low + share * width
    values = Values(low, high, "asinh", knee, pivot)
    black, white, bent = (math.asinh((one - pivot) / knee) for one in (low, high, native))
    unit = values.to_unit(np.array([native]))
    assert float(unit[0]) == pytest.approx((bent - black) / (white - black), rel=1e-6, abs=1e-8)
    assert float(values.from_unit(unit)[0]) == pytest.approx(native, rel=1e-6, abs=1e-6 * width)
    assert values.to_unit(np.array([low, high])).tolist() == [0, 1]
    assert values.from_unit(np.array([0.0, 1.0])).tolist() == [low, high]


@pytest.mark.parametrize(("knee", "pivot"), [(0, 0), (-1, 0), (math.inf, 0), (1, math.nan)])
def test_a_curve_has_a_knee_above_zero(knee: float, pivot: float) -> None:
    with pytest.raises(ValueError, match="knee above 0"):
        Values(0, 1, "asinh", knee, pivot)


def test_a_window_is_for_the_eye_alone() -> None:
    plain, windowed = Values(-1000, 3000), Values(-1000, 3000, unit="HU", window=(0, 80))
    native = np.array([-1000, 0, 20, 80, 3000])
    assert windowed.shown(native).tolist() == [0, 0, 0.25, 1, 1]
    assert plain.shown(native).tolist() == windowed.to_unit(native).tolist() == plain.to_unit(native).tolist()
    assert windowed.facts() == plain.facts() == [-1000, 3000]
    assert Values(0, 1, "asinh", 0.1).facts() != Values(0, 1, "asinh", 0.2).facts() != Values(0, 1).facts()
    assert str(windowed) == "-1000 to 3000 HU"


def test_they_are_told_in_words() -> None:
    assert str(Values(-1000, 3000.5)) == "-1000 to 3000.5"
