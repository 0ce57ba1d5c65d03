"""An item's pixels lie within its declared range, or it says so."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.contract.dataset import DatasetError, Item
from srbench.pictures import DEPTHS, ImageError, Values


def test_values_are_the_type_s_unless_declared() -> None:
    deep = np.full((4, 4, 1), 4095, np.uint16)
    assert Item("a", deep).read_hr()[1] == DEPTHS["uint16"]
    assert Item("a", deep, values=Values(100, 4095)).read_hr()[1] == Values(100, 4095)
    assert Item("a", np.ones((4, 4, 3), np.float32)).read_hr()[1] == DEPTHS["float32"]


@pytest.mark.parametrize(
    ("value", "dtype", "values", "span"),
    [(200, np.float32, None, "from 0 to 200, outside 0 to 1,"), (4096, np.uint16, Values(0, 4095), "from 0 to 4096"),
     (-0.5, np.float32, None, "from -0.5 to 0,"), (3, np.uint16, Values(1, 9), "from 0 to 3, outside 1 to 9,"),
     (-1001, np.float32, Values(-1000, 3000), "from -1001 to 0, outside -1000 to 3000,")],
)  # fmt: skip
def test_values_outside_the_range_are_refused(value: float, dtype: type, values: Values | None, span: str) -> None:
    pixels = np.zeros((4, 4, 1), dtype)
    pixels[1, 2] = value
    with pytest.raises(ImageError, match=rf"image 'a' has values {span}.*declare the true ones"):
        Item("a", pixels, values=values).read_hr()


@pytest.mark.parametrize(
    ("dtype", "values", "words"),
    [(np.uint8, Values(0, 4095), "uint8, .* from 0 to 255, .* are 0 to 4095; declare none"),
     (np.uint16, Values(0, 100_000), "uint16, .* from 0 to 65535, .* are 0 to 100000; declare none"),
     (np.uint16, Values(-1000, 3000), "uint16, .* are -1000 to 3000; declare none"),
     (np.uint8, Values(0, 254.5), "uint8, which holds whole numbers from 0 to 255, .* are 0 to 254.5; declare none")],
)  # fmt: skip
def test_values_that_the_depth_cannot_hold_are_refused(dtype: type, values: Values, words: str) -> None:
    """SR is written in the depth of HR, and values above what it holds would come out dark."""
    with pytest.raises(ImageError, match=rf"image 'a' is {words}"):
        Item("a", np.zeros((4, 4, 1), dtype), values=values).read_hr()
    assert Item("a", np.zeros((4, 4, 1), np.float32), values=values).read_hr()[1] == values


def test_black_and_white_themselves_lie_within_whatever_32_bits_make_of_them() -> None:
    for low, high in ((-273.15, 0.1), (0.1, 0.3), (-1 / 3, 1e-3)):
        Item("a", np.float32([[[low], [high]]]), values=Values(low, high)).read_hr()


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (1, 4, 4, 3)])
def test_a_wrong_shape_names_the_item(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match="image 'a' has the shape"):
        Item("a", lambda: np.zeros(shape, np.uint8)).read_hr()


def test_an_item_is_hr_or_lr_alone() -> None:
    pixels, lr = np.full((4, 4, 1), 7, np.uint8), np.full((2, 2, 1), 9, np.uint8)
    whole, lone = Item("a", pixels), Item("b", None, lone_lr=lr)
    assert (whole.own is pixels, lone.own is lr) == (True, True)
    assert np.array_equal(lone.read_own()[0], lr) and lone.read_own()[1] == DEPTHS["uint8"]
    assert np.array_equal(whole.read_own()[0], whole.read_hr()[0])
    with pytest.raises(DatasetError, match="image 'b' has no HR, only LR"):
        lone.read_hr()
    for both in (Item, lambda *given, **more: Item(*given, lone_lr=lr, **more)):
        with pytest.raises(DatasetError, match="image 'c' needs `hr`, or else `lone_lr`, and not both"):
            both("c", None if both is Item else pixels)
