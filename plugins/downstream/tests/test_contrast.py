"""The contrast of bright spots of known height."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from srbench_downstream.contrast import SpotContrast

import srbench
from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.pictures import Values

SIDE = 64


def _picture(height: float, tilt: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Spots of 3 x 3 pixels, one of them dark, and a large bright square, on a level of 1000."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for y, x in ((12, 12), (12, 44), (30, 30)):
        mask[y : y + 3, x : x + 3] = 1
    picture = 1000.0 + height * (mask > 0) + tilt * np.arange(SIDE)
    picture[50:53, 10:13], mask[50:53, 10:13] = 600, 1
    picture[40:63, 38:62], mask[40:63, 38:62] = 2000, 1
    return picture, mask


def _scored(sr: np.ndarray, count: int = 1) -> float | tuple[float, srbench.Details] | srbench.Skip:
    hr, mask = _picture(400)
    metric, values = SpotContrast(), Values(0, 4000, unit="HU")
    metric.protocol = Protocol("x2-rgb", 2, "rgb", border=2)
    for number in range(count):
        item = Item(f"one-{number}", hr[..., None].astype(np.uint16), mask=mask[..., None], values=values)
        metric.update_item(*(torch.from_numpy(values.to_unit(one))[None] for one in (sr, hr)), item)
    return metric.compute()


@pytest.mark.parametrize(("height", "kept"), [(400, 1.0), (300, 0.75), (100, 0.25), (500, 1.25)])
def test_what_is_left_of_the_height_is_kept_whatever_the_background(height: float, kept: float) -> None:
    for tilt in (0.0, 3.0):
        answer = _scored(_picture(height, tilt)[0])
        assert isinstance(answer, tuple)
        value, details = answer
        assert details.further["contrast kept"] == pytest.approx(kept)
        assert value == pytest.approx(abs(kept - 1))
        assert details.further["spots an image"] == 3, "the dark one and the large one do not count"
        assert details.ceiling is None


def test_more_blur_leaves_less_and_bicubic_is_the_floor() -> None:
    hr, _ = _picture(400)
    answers = [_scored(gaussian_filter(hr.astype(float), sigma), count=6) for sigma in (0.5, 1.0, 2.0)]
    assert all(isinstance(answer, tuple) for answer in answers)
    values = [answer[0] for answer in answers if isinstance(answer, tuple)]
    assert values == sorted(values)
    assert values[0] < values[-1]
    details = answers[0][1]  # type: ignore[index]
    assert 0 < details.floor.value < 1
    assert details.interval is not None


def test_masks_without_bright_spots_are_a_reason() -> None:
    metric = SpotContrast()
    metric.protocol = Protocol("x2-rgb", 2, "rgb", border=2)
    picture = np.full((SIDE, SIDE, 1), 0.5, np.float32)
    tensor = torch.from_numpy(picture.transpose(2, 0, 1)).double()
    metric.update_item(tensor, tensor, Item("flat", picture, mask=np.zeros((SIDE, SIDE, 1), np.uint8)))
    assert isinstance(metric.compute(), srbench.Skip)
