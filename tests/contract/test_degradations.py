"""Degradations: each against an independent computation, and what draws does so by image, whatever the order."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

import srbench
from srbench.contract.degradation import Degradation
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.contract.protocol import Protocol
from srbench.evaluate.score import score_split
from srbench.pictures import DEPTHS, Image, ImageError, Values, enlarged, reduced, write_image
from srbench.pictures.resize import resize_picture
from srbench.registry.registry import registry
from srbench.tasks.super_resolution import describe
from srbench.testing import check_degradations

RNG = np.random.default_rng(0)
EIGHT_BITS, FLOATS = DEPTHS["uint8"], DEPTHS["float32"]


def grain(height: int, width: int, dtype: type = np.uint8, channels: int = 3, seed: int = 0) -> Image:
    rng = np.random.default_rng(seed)
    if dtype is np.float32:
        return rng.random((height, width, channels), dtype=np.float32)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True)


@dataclass(frozen=True)
class Noise(Degradation):
    """Every scale-th pixel, with noise."""

    name: ClassVar[str] = "noise"
    sigma: float = 5.0

    def lr(self, hr: Image, values: Values, scale: int, rng: np.random.Generator) -> Image:
        lr = hr[::scale, ::scale]
        return (lr + self.sigma * rng.standard_normal(lr.shape)).clip(values.low, values.high).astype(hr.dtype)


# Bicubic


@pytest.mark.parametrize("borders", ["mirror", "repeat"])
@pytest.mark.parametrize("scale", [1, 2, 3, 8, 16])
def test_bicubic_is_the_resize_that_is_matlabs(scale, borders):
    hr = grain(3 * scale, 4 * scale)
    assert np.array_equal(
        Bicubic(borders).lr(hr, EIGHT_BITS, scale, RNG), resize_picture(hr, 1 / scale, EIGHT_BITS, borders)
    )


def test_bicubic_at_scale_1_is_hr():
    for dtype in (np.uint8, np.uint16, np.float32):
        hr = grain(7, 5, dtype)
        assert np.array_equal(Bicubic().lr(hr, Values.of(hr), 1, RNG), hr)


# Gaussian blur


# Sigmas for which scipy's radius, int(4 sigma + 0.5), is the last whole number within 4 sigma.
@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.6, 2.75, 8.0])
@pytest.mark.parametrize("scale", [1, 3, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_under_odd_scales_it_is_scipys_blur_from_the_middle_pixel_on(sigma, scale, dtype):
    hr = grain(4 * scale, 7 * scale, dtype)
    blurred = gaussian_filter(hr.astype(np.float64), (sigma, sigma, 0), mode="reflect", truncate=4.0)
    expected = blurred[scale // 2 :: scale, scale // 2 :: scale]
    lr = GaussianBlur(sigma).lr(hr, Values.of(hr), scale, RNG)
    assert (lr.dtype, lr.shape) == (dtype, expected.shape)
    if dtype is np.float32:
        np.testing.assert_allclose(lr, expected, atol=1e-7)
    else:
        assert np.array_equal(lr, np.floor(expected + 0.5))


@pytest.mark.parametrize("sigma", [0.3, 1.0, 1.6, 5.0])
@pytest.mark.parametrize("scale", [2, 4, 3, Fraction(10, 7), Fraction(5, 2)])
def test_each_pixel_is_the_mean_weighed_by_its_distance_to_the_middle_of_its_block(sigma, scale):
    hr = grain(5 * scale.numerator, 6 * scale.numerator, np.float32, 1)

    def weights(length: int) -> np.ndarray:
        """Of each pixel of a line (columns) in each LR pixel (rows), by scipy's density; mirrored far beyond."""
        places = np.arange(-3 * length, 4 * length)
        middles = float(scale) * np.arange(reduced(length, scale)) + float(scale - 1) / 2
        distances = np.abs(places - middles[:, None])
        density = norm.pdf(distances, scale=sigma) * (distances <= 4 * sigma)
        mirrored = [abs(place + 0.5) % (2 * length) for place in places]
        pixels = [int(place if place < length else 2 * length - place) for place in mirrored]
        folded = np.zeros((len(middles), length))
        for place, pixel in enumerate(pixels):
            folded[:, pixel] += density[:, place]
        return folded / folded.sum(axis=1, keepdims=True)

    height, width = hr.shape[:2]
    expected = weights(height) @ hr[..., 0].astype(np.float64) @ weights(width).T
    np.testing.assert_allclose(GaussianBlur(sigma).lr(hr, FLOATS, scale, RNG)[..., 0], expected, atol=1e-7)


@pytest.mark.parametrize("degradation", [Bicubic(), Bicubic("repeat"), GaussianBlur(1.6), GaussianBlur(0.01)])
@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8, Fraction(10, 7), Fraction(3, 2)])
def test_lr_lies_in_the_middle_of_what_it_stands_for(degradation, scale):
    # A ramp says where a pixel was taken, and mirror images of HR have mirror images as LR.
    side = enlarged(24 * scale.denominator, scale)
    ramp = np.broadcast_to(np.arange(side, dtype=np.float32)[:, None, None] / side, (side, scale.numerator, 1))
    taken = degradation.lr(ramp, FLOATS, scale, RNG)[10:-10, 0, 0] * side
    places = np.arange(10, reduced(side, scale) - 10)
    shift = taken - (float(scale) * places + float(scale - 1) / 2)
    # At a fraction, kernels meet pixels otherwise at each place, and bend a ramp; on the whole, nothing is shifted.
    np.testing.assert_allclose(shift, 0, atol=1e-4 if isinstance(scale, int) else 0.5)
    assert abs(shift[: len(shift) // scale.denominator * scale.denominator].mean()) < 1e-4
    hr = grain(4 * scale.numerator, 5 * scale.numerator, np.float32)
    for turn in (np.flipud, np.fliplr):
        turned = degradation.lr(np.ascontiguousarray(turn(hr)), FLOATS, scale, RNG)
        np.testing.assert_allclose(turned, turn(degradation.lr(hr, FLOATS, scale, RNG)), atol=1e-6)


@given(
    sigma=st.floats(1e-3, 30),
    scale=st.integers(1, 16),
    sides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    level=st.integers(0, 255),
)
def test_a_constant_picture_stays_constant_whatever_the_blur(sigma, scale, sides, level):
    hr = np.full((sides[0] * scale, sides[1] * scale, 1), level, np.uint8)
    lr = GaussianBlur(sigma).lr(hr, EIGHT_BITS, scale, RNG)
    assert lr.shape == (*sides, 1)
    assert (lr == level).all()


def test_a_blur_needs_a_width():
    from srbench.registry.parameters import ParameterError, resolve

    for wrong in ({}, {"sigma": 0}, {"sigma": -1}, {"sigma": "wide"}):
        with pytest.raises(ParameterError, match="sigma"):
            resolve(GaussianBlur, wrong)
    assert resolve(GaussianBlur, {"sigma": 2}) == {"sigma": 2.0}


# Under a protocol


def test_a_protocol_makes_lr_by_its_degradation_of_the_cut_picture():
    hr = grain(19, 23)
    protocol = Protocol("p", 4, degradation=GaussianBlur(1.6))
    assert np.array_equal(protocol.lr(hr, EIGHT_BITS, "a"), GaussianBlur(1.6).lr(hr[:16, :20], EIGHT_BITS, 4, RNG))
    assert describe(protocol) == "x4, gaussian-blur(sigma=1.6) LR, RGB, 0 px border, native depth"


def test_what_is_drawn_hangs_on_the_image_and_the_seed_and_not_on_the_order():
    hr, protocol = grain(16, 16), Protocol("p", 2, degradation=Noise())
    once = {image: protocol.lr(hr, EIGHT_BITS, image) for image in ("a", "b", "c")}
    again = {image: protocol.lr(hr, EIGHT_BITS, image) for image in ("c", "a", "b")}
    assert all(np.array_equal(once[image], again[image]) for image in once)
    other = Protocol("p", 2, degradation=Noise(), seed=1).lr(hr, EIGHT_BITS, "a")
    for one, two in ((once["a"], once["b"]), (once["b"], once["c"]), (once["a"], other)):
        assert (one != two).mean() > 0.8
    # What is scored is no matter of the noise.
    scored = Protocol("other", 2, "y", border=2, degradation=Noise())
    assert np.array_equal(scored.lr(hr, EIGHT_BITS, "a"), once["a"])


def test_hr_is_consistent_with_the_lr_that_was_drawn_from_it(tmp_path):
    hr, protocol = grain(16, 16), Protocol("p", 2, degradation=Noise())
    write_image(tmp_path / "a.png", hr)
    metric = registry().get("metric", "lr-consistency").load()()
    column = score_split("key", metric, [srbench.Item("a", hr)], protocol, tmp_path, {"a": "a.png"})
    assert column.images == {"a": float("inf")}


def test_a_degradation_that_makes_no_lr_is_an_error_that_names_it():
    @dataclass(frozen=True)
    class Forgetful(Noise):
        name: ClassVar[str] = "forgetful"

        def lr(self, hr: Image, values: Values, scale: int, rng: np.random.Generator) -> Image:
            return hr

    with pytest.raises(ImageError, match=r"the LR that forgetful makes of it is 16 x 16 x 3 uint8.* should be 8 x 8"):
        Protocol("p", 2, degradation=Forgetful()).lr(grain(16, 16), EIGHT_BITS, "a")


@pytest.mark.parametrize(
    ("degradation", "shown", "shipped_as"),
    [
        (Bicubic(), "bicubic", "bicubic"),
        (Bicubic("repeat"), "bicubic(borders=repeat)", "bicubic"),
        (GaussianBlur(1.6), "gaussian-blur(sigma=1.6)", "gaussian-blur(sigma=1.6)"),
        (Noise(), "noise", "noise"),
        (Noise(2.0), "noise(sigma=2.0)", "noise(sigma=2.0)"),
    ],
)
def test_lr_that_came_with_an_image_is_used_under_the_degradation_that_it_stands_for(degradation, shown, shipped_as):
    shipped = grain(4, 4, seed=1)
    item = srbench.Item("a", grain(8, 8), {(shipped_as, 2): shipped})
    assert str(degradation) == shown
    assert Protocol("p", 2, degradation=degradation).shipped_lr(item) is shipped
    assert Protocol("p", 4, degradation=degradation).shipped_lr(item) is None
    assert Protocol("p", 2, degradation=GaussianBlur(9.0)).shipped_lr(item) is None


def test_the_key_holds_name_version_and_parameters_of_the_degradation():
    @dataclass(frozen=True)
    class Better(Noise):
        version: ClassVar[int] = 2

    made = {
        Protocol("p", 2, degradation=degradation).facts()["degradation"].__repr__()
        for degradation in (Bicubic(), Bicubic("repeat"), GaussianBlur(1.0), GaussianBlur(2.0), Noise(), Better())
    }
    assert len(made) == 6
    assert Protocol("p", 2, degradation=GaussianBlur(1.6)).facts()["degradation"] == {
        "name": "gaussian-blur",
        "version": 1,
        "params": {"sigma": 1.6},
    }
    assert Protocol("p", 2).facts() == Protocol("another name", 2).facts()


def test_degradations_travel_to_other_processes():
    protocol = Protocol("p", 2, degradation=GaussianBlur(1.6))
    assert pickle.loads(pickle.dumps(protocol)) == protocol


test_srbenchs_own_keep_what_degradations_promise = check_degradations(
    "bicubic", ("bicubic", {"borders": "repeat"}), ("gaussian-blur", {"sigma": 1.6})
)
