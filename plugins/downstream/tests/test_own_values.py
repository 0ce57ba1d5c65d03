"""Images in their own values and unit, and where they were measured."""

from __future__ import annotations

import numpy as np
import pytest
from srbench_downstream.own_values import OwnValues, Units

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.pictures import Values, to_tensor

PROTOCOL = Protocol("x2-rgb", 2, "rgb", border=2)


@pytest.mark.parametrize(
    ("depth", "values", "unit"),
    [
        ("uint8", None, "levels"),
        ("int16", Values(-1000, 3000, unit="HU"), "HU"),
        ("float32", None, ""),
        ("float32", Values(0, 900, "asinh", 5.0, 10.0, "nJy"), "nJy"),
    ],
)
def test_numbers_come_back_as_they_were(depth: str, values: Values | None, unit: str) -> None:
    top = 1 if depth == "float32" and values is None else 200
    hr = (np.random.default_rng(0).random((9, 8, 3)) * top).astype(depth)
    item = Item("one", hr, values=values)
    own = OwnValues.of(item, PROTOCOL)
    assert own.unit == unit
    native, known = item.read_hr()
    np.testing.assert_allclose(
        own.image(to_tensor(native, known).double())[:, :8], hr[:8].transpose(2, 0, 1), atol=2e-3
    )
    assert own.known.shape == (8, 8), "cut to whole LR pixels, as what is scored"
    assert own.known.all()


def test_what_nobody_measured_is_not_known() -> None:
    hr = np.random.default_rng(0).random((8, 8, 1)).astype(np.float32)
    hr[2, 3] = np.nan
    assert np.argwhere(~OwnValues.of(Item("gap", hr), PROTOCOL).known).tolist() == [[2, 3]]


def test_a_mean_is_of_one_unit() -> None:
    units = Units()
    assert (units.one, units.mixed) == ("", None)
    units.add("HU")
    units.add("HU")
    assert (units.one, units.mixed) == ("HU", None)
    units.add("")
    assert units.mixed is not None and "in no unit and in HU" in units.mixed.reason
