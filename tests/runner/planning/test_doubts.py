"""What is probably wrong with the values of a split is asked about, and nothing that is right."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.contract.dataset import DatasetError, Item
from srbench.contract.protocol import Protocol
from srbench.pictures import ImageError, Values
from srbench.runner.planning.survey import Surveyor

X2 = Protocol("x2", 2)


def textured(high: int, seed: int = 0, low: int = 0, dtype: type = np.uint16) -> np.ndarray:
    """A picture whose darkest and brightest values are `low` and `high`."""
    units = np.random.default_rng(seed).random((24, 32, 1))
    units = (units - units.min()) / (units.max() - units.min())
    return np.round(low + units * (high - low)).astype(dtype)


def warnings(*pictures: np.ndarray, values: Values | None = None) -> tuple[str, ...]:
    items = [Item(f"p{place}", picture, values=values) for place, picture in enumerate(pictures)]
    return Surveyor().survey(items, X2).warnings


@pytest.mark.parametrize("bits", [8, 9, 10, 11, 12, 13, 14])
def test_pictures_of_fewer_bits_in_files_of_16_are_asked_about(bits: int) -> None:
    peak = 2**bits - 1
    (warning,) = warnings(textured(peak), textured(peak - 100, seed=1))
    assert f"no value is above {peak} (the highest is {peak}), but white is 65535" in warning
    assert f"did you mean `peak: {peak}`?" in warning


def test_a_declared_peak_answers_the_question() -> None:
    assert warnings(textured(4095), values=Values(0, 4095)) == ()


def test_pictures_of_8_bits_float_and_16_used_bits_are_as_they_should_be() -> None:
    assert warnings(textured(60, dtype=np.uint8)) == ()
    assert warnings((textured(4095) / 65535).astype(np.float32)) == ()
    assert warnings(textured(65535)) == ()
    assert warnings(textured(20000)) == ()  # underexposed by less than two stops


def test_12_bits_shifted_to_the_top_of_16_have_the_right_white_however_dark() -> None:
    assert warnings(textured(255) * 16) == ()
    assert warnings(textured(4000) * 4) == ()


def test_blank_pictures_say_nothing_of_white() -> None:
    blank = np.zeros((24, 32, 1), np.uint16)
    assert warnings(blank, blank + 40) == ()
    assert warnings(blank, textured(60000)) == ()
    # A flat bright one does: it cannot come from 12 bits.
    assert warnings(textured(4095), blank + 60000) == ()
    (warning,) = warnings(blank, textured(4095))
    assert "`peak: 4095`" in warning


def test_one_picture_of_fewer_bits_among_others_is_named() -> None:
    others = [textured(60000 - 1000 * seed, seed) for seed in range(7)]
    (warning,) = warnings(*others, textured(4095, 9))
    assert (
        "no value of p7 is above 4095, but others reach 60000: is it a picture of 12 bits among those of 16?" in warning
    )
    (warning,) = warnings(*others, textured(4095, 9), textured(1020, 10))
    assert "p7, p8" in warning


def test_a_dark_picture_among_others_is_not_taken_for_one_of_fewer_bits() -> None:
    others = [textured(60000 - 1000 * seed, seed) for seed in range(7)]
    for high in (300, 800, 3000, 5000, 9000, 16000):
        assert warnings(*others, textured(high, 9)) == ()
    # Where most are dark, one more that is proves nothing.
    assert warnings(textured(60000), *(textured(high, high) for high in (3000, 4090, 2500))) == ()


def pair(hr: np.ndarray, factor: float) -> Item:
    lr = (hr.reshape(12, 2, 16, 2, 1).mean(axis=(1, 3)) * factor).clip(0, 65535).astype(hr.dtype)
    return Item("p", hr, {("bicubic", 2): lr})


@pytest.mark.parametrize("factor", [16, 1 / 16, 2.5])
def test_lr_that_is_not_as_bright_as_its_hr_is_named(factor: float) -> None:
    (warning,) = Surveyor().survey([pair(textured(20000), factor)], X2).warnings
    assert "the LR of p is not as bright as its HR" in warning


def test_lr_of_about_the_same_brightness_or_dark_with_noise_is_not() -> None:
    assert Surveyor().survey([pair(textured(40000), 1.5)], X2).warnings == ()
    dark = textured(30000)
    dark[dark > 200] = 200
    dark[0, 0] = 30000
    assert Surveyor().survey([pair(dark, 3)], X2).warnings == ()


def test_a_declared_range_that_is_hardly_used_is_asked_about() -> None:
    pictures = textured(1900, low=1000), textured(2080, seed=1, low=1000)
    (warning,) = warnings(*pictures, values=Values(0, 4000, unit="HU"))
    assert warning.startswith("27 % of the range from black to white (0 to 4000 HU) is used: values are from 1000 to")
    assert warnings(textured(1100), textured(3200, seed=1, low=1000), values=Values(0, 4000)) == ()
    assert "range" in "".join(warnings(textured(200, dtype=np.int16)))
    bent = Values(0, 60000, "asinh", knee=10)
    assert warnings(textured(30000), values=bent) == ()


def test_pixels_that_were_not_measured_are_counted() -> None:
    gap = textured(1, dtype=np.float64).astype(np.float32)
    gap[:6] = np.nan
    (warning,) = warnings(gap, textured(1, seed=1, dtype=np.float64).astype(np.float32))
    assert warning == "of p0 25 % of the pixels were not measured (NaN)"


def test_brightness_is_told_from_black_on() -> None:
    values = Values(-1000, 2000)
    hr = textured(1000, low=-900, dtype=np.float32)
    means = hr.reshape(12, 2, 16, 2, 1).mean(axis=(1, 3))
    for lr, told in ((means, False), (means / 2 - 500, True), (means + 1000, False), (means + 1200, True)):
        item = Item("p", hr, {("bicubic", 2): lr.astype(np.float32)}, values=values)
        assert bool(Surveyor().survey([item], X2).warnings) is told


def test_lr_outside_its_range_is_refused_as_hr_is() -> None:
    hr = textured(4000)
    inside, above = hr[::2, ::2], hr[::2, ::2] + np.uint16(2000)
    above[0, 0] = 5000
    assert Surveyor().survey([Item("p", hr, {("bicubic", 2): inside}, values=Values(0, 4095))], X2).lr_sizes == (
        (12, 16),
    )
    item = Item("p", hr, {("bicubic", 2): above}, values=Values(0, 4095))
    with pytest.raises(DatasetError, match=r"values from \d+ to \d+, outside 0 to 4095"):
        Surveyor().survey([item], X2)
    with pytest.raises(ImageError, match=r"the LR of image 'p' has values from \d+ to \d+, outside 0 to 4095"):
        item.read_lr("bicubic", 2)


def test_hr_outside_its_range_is_refused_before_anything_runs() -> None:
    for hr in (textured(5000), textured(1, dtype=np.float32) * 255, textured(1, dtype=np.float32) - 0.5):
        values = Values(0, 4095) if hr.dtype == np.uint16 else None
        with pytest.raises(DatasetError, match="outside 0 to"):
            Surveyor().survey([Item("p", hr, values=values)], X2)
