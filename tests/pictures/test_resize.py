"""Resizing against basicsr's port of MATLAB's imresize, torch's antialiased bicubic, and properties of the kernels."""

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from srbench.pictures import DEPTHS, Values, read_image
from srbench.pictures.resize import resize, resize_picture, resize_to, taps

KERNELS = ["nearest", "bilinear", "bicubic", "lanczos"]
FACTORS = [2, 3, 4, 1 / 2, 1 / 3, 1 / 4]
kernels = st.sampled_from(KERNELS)
factors = st.sampled_from(FACTORS)
sides = st.integers(1, 40)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# basicsr works in float32 and finds the middle of a kernel by adding up to the length of the line: the sizes are small
# enough for its own rounding to stay below the tolerance.
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("size", [(24, 36), (37, 53), (61, 48)])
@pytest.mark.parametrize("channels", [1, 3])
def test_bicubic_is_matlabs_imresize(factor, size, channels, basicsr):
    image = noise(channels, *size)
    reference = basicsr.utils.matlab_functions.imresize(image.float(), factor)
    ours = resize(image, factor)
    assert ours.shape == reference.shape
    torch.testing.assert_close(ours, reference.double(), rtol=0, atol=1e-5)


SET5 = ["baby", "bird", "butterfly", "head", "woman"]


def of_set5(data_root, name, scale):
    """HR, cut to a multiple of the scale, and the LR that MATLAB made of it, with repeated borders as it did then."""
    shipped = read_image(data_root / "set5" / "LR_bicubic" / f"X{scale}" / f"{name}x{scale}.png")
    height, width = shipped.shape[:2]
    return read_image(data_root / "set5" / "HR" / f"{name}.png")[: height * scale, : width * scale], shipped


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", SET5)
def test_a_shrunk_picture_is_the_lr_that_matlab_made_of_set5_in_every_pixel(data_root, scale, name):
    hr, shipped = of_set5(data_root, name, scale)
    assert np.array_equal(resize_picture(hr, 1 / scale, DEPTHS["uint8"], "repeat"), shipped)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", SET5)
def test_with_mirrored_borders_only_pixels_at_the_border_differ_from_it(data_root, scale, name):
    hr, shipped = of_set5(data_root, name, scale)
    made = resize_picture(hr, 1 / scale, DEPTHS["uint8"])
    assert np.array_equal(made[3:-3, 3:-3], shipped[3:-3, 3:-3])
    assert not np.array_equal(made, shipped)


def in_fractions(image, scale, low, high, borders):
    """What MATLAB does to a grey picture of integers, in exact arithmetic: rows, rounded, then columns, rounded."""

    def weight(x):
        x = abs(x)
        if x <= 1:
            return Fraction(3, 2) * x**3 - Fraction(5, 2) * x**2 + 1
        return -Fraction(1, 2) * x**3 + Fraction(5, 2) * x**2 - 4 * x + 2 if x <= 2 else Fraction(0)

    beyond = 2 * scale + 2

    @cache
    def taps(place, length):
        centre = Fraction(2 * place + 1, 2) * scale - Fraction(1, 2)
        shares = {i + beyond: weight((centre - i) / scale) / scale for i in range(-beyond, length + beyond)}
        return {i: share for i, share in shares.items() if share}

    def line(pixels):
        padded = np.pad(np.array(pixels, dtype=object), beyond, mode="symmetric" if borders == "mirror" else "edge")
        made = []
        for place in range(len(pixels) // scale):
            total = sum(share * int(padded[i]) for i, share in taps(place, len(pixels)).items())
            made.append(min(max(math.floor(total + Fraction(1, 2)), low), high))
        return made

    rows = np.array([line(column) for column in image.T]).T
    return np.array([line(row) for row in rows])


@pytest.mark.parametrize("borders", ["mirror", "repeat"])
@pytest.mark.parametrize("scale", [2, 3, 4, 8, 16])
@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("uint8", 0, 255), ("uint16", 0, 65535), ("uint16", 0, 4095), ("uint16", 1000, 3000)]
)
def test_pictures_of_integers_are_shrunk_as_in_exact_arithmetic(dtype, low, high, scale, borders):
    rng = np.random.default_rng(scale)
    # Two values only, black and white or neighbours: sums that are exactly a half occur, and overshoots.
    side = 4 * scale  # as long as the kernel is wide, so that one mirror image is enough for both
    for two in ([low, high], [low, low + 1], [high - 1, high]):
        image = rng.choice(np.array(two, dtype), size=(side, side))
        expected = in_fractions(image, scale, low, high, borders)
        made = resize_picture(image[..., None], 1 / scale, Values(low, high), borders)
        assert made.dtype == dtype
        assert np.array_equal(made[..., 0], expected)


def test_a_half_is_rounded_up_whatever_the_scale():
    # Each row is constant, and the weights of two rows on either side of the middle are equal: (0 + 1) / 2.
    for scale in (2, 4, 8):
        steps = np.repeat(np.array([0, 1], np.uint8), 20 * scale)[:, None, None] * np.ones((1, scale * 4, 1), np.uint8)
        shifted = steps[scale // 2 : -scale // 2]
        assert resize_picture(shifted, 1 / scale, DEPTHS["uint8"])[19].tolist() == [[1]] * 4


def test_float_pictures_are_not_rounded_between_rows_and_columns():
    image = np.random.default_rng(0).random((36, 24, 3), dtype=np.float32)
    expected = resize(torch.from_numpy(image.transpose(2, 0, 1)).double(), 1 / 3).clamp(0, 1)
    made = resize_picture(image, 1 / 3, DEPTHS["float32"])
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected.permute(1, 2, 0).numpy(), rtol=0, atol=1e-7)


@given(height=sides, width=sides, factor=st.floats(0.1, 1.0), borders=st.sampled_from(["mirror", "repeat"]))
def test_a_constant_picture_stays_as_it_is_whatever_its_borders(height, width, factor, borders):
    image = np.full((height, width, 1), 200, np.uint8)
    assert (resize_picture(image, factor, DEPTHS["uint8"], borders) == 200).all()


@pytest.mark.parametrize("factor", FACTORS)
def test_bicubic_is_torchs_antialiased_bicubic_away_from_the_border(factor):
    # torch drops the taps that fall outside; so do not look at the pixels that such taps reach.
    image = noise(1, 3, 96, 120)
    size = [round(side * factor) for side in image.shape[-2:]]
    reference = F.interpolate(image, size=size, mode="bicubic", antialias=True)
    border = 2 * max(1, round(factor))
    inner = (..., slice(border, -border), slice(border, -border))
    torch.testing.assert_close(resize(image, factor)[inner], reference[inner], rtol=0, atol=1e-10)


@pytest.mark.parametrize(("height", "width"), [(20, 90), (77, 31), (41, 41)])
def test_resizing_to_a_size_is_torchs_antialiased_bicubic_away_from_the_border(height, width):
    image = torch.rand(3, 60, 48, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ours = resize_to(image, height, width)
    theirs = F.interpolate(image[None], size=(height, width), mode="bicubic", antialias=True)[0]
    assert ours.shape == (3, height, width)
    # Their border leaves out what lies outside: up to two pixels of the smaller side, in pixels of the result.
    rows, columns = (3 + 2 * max(1, new // old) for new, old in ((height, 60), (width, 48)))
    inner = slice(rows, -rows), slice(columns, -columns)
    torch.testing.assert_close(ours[:, *inner], theirs[:, *inner], rtol=0, atol=1e-6)


def test_resizing_to_a_size_is_resizing_by_a_factor_where_both_sides_agree():
    image = torch.rand(1, 30, 42, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert torch.equal(resize_to(image, 15, 21), resize(image, 0.5))


def test_bicubic_is_not_torchs_plain_bicubic():
    # a = -0.75 there: the baseline would move by a tenth of a dB and more.
    image = noise(1, 1, 40, 40)
    plain = F.interpolate(image, scale_factor=2, mode="bicubic")
    assert (resize(image, 2) - plain)[..., 4:-4, 4:-4].abs().max() > 0.01


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3), (5, 7), (13, 11)])
def test_the_result_has_the_ceiling_of_the_scaled_size(factor, size):
    # In integers: ceil(a / b) is -(-a // b).
    expected = tuple(side * factor if factor > 1 else -(-side // round(1 / factor)) for side in size)
    for kernel in KERNELS:
        assert resize(noise(2, *size), factor, kernel).shape == (2, *expected)


@given(value=st.floats(0, 1), height=sides, width=sides, factor=factors, kernel=kernels)
def test_a_constant_image_stays_constant(value, height, width, factor, kernel):
    image = torch.full((1, height, width), value, dtype=torch.float64)
    resized = resize(image, factor, kernel)
    torch.testing.assert_close(resized, torch.full_like(resized, value), rtol=0, atol=1e-12)


@given(
    slopes=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    factor=factors,
    kernel=st.sampled_from(["bilinear", "bicubic"]),
    length=st.integers(30, 60),
)
def test_a_ramp_stays_a_ramp_away_from_the_border(slopes, factor, kernel, length):
    def ramp(count: int, step: float) -> torch.Tensor:
        # The value at a pixel's centre, in LR or HR pixels alike.
        centres = (torch.arange(count, dtype=torch.float64) + 0.5) * step
        return slopes[0] * centres[:, None] + slopes[1] * centres

    if factor < 1:
        length -= length % round(1 / factor)
    resized = resize(ramp(length, 1.0)[None], factor, kernel)[0]
    expected = ramp(round(length * factor), 1 / factor)
    border = 2 * max(1, round(factor))
    inner = slice(border, -border)
    torch.testing.assert_close(resized[inner, inner], expected[inner, inner], rtol=0, atol=1e-9)


# Not nearest: between two equally near pixels it has to take the one on one side.
@given(
    height=sides,
    width=sides,
    factor=factors,
    kernel=st.sampled_from(["bilinear", "bicubic", "lanczos"]),
    seed=st.integers(0, 1000),
)
def test_resizing_commutes_with_flips_and_turns(height, width, factor, kernel, seed):
    if factor < 1:  # a remainder would be cut at one side only
        height, width = height * round(1 / factor), width * round(1 / factor)
    image = noise(1, height, width, seed=seed)
    resized = resize(image, factor, kernel)
    for turn in (lambda x: x.flip(-1), lambda x: x.flip(-2), lambda x: x.transpose(-1, -2)):
        torch.testing.assert_close(resize(turn(image), factor, kernel), turn(resized), rtol=0, atol=1e-12)


@given(height=sides, width=sides, factor=factors, kernel=kernels, scale=st.floats(-3, 3))
def test_resizing_is_linear(height, width, factor, kernel, scale):
    first, second = noise(2, height, width)
    together = resize((first + scale * second)[None], factor, kernel)
    apart = resize(first[None], factor, kernel) + scale * resize(second[None], factor, kernel)
    torch.testing.assert_close(together, apart, rtol=0, atol=1e-12)


@given(length=st.integers(1, 30), factor=factors, kernel=kernels)
def test_weights_sum_to_one_and_point_into_the_line(length, factor, kernel):
    indices, weights = taps(length, -(-length // round(1 / factor)) if factor < 1 else length * factor, factor, kernel)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
    assert indices.min() >= 0
    assert indices.max() < length


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("factor", FACTORS)
def test_a_side_of_one_pixel_is_resized_as_if_it_went_on_for_ever(kernel, factor):
    line = noise(1, 1, 24)
    tall = line.expand(1, 24, 24)
    expected = resize(tall, factor, kernel)[:, 0]
    resized = resize(line, factor, kernel)
    assert resized.shape[-1] == round(24 * factor)
    for row in resized.unbind(-2):
        torch.testing.assert_close(row, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("factor", FACTORS)
def test_borders_are_mirrored(factor):
    image = noise(1, 24, 36)
    padded = torch.from_numpy(np.pad(image.numpy(), ((0, 0), (24, 24), (36, 36)), mode="symmetric"))
    height, width = round(24 * factor), round(36 * factor)
    middle = resize(padded, factor, "lanczos")[:, height : 2 * height, width : 2 * width]
    torch.testing.assert_close(resize(image, factor, "lanczos"), middle, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_of_the_image_is_kept(dtype):
    image = noise(2, 3, 20, 20).to(dtype)
    assert resize(image, 3).dtype == dtype
    torch.testing.assert_close(resize(image, 3).double(), resize(image.double(), 3), rtol=0, atol=1e-6)


def test_what_cannot_be_resized_is_refused():
    with pytest.raises(ValueError, match=r"unknown kernel 'cubic'.*bicubic"):
        resize(noise(1, 4, 4), 2, "cubic")
    with pytest.raises(TypeError, match="uint8"):
        resize(torch.zeros(1, 4, 4, dtype=torch.uint8), 2)
