"""JPEG against imagecodecs, and what becomes of pictures that are no 8 bits."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from srbench_degradations.jpeg import Jpeg

import srbench
from srbench.pictures import DEPTHS, resize_picture
from srbench.testing.pictures import textured_uint8

EIGHT_BITS = DEPTHS["uint8"]
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("quality", [1, 30, 75, 100])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_imagecodecs_file_of_bicubic_lr(quality: int, channels: int) -> None:
    hr = textured_uint8(0, 66, 82, channels)
    bicubic = np.ascontiguousarray(resize_picture(hr, 0.5, EIGHT_BITS).squeeze())
    colour = {} if channels == 1 else {"subsampling": "420"}
    expected = imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(bicubic, level=quality, **colour))
    lr = Jpeg(quality).lr(hr, EIGHT_BITS, 2, RNG)
    assert np.array_equal(lr, expected.reshape(lr.shape))


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("uint16", srbench.Values(0, 65535)), ("uint16", srbench.Values(0, 4080)), ("float32", srbench.Values(-1, 1))],
)
def test_other_types_go_through_the_256_levels_from_black_to_white(dtype: str, values: srbench.Values) -> None:
    levels = textured_uint8(1, 24, 32)
    hr = values.from_unit(levels / 255).round(6).astype(dtype)
    lr = Jpeg(40).lr(hr, values, 1, RNG)
    expected = values.from_unit(Jpeg(40).lr(levels, EIGHT_BITS, 1, RNG) / 255)
    np.testing.assert_allclose(lr, expected, atol=1e-6 if dtype == "float32" else 0.5)
    assert len(np.unique(lr)) <= 256


def test_less_quality_is_further_from_bicubic() -> None:
    hr = textured_uint8(2, 64, 64)
    bicubic = resize_picture(hr, 0.5, EIGHT_BITS).astype(float)
    errors = [np.square(Jpeg(quality).lr(hr, EIGHT_BITS, 2, RNG) - bicubic).mean() for quality in (95, 60, 20, 5)]
    assert errors == sorted(errors) and errors[0] < errors[-1] / 4
