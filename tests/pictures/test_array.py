"""Pictures in memory: white, tensors and back, to the last value of every depth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from srbench.pictures.array import PEAKS, ImageError, in_digits, peak_of, to_image, to_tensor


def test_white_is_the_type_s_and_other_types_have_none() -> None:
    assert [peak_of(np.zeros(1, kind)) for kind in ("uint8", "uint16", "float32")] == [255, 65535, 1]
    for kind in ("int8", "int16", "float64", "float16", "bool", "uint32"):
        with pytest.raises(ImageError, match=f"not {kind}"):
            peak_of(np.zeros(1, kind))


@pytest.mark.parametrize(("kind", "white"), [("uint8", 255), ("uint16", 65535), ("uint16", 4095)])
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_every_value_of_integers_comes_back(kind: str, white: int, precision: torch.dtype) -> None:
    image = np.arange(white + 1, dtype=kind).reshape(1, -1, 1)
    tensor = to_tensor(image, white, precision)
    assert tensor.dtype == precision and tensor.shape == (1, 1, white + 1)
    np.testing.assert_array_equal(to_image(tensor, image, white), image)


def test_channels_come_first_and_white_is_one() -> None:
    image = np.array([[[0, 51, 102], [153, 204, 255]]], np.uint8)
    tensor = to_tensor(image, 255)
    assert tensor.dtype == torch.float32 and tensor.is_contiguous()
    np.testing.assert_allclose(tensor.numpy(), [[[0, 0.6]], [[0.2, 0.8]], [[0.4, 1]]], rtol=1e-6)


def test_what_is_outside_is_clamped_and_a_half_rounded_up() -> None:
    values = torch.tensor([[[-0.1, 0.5, 1.5, 2.5, 254.49, 254.5, 300.0]]], dtype=torch.float64) / 255
    assert to_image(values, np.zeros((1, 1, 1), np.uint8), 255).ravel().tolist() == [0, 1, 2, 3, 254, 255, 255]


def test_float_pictures_are_clamped_to_their_white_and_not_rounded() -> None:
    tensor = torch.tensor([[[-1.0, 0.123, 0.75, 1.25]]])
    found = to_image(tensor, np.zeros((1, 1, 1), np.float32), 2.0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.ravel(), [0, 0.246, 1.5, 2], rtol=1e-6)


def test_a_picture_of_several_bands_has_no_seams() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 2**21, 1), dtype=np.uint8)  # two rows a band
    np.testing.assert_array_equal(to_image(to_tensor(image, 255), image, 255), image)


@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0, 1)])
def test_a_picture_without_pixels_stays_one(shape: tuple[int, ...]) -> None:
    empty = np.zeros(shape, np.uint8)
    assert to_image(to_tensor(empty, 255), empty, 255).shape == shape


@pytest.mark.parametrize(
    ("value", "words"),
    [(float(np.float32(0.1)), "0.1"), (1.0000001, "1.0000001"),
     (255.0, "255"), (65535.0, "65535"), (-0.5, "-0.5"), (0.0, "0")],
)  # fmt: skip
def test_values_are_told_in_the_digits_that_32_bits_have(value: float, words: str) -> None:
    assert in_digits(value) == words


def test_neighbours_in_32_bits_are_told_apart() -> None:
    for value in (1.0, 0.1, 255.0, 65535.0):
        near = np.nextafter(np.float32(value), np.float32(np.inf))
        assert in_digits(float(near)) != in_digits(float(np.float32(value)))
    assert set(PEAKS) == {"uint8", "uint16", "float32"}
