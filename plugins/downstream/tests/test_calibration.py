"""Bias and slope of SR whose errors are known, in the pictures' own unit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import linregress
from srbench_downstream.calibration import Calibration, PhysicalError

import srbench
from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.pictures import Values

HU = Values(-1000, 3000, unit="HU")


def _hr(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-400, 1200, (20, 30, 1)).astype(np.int16)


def _scored(kind: type, change, items: list[Item] | None = None, count: int = 1) -> tuple[float, srbench.Details, str]:  # type: ignore[no-untyped-def]
    metric = kind()
    metric.protocol = Protocol("x2-rgb", 2, "rgb", border=2)
    for item in items or [Item(f"slice-{seed}", _hr(seed), values=HU) for seed in range(count)]:
        native, values = item.read_hr()
        tensors = (
            torch.from_numpy(values.to_unit(one.transpose(2, 0, 1))) for one in (change(native.astype(float)), native)
        )
        metric.update_item(*tensors, item)
    answer = metric.compute()
    assert not isinstance(answer, srbench.Skip), answer
    return *answer, metric.unit


def test_a_shift_is_the_bias_of_every_decile_and_leaves_the_slope() -> None:
    value, details, unit = _scored(Calibration, lambda hr: hr + 12)
    assert (value, unit) == (pytest.approx(12), "HU")
    assert [details.further[f"bias {decile}"] for decile in range(1, 11)] == pytest.approx([12.0] * 10)
    assert details.further["slope"] == pytest.approx(1)
    assert details.ceiling is None and details.floor is not None and details.floor.value > 12


def test_lost_contrast_is_a_slope_and_biases_that_fall() -> None:
    middle = 400.0
    _, details, _ = _scored(Calibration, lambda hr: middle + 0.8 * (hr - middle))
    biases = [details.further[f"bias {decile}"] for decile in range(1, 11)]
    assert biases == sorted(biases, reverse=True)
    assert biases[0] > 100 > -100 > biases[-1]
    slopes = [details.further["slope"], *(details.further[f"slope {decile}"] for decile in range(1, 11))]
    assert slopes == pytest.approx([0.8] * 11)


def test_deciles_and_slopes_are_those_of_scipy() -> None:
    noise = np.random.default_rng(9).normal(0, 50, (20, 30, 1))
    _, details, _ = _scored(Calibration, lambda hr: hr * 0.9 + noise)
    hr = _hr().ravel().astype(float)
    sr, order = hr * 0.9 + noise.ravel(), np.argsort(hr, kind="stable")
    assert details.further["slope"] == pytest.approx(linregress(hr, sr).slope)
    for decile, part in enumerate(order.reshape(10, -1), 1):
        assert details.further[f"bias {decile}"] == pytest.approx((sr - hr)[part].mean())
        assert details.further[f"slope {decile}"] == pytest.approx(linregress(hr[part], sr[part]).slope)


def test_errors_are_in_the_unit_of_the_pictures() -> None:
    sign = np.where(np.arange(600).reshape(20, 30, 1) % 2, 1.0, -3.0)
    value, details, unit = _scored(PhysicalError, lambda hr: hr + 10 * sign, count=7)
    assert (value, unit) == (pytest.approx(20), "HU")
    assert details.interval == pytest.approx((20, 20))
    told = details.further
    assert (told["bias"], told["largest"]) == (pytest.approx(-10), pytest.approx(30))
    assert told["root mean square"] == pytest.approx(np.sqrt(500))


def test_what_was_not_measured_flatters_nobody() -> None:
    hr = np.random.default_rng(0).random((20, 20, 1)).astype(np.float32)
    hr[:10] = np.nan
    # Of gaps, SR is shown to metrics as HR.
    value, _, unit = _scored(PhysicalError, lambda one: one + 0.1 * ~np.isnan(hr), [Item("gaps", hr)])
    assert (value, unit) == (pytest.approx(0.1), "")


def test_pictures_in_several_units_have_no_mean() -> None:
    metric = PhysicalError()
    metric.protocol = Protocol("x2-rgb", 2, "rgb", border=2)
    for number, values in enumerate((HU, Values(0, 4000, unit="ADU"))):
        hr = np.full((8, 8, 1), 100, np.int16)
        metric.update_item(*[torch.full((1, 8, 8), 0.2).double()] * 2, Item(f"i{number}", hr, values=values))
    answer = metric.compute()
    assert isinstance(answer, srbench.Skip)
    assert "in ADU and in HU" in answer.reason
