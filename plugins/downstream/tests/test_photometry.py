"""Photometry of SR whose faults are known: too faint, shifted, with stars missing and stars painted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from srbench_downstream.photometry import Completeness, FalseStars, FluxError, PositionError

import srbench
from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.pictures import Values

FWHM, SIDE = 3.0, 96
SIGMA = FWHM / np.sqrt(8 * np.log(2))
LINEAR, BENT = Values(0, 4000, unit="nJy"), Values(0, 4000, "asinh", 20.0, 100.0, "nJy")
GRID = np.array([(x, y) for x in range(16, SIDE, 21) for y in range(16, SIDE, 21)], float)


def _sky(seed: int, *, dim: float = 1.0, shift: float = 0.0, missing: int = 0, painted: int = 0) -> np.ndarray:
    """16 stars of 600 to 6000 units of flux on 100; noise of 2."""
    random = np.random.default_rng(seed)
    places = GRID + random.uniform(-1, 1, GRID.shape)
    amounts = 600 * 10 ** random.uniform(0, 1, len(GRID)) * dim
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(float)
    image = 100 + random.normal(0, 2, (SIDE, SIDE))
    extra = places[:painted] + 10.5
    for (x, y), amount in zip(
        np.vstack([places[missing:], extra]), [*amounts[missing:], *[3000.0] * painted], strict=True
    ):
        distance = (columns - x - shift) ** 2 + (rows - y) ** 2
        image += amount / (2 * np.pi * SIGMA**2) * np.exp(-distance / (2 * SIGMA**2))
    return image


def _scored(kind: type, values: Values = LINEAR, **faults: float) -> tuple[float, srbench.Details]:
    metric = kind(fwhm=FWHM)
    metric.protocol = Protocol("x2-rgb", 2, "rgb", border=2)
    for seed in range(7):
        hr = _sky(seed).astype(np.float32)[..., None]
        sr = _sky(seed, **faults)  # type: ignore[arg-type]
        tensors = [torch.from_numpy(values.to_unit(one)).double() for one in (sr[None], hr.transpose(2, 0, 1))]
        metric.update_item(*tensors, Item(f"field-{seed}", hr, values=values))
    answer = metric.compute()
    assert not isinstance(answer, srbench.Skip), answer
    return answer


@pytest.mark.parametrize("values", [LINEAR, BENT], ids=["linear", "asinh"])
def test_stars_a_tenth_too_faint_have_a_flux_error_of_ten_per_cent(values: Values) -> None:
    value, details = _scored(FluxError, values, dim=0.9)
    assert value == pytest.approx(10, abs=0.1)
    assert details.interval is not None and details.ceiling is None
    assert details.floor is not None and details.floor.value > 1, "bicubic smears stars out of their apertures"
    assert details.further["completeness"] == 1.0
    assert details.further["stars an image"] == 16


def test_shifted_stars_are_off_by_that_much() -> None:
    value, details = _scored(PositionError, shift=0.5)
    assert value == pytest.approx(0.5, abs=0.02)
    assert details.further["completeness"] == 1.0


def test_missing_stars_are_incomplete_and_painted_ones_false() -> None:
    complete, details = _scored(Completeness, missing=4)
    assert complete == pytest.approx(12 / 16)
    assert details.further["false stars"] == 0
    false, details = _scored(FalseStars, painted=4)
    assert false == pytest.approx(4 / 20)
    assert details.further["completeness"] == 1.0


def test_hr_itself_has_no_fault() -> None:
    value, details = _scored(FluxError)
    assert value == pytest.approx(0, abs=1e-4)
    assert (details.further["position error, px"], details.further["completeness"]) == (pytest.approx(0, abs=1e-6), 1)
    assert details.further["false stars"] == 0


def test_images_without_stars_are_a_reason() -> None:
    metric = FluxError()
    metric.protocol = Protocol("x2-rgb", 2, "rgb", border=2)
    grey = np.full((32, 32, 1), 0.5, np.float32)
    metric.update_item(*[torch.full((1, 32, 32), 0.5).double()] * 2, Item("grey", grey))
    answer = metric.compute()
    assert isinstance(answer, srbench.Skip)
    assert "no star was found" in answer.reason
