"""Hallucination, omission and improvement as metrics, in pixel space and in feature space."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

import srbench
from srbench.pictures import Norm, memberships, shares
from srbench.types import NonNegative
from srbench.weights import WeightsMissing

if TYPE_CHECKING:
    import torch

    from .features import Features

    Distance = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

DARK = 1e-8
"""Added to the sum of two values of the normalised difference, as opensr-test has it: two black pixels are equal."""
SHORT_SIDE = 31
"""The shortest side in pixels of what AlexNet has features of."""


class Correctness(srbench.ImageMetric):
    """A share of an image, by what SR did to its pixels.

    Aybar, Montero, Donike, Kalaitzis, Gómez-Chova, "A comprehensive benchmark for optical remote sensing image
    super-resolution", IEEE GRSL 2024. Each pixel of SR is compared with HR and with the baseline, LR upscaled by
    bicubic interpolation: it was improved (SR is near HR), left out (near the baseline), or invented (far from both).
    The definition is that of `srbench.pictures.memberships`; only pixels count where SR, HR and baseline differ.

    Deviations from opensr-test: the baseline is bicubic interpolation in place of bilinear, the protocol's border is
    left out in place of 16 pixels; SR is compared as it is, neither shifted nor matched in colour before; and without a
    `threshold`, distances up to 1.5 / 255 never count.

    distance: `l1`, the mean absolute difference over channels; `nd`, the normalised difference |a - b| / |a + b|,
    opensr-test's, in which the noise of dark pixels weighs as much as that of bright ones; `lpips`, the distance of
    features at each pixel, of LPIPS on AlexNet. norm: `percent`, the share of pixels that belong to the class most;
    `softmin`, opensr-test's, the mean of how much they belong to it. threshold: pixels count where a distance is above
    it; by default the third quartile of the baseline's distances to HR.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Aybar", "Montero", "Donike", "Kalaitzis", "Gómez-Chova"),
            "A comprehensive benchmark for optical remote sensing image super-resolution",
            2024,
            journal="IEEE Geoscience and Remote Sensing Letters",
        ),
    )
    range = (0.0, 1.0)
    needs = frozenset({"baseline"})
    place: ClassVar[int]

    def __init__(
        self,
        distance: Literal["l1", "nd", "lpips"] = "l1",
        norm: Norm = "percent",
        threshold: NonNegative | None = None,
    ) -> None:
        self.distance, self.norm, self.threshold = distance, norm, threshold
        self.weights = ("alexnet",) if distance == "lpips" else ()
        self._features: Features | None = None

    def score_beside(
        self, sr: torch.Tensor, hr: torch.Tensor, baseline: torch.Tensor, measured: torch.Tensor | None
    ) -> float | srbench.Skip:
        """The share, in [0, 1], of SR `(C, H, W)`; pixels that were not measured are no part of it."""
        height, width = hr.shape[-2:]
        if self.distance == "lpips" and min(height, width) < SHORT_SIDE:
            return srbench.Skip(
                f"features of AlexNet need {SHORT_SIDE} pixels on each side; this image has {width} x {height}"
            )
        try:
            distance = self._distance()
        except WeightsMissing as missing:
            return srbench.Skip(str(missing))
        distances = [distance(*pair) for pair in ((baseline, hr), (sr, hr), (sr, baseline))]
        if measured is not None:
            distances = [one.masked_fill(~measured, float("nan")) for one in distances]
        to_hr, sr_to_hr, sr_to_baseline = (one.numpy() for one in distances)
        return shares(memberships(to_hr, sr_to_hr, sr_to_baseline, self.threshold), self.norm)[self.place]

    def _distance(self) -> Distance:
        if self.distance == "l1":
            return absolute
        if self.distance == "nd":
            return normalised
        if self._features is None:
            from .features import Features

            self._features = Features(self.weights[0], self.device)
        return self._features.distances


def absolute(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The mean over channels of the absolute difference of `(C, H, W)`, at each pixel `(H, W)`."""
    return (first - second).abs().mean(0)


def normalised(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The mean over channels of |a - b| / |a + b| of `(C, H, W)` in [0, 1], at each pixel `(H, W)`; in [0, 1]."""
    return ((first - second).abs() / (first + second + DARK).abs()).mean(0)


class Hallucination(Correctness):
    """The share of an image that SR invented: pixels far from HR, and from what was known.

    Its parameters, and what it is measured by, are those of `Correctness`.
    """

    higher_is_better = False
    place = 2


class Omission(Correctness):
    """The share of an image that SR left out: pixels that differ from HR as LR does.

    Its parameters, and what it is measured by, are those of `Correctness`.
    """

    higher_is_better = False
    place = 1


class Improvement(Correctness):
    """The share of an image that SR made better: pixels that were brought to HR.

    Its parameters, and what it is measured by, are those of `Correctness`.
    """

    higher_is_better = True
    place = 0
