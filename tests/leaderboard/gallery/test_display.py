"""How pages show an image: its window, in 8 bits, and the words beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.gallery.display import WINDOW, meaning, to_display, window, write_png
from srbench.pictures import Values, read_image
from srbench.store.references import Reference


def test_sixteen_bits_and_floats_are_shown_from_their_black_to_their_white() -> None:
    deep = np.array([[[0], [32768], [65535]]], dtype=np.uint16)
    assert to_display(deep, Values(0, 65535)).ravel().tolist() == [0, 128, 255]
    assert to_display(deep, Values(0, 32768)).ravel().tolist() == [0, 255, 255]
    floats = np.array([[[-1.0], [0.5], [2.0]]], dtype=np.float32)
    assert to_display(floats, Values(0, 1)).ravel().tolist() == [0, 128, 255]
    assert to_display(floats, Values(-1, 2)).ravel().tolist() == [0, 128, 255]
    signed = np.array([[[-1000], [0], [40], [3000]]], np.int16)
    assert to_display(signed, Values(-1000, 3000, window=(0, 80))).ravel().tolist() == [0, 0, 128, 255]
    assert to_display(np.array([[[20], [250]]], np.uint8), Values(20, 250)).ravel().tolist() == [0, 255]


def test_what_was_not_measured_is_grey_and_counted() -> None:
    hr = np.array([[[0.0], [np.nan], [100.0], [np.nan]]], np.float32)
    for values in (Values(0, 100), Values(-50, 200, "asinh", 3, 1), Values(0, 1000, window=(0, 100))):
        assert to_display(hr, values).ravel()[[1, 3]].tolist() == [128, 128]
        words = meaning(Reference(hr, values))
        assert words.split(", ")[-1] == "grey in HR: not measured (2 pixels)"


def test_the_window_lies_on_lr_pixels_where_errors_are_greatest() -> None:
    errors = np.zeros((600, 800))
    errors[400:420, 700:720] = 1
    left, top, width, height = window(800, 600, 4, errors)
    assert (width, height) == (WINDOW, WINDOW)
    assert left % 4 == 0 and top % 4 == 0
    assert errors[top : top + height, left : left + width].sum() == errors.sum()
    assert window(40, 30, 2, None) == (0, 0, 40, 30)


@pytest.mark.parametrize(
    ("values", "spacing", "words"),
    [
        (Values(0, 255), None, ""),
        (Values(-1000, 3000, unit="HU", window=(0, 80)), (0.7, 0.7), "shown from 0 to 80 HU, pixels of 0.7 mm"),
        (Values(0, 5000, "asinh", 30, unit="adu"), None, "shown from 0 to 5000 adu along asinh"),
        (Values(0, 255), (1, 2.5), "pixels of 1 × 2.5 mm"),
    ],
)
def test_what_values_and_pixels_mean_is_told_where_it_is_not_usual(values: Values, spacing, words: str) -> None:
    assert meaning(Reference(np.zeros((2, 2, 1), np.int16), values, spacing=spacing)) == words


@given(width=st.integers(1, 900), height=st.integers(1, 900), scale=st.sampled_from([1, 2, 3, 4, 8]))
def test_a_window_lies_inside_on_lr_pixels_and_is_as_large_as_it_may_be(width: int, height: int, scale: int) -> None:
    width, height = width * scale // scale * scale or scale, height * scale // scale * scale or scale
    errors = np.random.default_rng(width).random((height, width)) if width * height < 10**5 else None
    left, top, wide, high = window(width, height, scale, errors)
    assert 0 <= left <= width - wide and 0 <= top <= height - high
    assert left % scale == top % scale == 0
    assert (wide, high) == (min(width, WINDOW - WINDOW % scale), min(height, WINDOW - WINDOW % scale))


def test_a_png_is_read_as_it_was_written(tmp_path: Path) -> None:
    for channels in (1, 3):
        image = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
        write_png(tmp_path / "a.png", image)
        assert np.array_equal(read_image(tmp_path / "a.png"), image)
