"""Protocols: bicubic on Set5 gives the published numbers, and every convention does what it says."""

import csv
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from srbench.contract.dataset import Item
from srbench.contract.degradations import Bicubic
from srbench.contract.protocol import Protocol
from srbench.pictures import DEPTHS, Image, ImageError, Values, read_image, reduced, scale_of, to_image, to_tensor
from srbench.registry.registry import registry
from srbench.runner.planning.provenance import protocol_facts
from srbench.tasks.super_resolution import describe, protocols

STANDARD = {protocol.name: protocol for protocol in protocols()}
EIGHT_BITS = DEPTHS["uint8"]
SET5 = ("baby", "bird", "butterfly", "head", "woman")


def picture(height: int, width: int, channels: int, dtype: type = np.uint8, seed: int = 0) -> Image:
    rng = np.random.default_rng(seed)
    if dtype is np.float32:
        return rng.random((height, width, channels), dtype=np.float32)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype=dtype, endpoint=True)


def scored_set5(
    data_root: Path, protocol: Protocol, shipped: bool = True, truncate: bool = False
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """What is scored of bicubic SR and of HR, for each image of Set5, from the LR shipped with it or made from HR."""
    bicubic = registry().get("method", "bicubic").load()()
    pairs = {}
    for name in SET5:
        hr = read_image(data_root / "set5" / "HR" / f"{name}.png")
        lr_file = data_root / "set5" / "LR_bicubic" / f"X{protocol.scale}" / f"{name}x{protocol.scale}.png"
        reference, values = protocol.reference(hr, EIGHT_BITS)
        lr = protocol.lr(hr, EIGHT_BITS, name, read_image(lr_file) if shipped else None)
        upscaled = bicubic.upscale(to_tensor(lr, values)[None], protocol.scale)[0]
        if truncate:
            sr = (upscaled.clamp(0, 1) * 255).permute(1, 2, 0).numpy().astype(np.uint8)
        else:
            sr = to_image(upscaled, reference, values)
        pairs[name] = protocol.scored(sr, values), protocol.scored(reference, values)
    return pairs


def bicubic_on_set5(
    data_root: Path, protocol: Protocol, shipped: bool = True, truncate: bool = False
) -> dict[str, tuple[float, float]]:
    """PSNR and SSIM of bicubic upscaling for each image of Set5."""
    psnr, ssim = (registry().get("metric", name).load()() for name in ("psnr", "ssim"))
    pairs = scored_set5(data_root, protocol, shipped, truncate)
    return {name: (psnr.score(*pair), ssim.score(*pair)) for name, pair in pairs.items()}


def mean(scores: dict[str, tuple[float, float]]) -> tuple[float, float]:
    psnr, ssim = np.mean(list(scores.values()), axis=0)
    return float(psnr), float(ssim)


def published(data_root: Path, scale: int) -> dict[str, tuple[float, float]]:
    with (data_root / "published" / "set5_per_image.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "bicubic" and int(row["scale"]) == scale]
    return {row["image"]: (float(row["psnr_db"]), float(row["ssim"])) for row in rows}


# Published numbers


def test_bicubic_on_set5_x4_gives_the_number_of_every_paper(data_root):
    psnr, ssim = mean(bicubic_on_set5(data_root, STANDARD["x4-y"]))
    assert psnr == pytest.approx(28.43, abs=0.01)
    assert ssim == pytest.approx(0.811, abs=0.001)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_on_set5_in_8_bit_y_gives_the_published_number_of_each_image(data_root, scale):
    scores = bicubic_on_set5(data_root, STANDARD[f"x{scale}-y8"])
    expected = published(data_root, scale)
    assert sorted(scores) == sorted(expected)
    for name, (psnr, ssim) in expected.items():
        assert scores[name][0] == pytest.approx(psnr, abs=0.01), name
        assert scores[name][1] == pytest.approx(ssim, abs=5e-4), name


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_lr_made_here_gives_the_score_of_the_lr_shipped_with_set5(data_root, scale):
    # The shipped one was made with repeated borders (see test_resize.py).
    protocol = STANDARD[f"x{scale}-y"]
    shipped, made = bicubic_on_set5(data_root, protocol), bicubic_on_set5(data_root, protocol, shipped=False)
    for name in SET5:
        assert made[name] != shipped[name]
        assert made[name][0] == pytest.approx(shipped[name][0], abs=0.01)
        assert made[name][1] == pytest.approx(shipped[name][1], abs=2e-4)
    repeated = STANDARD[f"x{scale}-y-repeat"]
    assert bicubic_on_set5(data_root, repeated, shipped=False) == shipped


# Why the numbers of other papers differ: each convention beside x4-y, on Set5


def test_full_range_luma_costs_the_ratio_of_the_ranges(data_root):
    # The same differences against 255 steps of white where limited range has 219: exactly 20 log10(219 / 255) dB.
    limited = bicubic_on_set5(data_root, STANDARD["x4-y"])
    full = bicubic_on_set5(data_root, STANDARD["x4-gray"])
    for name in SET5:
        assert full[name][0] - limited[name][0] == pytest.approx(20 * math.log10(219 / 255), abs=1e-6)


def test_scoring_rgb_costs_more_than_a_decibel(data_root):
    on_y, on_rgb = (bicubic_on_set5(data_root, STANDARD[f"x4-{channel}"]) for channel in ("y", "rgb"))
    assert all(-3 < on_rgb[name][0] - on_y[name][0] < -1 for name in SET5)
    assert mean(on_rgb)[0] - mean(on_y)[0] == pytest.approx(-1.74, abs=0.02)


def test_the_border_moves_single_images_by_a_tenth_of_a_decibel(data_root):
    cut = bicubic_on_set5(data_root, STANDARD["x4-y"])
    whole = bicubic_on_set5(data_root, replace(STANDARD["x4-y"], border=0))
    moved = [whole[name][0] - cut[name][0] for name in SET5]
    assert -0.14 < min(moved) < -0.1
    assert 0.05 < max(moved) < 0.12


def test_truncating_instead_of_rounding_costs_a_hundredth_of_a_decibel(data_root):
    rounded = mean(bicubic_on_set5(data_root, STANDARD["x4-y"]))[0]
    truncated = mean(bicubic_on_set5(data_root, STANDARD["x4-y"], truncate=True))[0]
    assert truncated - rounded == pytest.approx(-0.011, abs=0.003)


def test_8_bit_y_costs_two_hundredths_of_a_decibel(data_root):
    exact = mean(bicubic_on_set5(data_root, STANDARD["x4-y"]))[0]
    assert mean(bicubic_on_set5(data_root, STANDARD["x4-y8"]))[0] - exact == pytest.approx(-0.016, abs=0.003)


def test_rounding_y_costs_a_hundredth_of_a_decibel(data_root):
    psnr = registry().get("metric", "psnr").load()()
    pairs = scored_set5(data_root, STANDARD["x4-y"])
    moved = [
        psnr.score(*((image * 255).round() / 255 for image in pair)) - psnr.score(*pair) for pair in pairs.values()
    ]
    assert all(-0.04 < difference < 0 for difference in moved)
    assert np.mean(moved) == pytest.approx(-0.013, abs=0.003)


def test_scikit_images_defaults_flatter(data_root):
    # A uniform 7 x 7 window and the sample covariance; and, for floats of which it does not know the range, 2.
    pairs = {name: [i[0].numpy() for i in pair] for name, pair in scored_set5(data_root, STANDARD["x4-y"]).items()}
    ours = mean(bicubic_on_set5(data_root, STANDARD["x4-y"]))[1]
    window = np.mean([structural_similarity(*pair, data_range=1.0) for pair in pairs.values()])
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    doubled = np.mean([structural_similarity(*pair, data_range=2.0, **options) for pair in pairs.values()])
    assert 0.007 < window - ours < 0.014
    assert 0.05 < doubled - ours < 0.1


# Colour


@pytest.mark.parametrize("name", STANDARD)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_grey_stays_grey(name, dtype):
    protocol = STANDARD[name]
    grey = picture(30, 42, 1, dtype)
    peak = {np.uint8: 255.0, np.uint16: 65535.0, np.float32: 1.0}[dtype]
    reference, values = protocol.reference(grey, Values.of(grey))
    cut = grey[: 30 - 30 % protocol.scale, : 42 - 42 % protocol.scale]
    assert values == Values(0, peak)
    assert np.array_equal(reference, cut)
    lr = protocol.lr(grey, values, "i")
    assert lr.shape == (cut.shape[0] // protocol.scale, cut.shape[1] // protocol.scale, 1)
    assert lr.dtype == dtype
    border = protocol.border
    expected = cut[border:-border, border:-border, 0].astype(np.float64) / peak
    np.testing.assert_array_equal(protocol.scored(reference, values).numpy(), expected[None])


def test_y_is_that_of_basicsr_and_is_not_rounded(basicsr):
    image = picture(21, 34, 3)
    ours = Protocol("p", 1, "y").scored(image, EIGHT_BITS).numpy()[0]
    reference = basicsr.utils.color_util.rgb2ycbcr(image.astype(np.float32) / 255, y_only=True)
    np.testing.assert_allclose(ours, reference, atol=1e-6)
    assert np.abs(ours * 255 - (ours * 255).round()).max() > 0.4


def test_8_bit_y_is_that_of_basicsr(basicsr):
    image = picture(24, 36, 3)
    protocol = Protocol("p", 2, "y8")
    reference, values = protocol.reference(image, EIGHT_BITS)
    assert (reference.dtype, reference.shape, values) == (np.uint8, (24, 36, 1), EIGHT_BITS)
    theirs = basicsr.utils.color_util.rgb2ycbcr(image, y_only=True)[..., None].astype(int)
    # They compute in float32: where a value falls half-way between two levels, one level is allowed.
    assert np.abs(reference.astype(int) - theirs).max() <= 1
    assert (reference != theirs).mean() < 0.01


@pytest.mark.parametrize(("channel", "white", "black"), [("y", 235 / 255, 16 / 255), ("gray", 1.0, 0.0)])
def test_white_and_black_have_the_levels_of_the_standard(channel, white, black):
    protocol = Protocol("p", 1, channel)
    for level, expected in ((255, white), (0, black)):
        image = np.full((4, 5, 3), level, dtype=np.uint8)
        np.testing.assert_allclose(protocol.scored(image, EIGHT_BITS).numpy(), np.full((1, 4, 5), expected), atol=1e-12)


@given(border=st.integers(0, 4), channel=st.sampled_from(["y", "rgb", "gray", "y8"]), seed=st.integers(0, 99))
def test_pixels_of_the_border_do_not_count_whatever_their_colour(border, channel, seed):
    protocol = Protocol("p", 1, channel, border=border)
    image = picture(13, 15, 3, seed=seed)
    framed = picture(13, 15, 3, seed=seed + 1)
    inner = (slice(border, 13 - border), slice(border, 15 - border))
    framed[inner] = image[inner]
    scored = protocol.scored(image, EIGHT_BITS)
    assert scored.shape[-2:] == (13 - 2 * border, 15 - 2 * border)
    assert scored.equal(protocol.scored(framed, EIGHT_BITS))


# Depth


@pytest.mark.parametrize(("dtype", "peak"), [(np.uint16, 65535.0), (np.uint16, 4095.0), (np.float32, 1.0)])
def test_depth_is_kept(dtype, peak, basicsr):
    # Away from black and white: what overshoots is clamped between rows and columns, too.
    hr = ((0.25 + 0.5 * picture(24, 30, 3, np.float32)) * peak).astype(dtype)
    protocol = STANDARD["x2-rgb"]
    lr = protocol.lr(hr, Values(0, peak), "i")
    assert lr.dtype == dtype
    assert lr.max() <= peak
    exact = basicsr.utils.matlab_functions.imresize(hr.astype(np.float64) / peak, 0.5)
    # Half a level of the native depth from rounding columns, another, which weights of alternating signs enlarge, from
    # rounding rows; and basicsr's float32.
    tolerance = 2e-6 + (0 if dtype is np.float32 else (0.5 + 0.5 * 1.375) / peak)
    np.testing.assert_allclose(lr.astype(np.float64) / peak, exact, atol=tolerance)
    scored = replace(protocol, border=0).scored(hr, Values(0, peak)).numpy()
    np.testing.assert_allclose(scored, hr.transpose(2, 0, 1).astype(np.float64) / peak, rtol=0, atol=1e-15)


@given(low=st.integers(0, 60000), name=st.sampled_from(sorted(STANDARD)), seed=st.integers(0, 99))
def test_integers_that_begin_elsewhere_are_the_same_picture(low, name, seed):
    protocol = STANDARD[name]
    hr = picture(16, 20, 3, seed=seed)
    moved, values = hr.astype(np.uint16) + np.uint16(low), Values(low, low + 255)
    lr, moved_lr = (protocol.lr(*pair, "i").astype(int) for pair in ((hr, EIGHT_BITS), (moved, values)))
    assert np.array_equal(lr, moved_lr if protocol.channel == "y8" else moved_lr - low)
    one, other = (protocol.scored(*protocol.reference(*pair)) for pair in ((hr, EIGHT_BITS), (moved, values)))
    assert torch.equal(one, other)


# Sizes


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    scale=st.integers(1, 5),
    border=st.integers(0, 5),
    channels=st.sampled_from([1, 3]),
)
def test_lr_reference_and_score_fit_together_or_the_image_is_too_small(height, width, scale, border, channels):
    protocol = Protocol("p", scale, "y", border=border)
    hr = picture(height, width, channels)
    kept = tuple(side - side % scale for side in (height, width))
    if min(kept) <= 2 * border:
        for refused, arguments in ((protocol.reference, ()), (protocol.lr, ("i",))):
            with pytest.raises(ImageError, match=f"{width} x {height} pixels are too few for p"):
                refused(hr, EIGHT_BITS, *arguments)
        return
    reference, values = protocol.reference(hr, EIGHT_BITS)
    lr = protocol.lr(hr, EIGHT_BITS, "i")
    assert np.array_equal(reference, hr[: kept[0], : kept[1]])
    assert (lr.shape[0] * scale, lr.shape[1] * scale, lr.shape[2]) == reference.shape
    assert protocol.scored(reference, values).shape == (1, kept[0] - 2 * border, kept[1] - 2 * border)


@pytest.mark.parametrize(
    "shipped",
    [picture(11, 16, 3), picture(10, 15, 3), picture(10, 16, 1), picture(10, 16, 3, np.uint16), picture(41, 67, 3)],
    ids=["row too many", "column too few", "grey", "16 bits", "size of HR"],
)
def test_a_shipped_lr_that_does_not_fit_is_an_error(shipped):
    hr = picture(41, 67, 3)
    with pytest.raises(ImageError, match=r"67 x 41 x 3 uint8 at scale 4 it should be 16 x 10 pixels"):
        STANDARD["x4-y"].lr(hr, EIGHT_BITS, "i", shipped)


def test_a_shipped_lr_that_fits_is_used_as_it_is():
    hr, shipped = picture(41, 67, 3), picture(10, 16, 3, seed=1)
    assert np.array_equal(STANDARD["x4-y"].lr(hr, EIGHT_BITS, "i", shipped), shipped)


# Names and keys


def test_every_standard_protocol_cuts_its_scale_and_has_a_name_of_its_own():
    assert len(STANDARD) == 24
    for name, protocol in STANDARD.items():
        borders = protocol.degradation.facts()["borders"]
        repeated = {"mirror": "", "repeat": "-repeat"}[borders]
        assert name == f"x{protocol.scale}-{protocol.channel}{repeated}"
        assert protocol.border == protocol.scale
        assert f"x{protocol.scale}" in describe(protocol)
        assert ("bicubic(borders=repeat) LR" in describe(protocol)) == (borders == "repeat")
    assert len({describe(protocol) for protocol in STANDARD.values()}) == 24


@pytest.mark.parametrize(
    ("field", "value"),
    [("scale", 3), ("channel", "rgb"), ("border", 5), ("degradation", Bicubic("repeat")), ("seed", 1), ("version", 3)],
)
def test_whatever_moves_a_number_is_in_the_key(field, value):
    protocol = STANDARD["x4-y"]
    assert protocol_facts(replace(protocol, **{field: value})) != protocol_facts(protocol)


def test_protocols_that_differ_only_in_scoring_share_their_training():
    protocol = STANDARD["x4-y"]
    assert STANDARD["x4-rgb"].for_training() == protocol.for_training()
    assert replace(protocol, border=0).for_training() == protocol.for_training()
    assert STANDARD["x2-y"].for_training() != protocol.for_training()
    assert STANDARD["x4-y8"].for_training() != protocol.for_training()
    assert STANDARD["x4-y-repeat"].for_training() != protocol.for_training()
    assert STANDARD["x4-y-repeat"].for_training() == STANDARD["x4-rgb-repeat"].for_training()


def test_at_a_fraction_lr_and_hr_are_cut_to_what_covers_each_other():
    protocol = Protocol("p", Fraction(10, 7), border=10, degradation=Bicubic())
    hr = picture(57, 69, 3)
    assert protocol.lr_size(hr.shape) == (35, 42)
    assert protocol.reference(hr, EIGHT_BITS)[0].shape == (50, 60, 3)
    assert np.array_equal(
        protocol.lr(hr, EIGHT_BITS, "i"), Bicubic().lr(hr[:50, :60], EIGHT_BITS, Fraction(10, 7), None)
    )
    with pytest.raises(ImageError, match="after cutting to a multiple of 10"):
        protocol.lr_size((29, 40, 3))


@given(
    st.builds(Fraction, st.integers(1, 20), st.integers(1, 20)).filter(lambda scale: scale >= 1),
    st.integers(20, 200),
    st.integers(20, 200),
)
def test_an_lr_of_as_many_pixels_as_the_field_holds_fits(scale, height, width):
    """What a scanner gives that shows the same field with larger pixels, whole ones."""
    protocol = Protocol("p", scale_of(scale))
    hr, lr = picture(height, width, 1), picture(reduced(height, scale), reduced(width, scale), 1)
    if min(height, width) < scale.numerator:
        return
    if scale.denominator == 1 or all(
        low - low % scale.denominator == side // scale.numerator * scale.denominator
        for side, low in zip(hr.shape[:2], lr.shape[:2], strict=True)
    ):
        cut = protocol.lr(hr, EIGHT_BITS, "i", lr)
        assert cut.shape[:2] == protocol.lr_size(hr.shape)
        assert np.array_equal(cut, lr[: cut.shape[0], : cut.shape[1]])


@pytest.mark.parametrize("size", [(34, 42), (42, 42), (35, 49), (35, 41)])
def test_an_lr_that_covers_more_or_less_than_hr_is_refused(size):
    protocol = Protocol("p", Fraction(10, 7))
    with pytest.raises(ImageError, match="should be 42 x 35 pixels"):
        protocol.lr(picture(57, 69, 3), EIGHT_BITS, "i", picture(*size, 3))


def test_whole_scales_keep_their_keys_and_fractions_are_written_out():
    assert Protocol("p", 4).facts()["scale"] == 4
    assert Protocol("p", Fraction(10, 7)).facts()["scale"] == "10/7"
    assert Protocol("p", Fraction(10, 7), "y8").for_training().name == "x10-7-y8"


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["x2-rgb", "x4-y", "x3-y8"])
def test_lr_without_hr_is_given_as_it_is_at_any_scale(name: str, channels: int) -> None:
    protocol, lr = STANDARD[name], picture(11, 13, channels)
    given, values, shipped = protocol.given(Item("a", None, lone_lr=lr))
    assert (values, shipped) == (EIGHT_BITS, True)
    if protocol.channel == "y8" and channels == 3:
        y = lr / 255 @ np.array([65.481, 128.553, 24.966]) + 16
        assert given.shape == (11, 13, 1) and np.abs(given[..., 0] - y).max() <= 0.5
    else:
        assert np.array_equal(given, lr)


def test_lr_without_hr_is_cut_to_whole_steps_of_a_fraction() -> None:
    lr = picture(23, 30, 3)
    given, _, _ = Protocol("p", Fraction(10, 7)).given(Item("a", None, lone_lr=lr))
    assert np.array_equal(given, lr[:21, :28])
    with pytest.raises(ImageError, match="2 x 2 pixels are too few"):
        Protocol("p", 2, border=1).given(Item("a", None, lone_lr=lr[:1, :1]))


def test_what_is_given_of_hr_is_the_lr_that_the_protocol_makes_or_that_came_with_it() -> None:
    protocol, hr = STANDARD["x2-rgb"], picture(9, 12, 3)
    made, _, shipped = protocol.given(Item("a", hr))
    assert not shipped and np.array_equal(made, protocol.lr(hr, EIGHT_BITS, "a"))
    own = picture(4, 6, 3, seed=1)
    given, _, shipped = protocol.given(Item("a", hr, {("bicubic", 2): own}))
    assert shipped and np.array_equal(given, own)


@pytest.mark.parametrize("name", ["x2-rgb", "x2-y", "x2-gray"])
def test_what_is_compared_is_what_metrics_are_given_as_an_array(name: str) -> None:
    protocol, image = STANDARD[name], picture(12, 16, 3)
    assert np.array_equal(protocol.compared(image, EIGHT_BITS), protocol.scored(image, EIGHT_BITS).numpy())
