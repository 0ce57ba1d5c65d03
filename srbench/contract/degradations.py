"""The degradations that srbench brings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from srbench.contract.degradation import Degradation
from srbench.pictures import Image, Values
from srbench.pictures.resize import Borders, resize_picture

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

    def lr(self, hr: Image, values: Values, scale: int, rng: np.random.Generator) -> Image:
        """HR, resized by 1 / scale."""
        return resize_picture(hr, 1 / scale, values, self.borders)

    @property
    def shipped_as(self) -> str:
        """`bicubic`, whatever the borders: datasets do not say which theirs were."""
        return self.name


@dataclass(frozen=True)
class GaussianBlur(Degradation):
    """Gaussian blur, then every scale-th pixel.

    An LR pixel is the mean of HR weighed by exp(-d^2 / (2 sigma^2)) down the rows and along the columns, d being the
    distance to its middle; beyond 4 sigma nothing counts. Its middle is that of the scale x scale HR pixels that it
    stands for, so that SR is not shifted against HR: under odd scales it lies on a pixel, and this is the blurred HR
    from pixel (scale - 1) / 2 on; under even ones it lies half-way between two pixels, where the blurred HR is taken.
    Beyond its borders HR is continued by its mirror image. Pictures of integers are rounded once, a half up.

    sigma: the standard deviation in HR pixels.
    """

    name: ClassVar[str] = "gaussian-blur"
    sigma: Annotated[float, msgspec.Meta(gt=0)]

    def lr(self, hr: Image, values: Values, scale: int, rng: np.random.Generator) -> Image:
        """HR, blurred and thinned out."""
        lines: npt.NDArray[Any] = hr
        for _ in ("rows", "columns"):
            lines = self._thinned(lines, scale).swapaxes(0, 1)
        if hr.dtype != np.float32:
            lines = np.floor(lines + 0.5)
        return lines.clip(values.low, values.high).astype(hr.dtype, order="C")

    def _thinned(self, lines: npt.NDArray[Any], scale: int) -> npt.NDArray[np.float64]:
        middle = (scale - 1) / 2
        reach = max(_REACH * self.sigma, 0.5)  # half-way between two pixels, both count, however narrow the Gaussian
        first, last = math.ceil(middle - reach), math.floor(middle + reach)
        distances = np.arange(first, last + 1) - middle
        # Less the smallest, so that the weights of a very narrow Gaussian are not all 0.
        weights = np.exp(-(distances**2 - np.min(distances**2)) / (2 * self.sigma**2))
        weights /= weights.sum()
        beyond = max(-first, last - scale + 1, 0)
        padded = np.pad(lines, [(beyond, beyond), (0, 0), (0, 0)], mode="symmetric")
        thinned = np.zeros((len(lines) // scale, *lines.shape[1:]))
        for offset, weight in zip(range(first, last + 1), weights, strict=True):
            start = beyond + offset
            thinned += padded[start : start + len(lines) : scale] * weight
        return thinned
