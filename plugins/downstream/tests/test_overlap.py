"""Dice and Hausdorff distances against scikit-learn, MONAI and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_hausdorff_distance
from scipy.spatial.distance import directed_hausdorff
from sklearn.metrics import f1_score
from srbench_downstream.overlap import dice, hausdorff

EMPTY = np.zeros((12, 9), bool)


def _blobs(seed: int) -> np.ndarray:
    """Two overlapping discs and a speck."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:40, :30]
    mask = np.zeros((40, 30), bool)
    for radius in (9, 5):
        y, x = random.uniform(8, 22, 2)
        mask |= np.hypot(rows - y, columns - x) < radius
    mask[tuple(random.integers(30, size=2))] = True
    return mask


@pytest.mark.parametrize("seed", range(5))
def test_dice_is_f1_and_distances_are_those_of_monai_and_scipy(seed: int) -> None:
    found, true = _blobs(seed), _blobs(seed + 100)
    assert dice(found, true) == pytest.approx(f1_score(true.ravel(), found.ravel()))
    tensors = [torch.from_numpy(mask)[None, None] for mask in (found, true)]
    for spacing in ((1.0, 1.0), (0.5, 2.0)):
        for percent in (95, 100):
            expected = compute_hausdorff_distance(*tensors, percentile=percent, spacing=list(spacing))
            assert hausdorff(found, true, percent, spacing) == pytest.approx(float(expected), abs=1e-5)
    whole = max(directed_hausdorff(*map(np.argwhere, pair))[0] for pair in ((found, true), (true, found)))
    assert hausdorff(found, true, 100) <= whole + 4, "outlines are no farther than sets, but for what lies inside"


def test_distances_counted_by_hand() -> None:
    one, other = EMPTY.copy(), EMPTY.copy()
    one[2, 2], other[5, 6] = True, True
    assert hausdorff(one, other) == 5.0
    assert hausdorff(one, other, spacing=(2.0, 0.0)) == 6.0
    assert (hausdorff(one, one), dice(one, other), dice(one, one)) == (0.0, 0.0, 1.0)


def test_of_empty_masks_either_all_is_right_or_nothing() -> None:
    some = EMPTY.copy()
    some[3, 3] = True
    assert (dice(EMPTY, EMPTY), hausdorff(EMPTY, EMPTY)) == (1.0, 0.0)
    assert (dice(some, EMPTY), dice(EMPTY, some)) == (0.0, 0.0)
    assert hausdorff(some, EMPTY) == hausdorff(EMPTY, some) == math.hypot(12, 9)
    assert hausdorff(some, EMPTY, spacing=(0.5, 1.0)) == math.hypot(6, 9)
