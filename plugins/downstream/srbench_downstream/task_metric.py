"""One question asked of every version of an image: of SR, of HR (the ceiling) and of bicubic SR (the floor)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from srbench_cas.floor import bicubic

import srbench

if TYPE_CHECKING:
    import torch

Array = npt.NDArray[np.float64]
Version = Literal["sr", "hr", "bicubic"]


def versions(sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item, protocol: srbench.Protocol) -> dict[Version, Any]:
    """The versions of an image, each `(C, H, W)` float64 in [0, 1], on the CPU."""
    return {"sr": sr, "hr": hr, "bicubic": bicubic(item, protocol)}


def grey(image: torch.Tensor) -> Array:
    """The mean over channels `(H, W)`."""
    mean: Array = image.mean(0).numpy()
    return mean


class TaskMetric(srbench.SetMetric):
    """The mean over images, and over groups, of numbers that each version of an image has by itself.

    number: which of them is the value; the others stand beside it. of_hr: whether HR is measured, too; where its number
    is known by definition it is not. nothing: why there is no value where no image has one.
    """

    judges = "task"
    sees = "image"
    number: ClassVar[str]
    of_hr: ClassVar[bool] = True
    nothing: ClassVar[str]

    def __init__(self) -> None:
        self._found: dict[Version, dict[str, list[tuple[float, str | None]]]] = {}

    def update_item(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
        """Take in one image and its HR."""
        truth = self._truth(hr, item)
        for version, image in versions(sr, hr, item, self.protocol).items():
            if version == "hr" and not self.of_hr:
                continue
            for name, value in self._measure(image, truth).items():
                self._found.setdefault(version, {}).setdefault(name, []).append((value, item.group))

    @abstractmethod
    def _truth(self, hr: torch.Tensor, item: srbench.Item) -> Any:
        """What is known of an image, whichever version of it is measured."""

    @abstractmethod
    def _measure(self, image: torch.Tensor, truth: Any) -> Mapping[str, float]:
        """Measure an image `(C, H, W)`: numbers by names for people, those apart that it does not have."""

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The mean over groups and images without one, with its interval; skipped where no image has the number."""
        value = self._mean("sr", self.number)
        if value is None:
            return srbench.Skip(self.nothing)
        others = {name: self._mean("sr", name) for name in self._found["sr"] if name != self.number}
        return value.value, srbench.Details(
            n=value.n,
            interval=value.interval,
            ceiling=self._mean("hr", self.number),
            floor=self._mean("bicubic", self.number),
            further={name: mean.value for name, mean in others.items() if mean is not None},
        )

    def _mean(self, version: Version, name: str) -> srbench.Estimate | None:
        found = self._found.get(version, {}).get(name)
        if not found:
            return None
        values, groups = zip(*found, strict=True)
        mean = srbench.mean_interval(values, groups)
        assert mean.estimate is not None
        ends = None if mean.low is None or mean.high is None or mean.beyond else (mean.low, mean.high)
        return srbench.Estimate(mean.estimate, n=mean.n, interval=ends)
