"""Do the numbers mean what HR's mean: bias and slope by decile, errors in the pictures' own unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import srbench

from .own_values import OwnValues, Units
from .task_metric import Array, TaskMetric

if TYPE_CHECKING:
    import torch

DECILES = 10


class _Truth(NamedTuple):
    """hr: the values that were measured, `(n,)`, those of all channels."""

    own: OwnValues
    hr: Array


class _InOwnValues(TaskMetric):
    higher_is_better = False
    range = (0.0, math.inf)
    of_hr = False
    nothing = "needs an image with something measured"

    def __init__(self) -> None:
        super().__init__()
        self._units = Units()

    def _truth(self, hr: torch.Tensor, item: srbench.Item) -> _Truth:
        own = OwnValues.of(item, self.protocol)
        self._units.add(own.unit)
        return _Truth(own, self._known(hr, own))

    def _known(self, image: torch.Tensor, own: OwnValues) -> Array:
        return own.image(image)[:, own.known].ravel()

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The mean, in the unit that is known by now; skipped where images have several."""
        if mixed := self._units.mixed:
            return mixed
        self.unit = self._units.one
        return super().compute()


class Calibration(_InOwnValues):
    """How far SR is off in the mean, where HR is dark, and so on up to where it is bright.

    The mean, over the ten tenths of an image's pixels by their value in HR, of |mean of SR - mean of HR|. Beside it
    each decile's bias and slope, and the slope of all: that of the line which foretells SR from HR by least squares,
    below 1 where contrast is lost.
    """

    number = "bias of a decile"

    def _measure(self, image: torch.Tensor, truth: _Truth) -> Mapping[str, float]:
        sr, numbers = self._known(image, truth.own), dict[str, float]()
        if len(sr) < DECILES:
            return {}
        parts = np.array_split(np.argsort(truth.hr, kind="stable"), DECILES)
        biases = [float((sr[part] - truth.hr[part]).mean()) for part in parts]
        numbers[self.number] = math.fsum(map(abs, biases)) / DECILES
        numbers |= _slope("slope", sr, truth.hr)
        for decile, (bias, part) in enumerate(zip(biases, parts, strict=True), 1):
            numbers[f"bias {decile}"] = bias
            numbers |= _slope(f"slope {decile}", sr[part], truth.hr[part])
        return numbers


def _slope(name: str, sr: Array, hr: Array) -> dict[str, float]:
    """Named, where HR is not everywhere the same."""
    centred = hr - hr.mean()
    varied = float(centred @ centred)
    return {name: float(centred @ (sr - sr.mean())) / varied} if varied > 0 else {}


class PhysicalError(_InOwnValues):
    """The mean absolute error in the unit of the images; beside it the bias, the root mean square and the largest."""

    number = "mean absolute error"

    def _measure(self, image: torch.Tensor, truth: _Truth) -> Mapping[str, float]:
        errors = self._known(image, truth.own) - truth.hr
        if not errors.size:
            return {}
        return {
            self.number: float(np.abs(errors).mean()),
            "bias": float(errors.mean()),
            "root mean square": float(np.sqrt((errors**2).mean())),
            "largest": float(np.abs(errors).max()),
        }
