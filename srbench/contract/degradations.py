"""The degradations that srbench brings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from srbench.contract.degradation import Degradation
from srbench.pictures import Image, Scale, Values, reduced
from srbench.pictures.resize import Borders, mirrored, resize_picture

_REACH = 4
"""Standard deviations of a Gaussian beyond which its weight is taken for 0."""


@dataclass(frozen=True)
class Bicubic(Degradation):
    """MATLAB's imresize with antialiasing; pictures of integers are rounded after the rows and after the columns.

    borders: what LR is made of beyond HR's borders: `mirror`, as MATLAB does today, or `repeat`, the outermost pixel
    again and again, as it did when the LR of the classic sets was made.
    """

    name: ClassVar[str] = "bicubic"
    borders: Borders = "mirror"

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """HR, resized by 1 / scale."""
        return resize_picture(hr, 1 / scale, values, self.borders)

    @property
    def shipped_as(self) -> str:
        """`bicubic`, whatever the borders: datasets do not say which theirs were."""
        return self.name


@dataclass(frozen=True)
class GaussianBlur(Degradation):
    """Gaussian blur, seen at the middles of LR's pixels.

    An LR pixel is the mean of HR weighed by exp(-d^2 / (2 sigma^2)) down the rows and along the columns, d being the
    distance to its middle; beyond 4 sigma nothing counts. Its middle is that of the scale x scale HR pixels that it
    stands for, so that SR is not shifted against HR: under odd scales it lies on a pixel, and this is the blurred HR
    from pixel (scale - 1) / 2 on; under others it lies between pixels, where the blurred HR is taken.
    Beyond its borders HR is continued by its mirror image. Pictures of integers are rounded once, a half up.

    sigma: the standard deviation in HR pixels.
    """

    name: ClassVar[str] = "gaussian-blur"
    sigma: Annotated[float, msgspec.Meta(gt=0)]

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """HR, blurred and thinned out."""
        lines: npt.NDArray[Any] = hr
        for _ in ("rows", "columns"):
            lines = self._thinned(lines, scale).swapaxes(0, 1)
        if hr.dtype != np.float32:
            lines = np.floor(lines + 0.5)
        return lines.clip(values.low, values.high).astype(hr.dtype, order="C")

    def _thinned(self, lines: npt.NDArray[Any], scale: Scale) -> npt.NDArray[np.float64]:
        places = 2 * np.arange(reduced(len(lines), scale)) + 1
        middles = (places * scale.numerator - scale.denominator) / (2 * scale.denominator)
        reach = max(_REACH * self.sigma, 0.5)  # half-way between two pixels, both count, however narrow the Gaussian
        taps = np.ceil(middles - reach).astype(np.int64)[:, None] + np.arange(math.floor(2 * reach) + 1)
        squares = (taps - middles[:, None]) ** 2
        # Less the smallest, so that the weights of a very narrow Gaussian are not all 0.
        weights = np.exp(-(squares - squares.min(axis=1, keepdims=True)) / (2 * self.sigma**2))
        weights[squares > reach**2] = 0
        weights /= weights.sum(axis=1, keepdims=True)
        rows = mirrored(taps, len(lines))
        thinned = np.zeros((len(places), *lines.shape[1:]))
        for tap in range(taps.shape[1]):
            thinned += lines[rows[:, tap]] * weights[:, tap, None, None]
        return thinned
