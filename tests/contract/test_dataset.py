"""An item's pixels lie within its declared range, or it says so."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.contract.dataset import Item
from srbench.pictures import ImageError


def test_white_is_the_type_s_unless_declared() -> None:
    deep = np.full((4, 4, 1), 4095, np.uint16)
    assert Item("a", deep).read_hr()[1] == 65535
    assert Item("a", deep, peak=4095).read_hr()[1] == 4095
    assert Item("a", np.ones((4, 4, 3), np.float32)).read_hr()[1] == 1


@pytest.mark.parametrize(
    ("value", "dtype", "peak", "span"),
    [(200, np.float32, None, "from 0 to 200, outside 0 to 1,"), (4096, np.uint16, 4095, "from 0 to 4096"),
     (-0.5, np.float32, None, "from -0.5 to 0,")],
)  # fmt: skip
def test_values_outside_the_range_are_refused(value: float, dtype: type, peak: float | None, span: str) -> None:
    pixels = np.zeros((4, 4, 1), dtype)
    pixels[1, 2] = value
    with pytest.raises(ImageError, match=rf"image 'a' has values {span}.*declare the true peak"):
        Item("a", pixels, peak=peak).read_hr()


@pytest.mark.parametrize(("dtype", "peak", "bits"), [(np.uint8, 4095, 8), (np.uint16, 100_000, 16)])
def test_a_white_that_the_depth_cannot_hold_is_refused(dtype: type, peak: float, bits: int) -> None:
    """SR is written in the depth of HR, and values above what it holds would come out dark."""
    with pytest.raises(ImageError, match=rf"image 'a' has {bits} bits, .* a declared white of {peak}; leave the peak"):
        Item("a", np.zeros((4, 4, 1), dtype), peak=peak).read_hr()
    assert Item("a", np.zeros((4, 4, 1), np.float32), peak=peak).read_hr()[1] == peak


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (1, 4, 4, 3)])
def test_a_wrong_shape_names_the_item(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match="image 'a' has the shape"):
        Item("a", lambda: np.zeros(shape, np.uint8)).read_hr()
