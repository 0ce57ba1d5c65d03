"""What a survey would measure on SR: fluxes and positions of HR's stars, how many are found, how many are false."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import srbench
from srbench.types import Positive

from .own_values import OwnValues
from .stars import Sky, fluxes, found, pairs
from .task_metric import Array, TaskMetric

if TYPE_CHECKING:
    import torch

FLUX, POSITION, COMPLETE, FALSE = "flux error, %", "position error, px", "completeness", "false stars"
FAINT = 0.5
"""What stands above half the threshold in HR is no false star."""


class _Truth(NamedTuple):
    """The stars of HR: all above the threshold, those above half of it, and the fluxes of the former."""

    own: OwnValues
    sky: Sky
    stars: Array
    faint: Array
    fluxes: Array


class _Photometry(TaskMetric):
    of_hr = False
    nothing = "no star was found in HR, or none of its stars on SR; mind fwhm and threshold"

    def __init__(self, fwhm: Positive = 3.0, threshold: Positive = 5.0) -> None:
        """What a star is.

        fwhm: the width of stars in HR (full width at half maximum), in pixels. threshold: how far one stands above the
        background, in standard deviations of HR's noise; the same of HR and of SR.
        """
        super().__init__()
        self._fwhm, self._threshold = fwhm, threshold

    def _truth(self, hr: torch.Tensor, item: srbench.Item) -> _Truth:
        own = OwnValues.of(item, self.protocol)
        image = own.image(hr).mean(0)
        sky = Sky.of(image, own.known)
        stars, faint = (found(image, sky, part * self._threshold, self._fwhm, own.known) for part in (1.0, FAINT))
        measured = fluxes(image, stars, self._fwhm, own.known)
        kept = measured > 0
        return _Truth(own, sky, stars[kept], faint, measured[kept])

    def _measure(self, image: torch.Tensor, truth: _Truth) -> Mapping[str, float]:
        known, picture = truth.own.known, truth.own.image(image).mean(0)
        numbers: dict[str, float] = {}
        sky = Sky(Sky.of(picture, known).level, truth.sky.noise)
        seen = found(picture, sky, self._threshold, self._fwhm, known)
        matched = pairs(truth.stars, seen, self._fwhm)
        if len(truth.stars):
            ratios = fluxes(picture, truth.stars, self._fwhm, known) / truth.fluxes
            numbers[FLUX] = 100 * float(np.median(np.abs(ratios - 1)))
            numbers[COMPLETE] = len(matched) / len(truth.stars)
            numbers["stars an image"] = float(len(truth.stars))
        if len(matched):
            offsets = truth.stars[matched[:, 0]] - seen[matched[:, 1]]
            numbers[POSITION] = float(np.hypot(*offsets.T).mean())
        if len(seen):
            numbers[FALSE] = 1 - len(pairs(seen, truth.faint, self._fwhm)) / len(seen)
        return numbers


class FluxError(_Photometry):
    """The median, over the stars of an image of HR, of |flux on SR / flux on HR - 1|, measured at HR's places."""

    higher_is_better = False
    unit = "%"
    range = (0.0, math.inf)
    number = FLUX


class PositionError(_Photometry):
    """How far, in the mean, a star found on SR is from where it was found on HR, in HR pixels."""

    higher_is_better = False
    unit = "px"
    range = (0.0, math.inf)
    number = POSITION


class Completeness(_Photometry):
    """The share of HR's stars that are found on SR, too."""

    higher_is_better = True
    range = (0.0, 1.0)
    number = COMPLETE


class FalseStars(_Photometry):
    """The share of the stars found on SR at whose place HR has nothing, not even half as bright."""

    higher_is_better = False
    range = (0.0, 1.0)
    number = FALSE
