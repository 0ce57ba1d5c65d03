"""Pictures as tensors and back, to the last value of every depth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from srbench.pictures.tensors import to_image, to_tensor
from srbench.pictures.values import DEPTHS, Values

EIGHT_BITS = DEPTHS["uint8"]


@pytest.mark.parametrize(("kind", "white"), [("uint8", 255), ("uint16", 65535), ("uint16", 4095)])
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_every_value_of_integers_comes_back(kind: str, white: int, precision: torch.dtype) -> None:
    image = np.arange(white + 1, dtype=kind).reshape(1, -1, 1)
    tensor = to_tensor(image, Values(0, white), precision)
    assert tensor.dtype == precision and tensor.shape == (1, 1, white + 1)
    np.testing.assert_array_equal(to_image(tensor, image, Values(0, white)), image)


def test_channels_come_first_and_white_is_one() -> None:
    image = np.array([[[0, 51, 102], [153, 204, 255]]], np.uint8)
    tensor = to_tensor(image, EIGHT_BITS)
    assert tensor.dtype == torch.float32 and tensor.is_contiguous()
    np.testing.assert_allclose(tensor.numpy(), [[[0, 0.6]], [[0.2, 0.8]], [[0.4, 1]]], rtol=1e-6)


def test_what_is_outside_is_clamped_and_a_half_rounded_up() -> None:
    values = torch.tensor([[[-0.1, 0.5, 1.5, 2.5, 254.49, 254.5, 300.0]]], dtype=torch.float64) / 255
    assert to_image(values, np.zeros((1, 1, 1), np.uint8), EIGHT_BITS).ravel().tolist() == [0, 1, 2, 3, 254, 255, 255]


def test_float_pictures_are_clamped_to_black_and_white_and_not_rounded() -> None:
    tensor = torch.tensor([[[-1.0, 0.123, 0.75, 1.25]]])
    found = to_image(tensor, np.zeros((1, 1, 1), np.float32), Values(-2, 6))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.ravel(), [-2, -1.016, 4, 6], rtol=1e-6)


def test_a_picture_of_several_bands_has_no_seams() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 2**21, 1), dtype=np.uint8)  # two rows a band
    np.testing.assert_array_equal(to_image(to_tensor(image, EIGHT_BITS), image, EIGHT_BITS), image)


@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0, 1)])
def test_a_picture_without_pixels_stays_one(shape: tuple[int, ...]) -> None:
    empty = np.zeros(shape, np.uint8)
    assert to_image(to_tensor(empty, EIGHT_BITS), empty, EIGHT_BITS).shape == shape


@pytest.mark.parametrize(
    ("kind", "white"), [("uint8", 255), ("uint16", 65535), ("uint16", 4095), ("float32", 1), ("float32", 3000)]
)
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_with_black_at_zero_every_bit_is_that_of_a_plain_division(
    kind: str, white: int, precision: torch.dtype
) -> None:
    if kind == "float32":
        image = (np.random.default_rng(0).random((40, 50, 3)) * white).astype(kind)
    else:
        image = np.arange(white + 1, dtype=kind).reshape(1, -1, 1)
    exact = torch.from_numpy(image.astype(np.float64)).permute(2, 0, 1).to(precision)
    unit = to_tensor(image, Values(0, white), precision)
    assert torch.equal(unit, exact / torch.tensor(white, dtype=precision))
    back = unit.double() * white
    expected = back if kind == "float32" else (back + 0.5).floor()
    made = to_image(unit, image, Values(0, white))
    np.testing.assert_array_equal(made, expected.permute(1, 2, 0).numpy().astype(kind))
