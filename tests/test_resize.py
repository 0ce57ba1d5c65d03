"""Resizing against basicsr's port of MATLAB's imresize, torch's antialiased bicubic, and properties of the kernels."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from srbench.image import read_image
from srbench.resize import resize, resize_to, taps
from srbench.torchvision_shim import import_basicsr

import_basicsr()
from basicsr.utils.matlab_functions import imresize  # noqa: E402

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
def test_bicubic_is_matlabs_imresize(factor, size, channels):
    image = noise(channels, *size)
    reference = imresize(image.float(), factor)
    ours = resize(image, factor)
    assert ours.shape == reference.shape
    torch.testing.assert_close(ours, reference.double(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", ["butterfly", "woman"])
def test_the_taps_make_the_lr_that_matlab_made_of_set5(data_root, scale, name):
    # On uint8 MATLAB rounds after the rows and again after the columns, and this LR was made with the outermost pixel
    # repeated at the borders. A value half-way between two levels may fall either way.
    hr = read_image(data_root / "set5" / "HR" / f"{name}.png").astype(np.float64)
    shipped = read_image(data_root / "set5" / "LR_bicubic" / f"X{scale}" / f"{name}x{scale}.png")
    height, width = shipped.shape[:2]
    margin = 4
    side = margin * scale
    image = np.pad(hr[: height * scale, : width * scale], ((side, side), (side, side), (0, 0)), mode="edge")
    for axis in (0, 1):
        length = image.shape[axis]
        indices, weights = taps(length, length // scale, 1 / scale, "bicubic")
        lines = np.einsum("ntwc,nt->nwc", np.moveaxis(image, axis, 0)[indices], weights)
        image = np.moveaxis(np.floor(lines + 0.5).clip(0, 255), 0, axis)
    difference = np.abs(image[margin:-margin, margin:-margin] - shipped)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.005


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
