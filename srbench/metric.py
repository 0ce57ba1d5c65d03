"""What a metric is: a number for one image, or for two sets of images."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Skip:
    """Why something does not apply here, in words that a person can act on."""

    reason: str


class Metric(ABC):
    """The facts that image metrics and set metrics share.

    sees: `protocol`: what the protocol scores (its channel, border left out). `image`: every channel and pixel, for
        metrics that are defined on whole colour images. `lr`: LR in place of both, in the protocol's channel, border
        included: SR shrunk and rounded as the protocol makes LR, and the LR that the method was given. Always what
        was written to disk, never a method's tensor.
    """

    unit: ClassVar[str] = ""
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    sees: ClassVar[Literal["protocol", "image", "lr"]] = "protocol"


class ImageMetric(Metric):
    """Scores one image against its HR. The dataset's score is the mean over images."""

    @abstractmethod
    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | Skip:
        """The score of `sr` against `hr`, both float64 `(C, H, W)` in [0, 1], C 1 or 3.

        A `Skip` (the image is too small, say) skips the metric for the whole dataset: no means over some of the
        images.
        """


class SetMetric(Metric):
    """Compares the set of SR images with the set of HR images."""

    @abstractmethod
    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        """Take in one image and its HR, both float64 `(C, H, W)` in [0, 1]."""

    @abstractmethod
    def compute(self) -> float | Skip:
        """The score of everything taken in so far."""
