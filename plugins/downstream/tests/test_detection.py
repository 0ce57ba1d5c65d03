"""Detectability on phantoms with planted blobs, whose truth is known: the ideal observer has a closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from srbench_downstream.channels import channels
from srbench_downstream.detection import Detection

import srbench
from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol

SIDE, STEP, RADIUS = 128, 32, 10
SIGMA, NOISE, HEIGHT = 1.5, 0.05, 0.055
"""Of the blobs, of the noise, and of the blobs again: HR's ideal observer has d' = 2.9."""
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(float)
CENTRES = [(y, x) for y in range(STEP // 2, SIDE, STEP) for x in range(STEP // 2, SIDE, STEP)]


def _blobs(sigma: float, height: float) -> np.ndarray:
    return sum(height * np.exp(-((ROWS - y) ** 2 + (COLUMNS - x) ** 2) / (2 * sigma**2)) for y, x in CENTRES)


def _blurred(blur: float) -> np.ndarray:
    """The blobs after a Gaussian blur, which leaves their sum as it is."""
    wide = np.hypot(SIGMA, blur)
    return _blobs(wide, HEIGHT * SIGMA**2 / wide**2)


def _ideal(blur: float) -> float:
    """d'^2 = sum(s^2) / sigma^2 in white noise: for Gaussians the sum is pi A^2 w^2."""
    wide = np.hypot(SIGMA, blur)
    return float(np.sqrt(np.pi) * HEIGHT * SIGMA**2 / wide / NOISE)


def _picture(seed: int, blur: float = 0.0) -> np.ndarray:
    """Blurred blobs, as a lens makes them, in the white noise of a detector."""
    noise = np.random.default_rng((seed, round(100 * blur))).normal(0, NOISE, (SIDE, SIDE))
    return np.clip(0.4 + _blurred(blur) + noise, 0, 1)


def _item(seed: int, group: str | None = None) -> Item:
    mask = np.zeros((SIDE, SIDE, 1), np.uint8)
    mask[tuple(np.array(CENTRES).T)] = 1
    return Item(f"phantom-{seed}", _picture(seed)[..., None].astype(np.float32), mask=mask, group=group)


def _tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture)[None].double()


def _metric(pictures: Sequence[np.ndarray], items: Sequence[Item] | None = None, **params: object) -> Detection:
    metric = Detection(radius=RADIUS, **params)  # type: ignore[arg-type]
    metric.protocol = Protocol("x2-rgb", 2, "rgb", border=2)
    for picture, item in zip(pictures, items or [_item(seed) for seed in range(len(pictures))], strict=True):
        metric.update_item(_tensor(picture), torch.from_numpy(np.asarray(item.hr))[..., 0][None].double(), item)
    return metric


def _answer(metric: Detection) -> tuple[float, srbench.Details]:
    answer = metric.compute()
    assert not isinstance(answer, srbench.Skip), answer
    return answer


def test_detectability_falls_with_blur_as_the_ideal_observer_s_does() -> None:
    found = []
    for blur in (0.0, 1.0, 2.0, 4.0):
        value, details = _answer(_metric([_picture(seed, blur) for seed in range(20)]))
        assert details.interval is not None
        assert details.interval[0] <= _ideal(blur) <= details.interval[1], (blur, value, details.interval, _ideal(blur))
        found.append(value)
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] > 1


def test_hr_is_the_ceiling_and_bicubic_the_floor() -> None:
    items = [_item(seed) for seed in range(20)]
    value, details = _answer(_metric([_picture(seed) for seed in range(20)], items))
    assert details.ceiling is not None and details.ceiling.interval is not None and details.floor is not None
    assert value == pytest.approx(details.ceiling.value, abs=1e-6), "SR is HR"
    assert details.ceiling.interval[0] <= _ideal(0) <= details.ceiling.interval[1]
    assert details.floor.value < details.ceiling.value
    assert details.further["AUC"] == pytest.approx(details.further["ceiling AUC"])
    assert details.further["floor AUC"] < details.further["AUC low"] + 0.05
    assert (details.n, details.further["signals"], details.further["patches without"]) == (20, 320, 400)


def test_coloured_noise_is_whitened_and_no_channels_beat_the_ideal_observer() -> None:
    """Blurring signal and noise together loses nothing to the ideal observer, and something to channels."""
    blur = 1.0
    pictures = [np.clip(0.4 + gaussian_filter(_picture(seed) - 0.4, blur, mode="wrap"), 0, 1) for seed in range(20)]
    value, details = _answer(_metric(pictures))
    assert details.interval is not None
    assert value < _ideal(0)
    # What the channels see in closed form: U^T s, and U^T K U with the blur's own covariance.
    line = np.arange(-RADIUS, RADIUS + 1)
    y, x = (grid.ravel() for grid in np.meshgrid(line, line, indexing="ij"))
    distance = (y[:, None] - y[None]) ** 2 + (x[:, None] - x[None]) ** 2
    covariance = NOISE**2 / (4 * np.pi * blur**2) * np.exp(-distance / (4 * blur**2))
    wide = np.hypot(SIGMA, blur)
    signal = HEIGHT * SIGMA**2 / wide**2 * np.exp(-(y**2 + x**2) / (2 * wide**2))
    seen = channels("laguerre-gauss", RADIUS, 0.6 * RADIUS)
    through = seen.T @ signal
    channelised = np.sqrt(through @ np.linalg.solve(seen.T @ covariance @ seen, through))
    assert channelised <= _ideal(0)
    assert details.interval[0] <= channelised <= details.interval[1]


def test_groups_are_left_out_together_and_a_single_image_patch_by_patch() -> None:
    pictures = [_picture(seed) for seed in range(8)]
    grouped = _metric(pictures, [_item(seed, f"patient-{seed // 2}") for seed in range(8)])
    assert _answer(grouped)[1].interval is None, "four patients are too few"
    of_one = _metric(pictures, [_item(seed, "patient") for seed in range(8)])
    assert _answer(of_one)[0] == _answer(_metric(pictures))[0], "of one patient, images are"
    assert 1 < _answer(_metric(pictures[:1]))[0] < 5


def test_gabor_channels_see_the_blobs_too() -> None:
    value, _ = _answer(_metric([_picture(seed) for seed in range(20)], channels="gabor"))
    assert 0.8 * _ideal(0) < value < 1.1 * _ideal(0)


def test_places_without_a_signal_are_the_same_whatever_the_method() -> None:
    items = [_item(seed) for seed in range(6)]
    once = _metric([_picture(seed) for seed in range(6)], items)
    again = _metric([_picture(seed, 3.0) for seed in range(5, -1, -1)], items[::-1])
    details = [_answer(metric)[1] for metric in (once, again)]
    assert details[0].ceiling is not None and details[1].ceiling is not None
    assert details[0].ceiling.value == pytest.approx(details[1].ceiling.value)


def test_masks_without_small_signals_are_a_reason() -> None:
    whole = [replace(_item(seed), mask=np.ones((SIDE, SIDE, 1), np.uint8)) for seed in range(3)]
    answer = _metric([_picture(seed) for seed in range(3)], whole).compute()
    assert isinstance(answer, srbench.Skip)
    assert "at most 10 pixels" in answer.reason
    assert "0 of the one and 0 of the other" in answer.reason
