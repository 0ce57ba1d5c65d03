"""What every task metric does with the numbers of its images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from srbench_downstream.task_metric import TaskMetric, grey, versions

import srbench
from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol

PROTOCOL = Protocol("x2-rgb", 2, "rgb", border=2)


class Brightness(TaskMetric):
    """The mean brightness, and the least where it is not 0."""

    higher_is_better = True
    number = "mean"
    nothing = "nothing is bright"

    def _truth(self, hr: torch.Tensor, item: srbench.Item) -> float:
        return float(hr.mean())

    def _measure(self, image: torch.Tensor, truth: float) -> Mapping[str, float]:
        numbers = {"mean": float(image.mean()), "hr's": truth}
        return numbers if image.max() > 0 else {}


def _scored(*pictures: tuple[float, str | None]) -> tuple[float, srbench.Details] | srbench.Skip:
    metric = Brightness()
    metric.protocol = PROTOCOL
    for number, (brightness, group) in enumerate(pictures):
        item = Item(f"i{number}", np.full((8, 8, 1), 0.5, np.float32), group=group)
        metric.update_item(torch.full((1, 8, 8), brightness).double(), torch.full((1, 8, 8), 0.5).double(), item)
    return metric.compute()


def test_groups_weigh_the_same_as_in_every_mean_of_srbench() -> None:
    answer = _scored((0.2, "a"), (0.4, "a"), (0.9, None))
    assert isinstance(answer, tuple)
    value, details = answer
    assert value == pytest.approx((0.3 + 0.9) / 2)
    assert (details.n, details.interval) == (3, None)
    assert details.ceiling == srbench.Estimate(0.5, n=3)
    assert details.floor is not None and details.floor.value == pytest.approx(0.5)
    assert details.further == {"hr's": pytest.approx(0.5)}


def test_an_image_without_the_number_is_in_no_mean_and_six_have_an_interval() -> None:
    answer = _scored(*((0.1 * number, None) for number in range(8)))
    assert isinstance(answer, tuple)
    value, details = answer
    assert value == pytest.approx(np.mean(0.1 * np.arange(1, 8)))
    interval = srbench.mean_interval(0.1 * np.arange(1, 8))
    assert details.n == 7
    assert details.interval == pytest.approx((interval.low, interval.high))
    skewed = _scored(*((value, None) for value in (0.01, 0.01, 0.01, 0.01, 0.01, 0.9)))
    assert isinstance(skewed, tuple)
    assert srbench.mean_interval([0.01] * 5 + [0.9]).beyond and skewed[1].interval is None
    nothing = _scored((0.0, None))
    assert nothing == srbench.Skip("nothing is bright")


def test_versions_are_whole_images_and_grey_is_the_mean_of_channels() -> None:
    hr = torch.rand(3, 8, 8, dtype=torch.float64)
    item = Item("one", hr.permute(1, 2, 0).float().numpy())
    seen = versions(hr / 2, hr, item, PROTOCOL)
    assert list(seen) == ["sr", "hr", "bicubic"]
    assert seen["bicubic"].shape == (3, 8, 8)
    np.testing.assert_allclose(grey(hr), hr.numpy().mean(0))
