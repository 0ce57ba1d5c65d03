"""Where a region is: by the mask's values, at HR's size or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srbench
from srbench.contract.masked import Masked
from srbench.errors import ParameterError
from srbench.registry.parameters import resolve
from srbench.registry.shared import create

LABELS = np.array([[0, 1, 2], [2, 0, 255]])


class Plain(srbench.ImageMetric):
    higher_is_better = True

    def score(self, sr: Any, hr: Any) -> float:
        return 0.0


def item(mask: np.ndarray | None, dtype: type = np.uint8) -> srbench.Item:
    picture = np.zeros((2, 3, 3), np.uint8)
    return srbench.Item("a", picture, mask=None if mask is None else mask[..., None].astype(dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(
    ("region", "there"),
    [("mask", LABELS != 0), ("outside", LABELS == 0), (2, LABELS == 2), (0, LABELS == 0), (7, LABELS == 7)],
)
def test_a_region_is_where_the_mask_says(region: Any, there: np.ndarray, dtype: type) -> None:
    masked = create(Plain, resolve(Plain, {"region": region})).masked
    assert np.array_equal(masked.inside(item(LABELS, dtype), 2, 3), there)


def test_without_a_region_no_mask_is_read() -> None:
    metric = create(Plain, resolve(Plain, {}))
    assert metric.requires() == frozenset()
    assert metric.masked.inside(item(None), 2, 3) is None
    assert resolve(Plain, {}) == {}, "what is not asked for is in no key"
    assert create(Plain, resolve(Plain, {"region": "mask"})).requires() == {"masks"}


@pytest.mark.parametrize("wrong", ["inside", -1, 1.5, True])
def test_what_is_no_region_is_refused_by_name(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="region"):
        resolve(Plain, {"region": wrong})


def test_a_mask_that_does_not_fit_is_told_with_its_image() -> None:
    with pytest.raises(srbench.ImageError, match="image 'a' has no mask"):
        Masked("mask").inside(item(None), 2, 3)
    with pytest.raises(srbench.ImageError, match="mask of image 'a' is 3 x 2; it should be the size of HR, 4 x 2"):
        Masked("mask").inside(item(LABELS), 2, 4)
