"""LR as a linear function of HR: A, made of one matrix along columns and one along rows, and its pseudo-inverse.

The matrices are measured. A grey picture with one line a little brighter shows what a degradation makes of that line;
what was found is then tried on pictures of noise. So a degradation has to say nothing of itself, and one that is not
linear, or that lines do not describe, is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError
from srbench.pictures import Scale, Values, plain_scale

if TYPE_CHECKING:
    import torch

    from srbench import Degradation

Array = npt.NDArray[np.float64]
Borders = Literal["symmetric", "edge"]
"""What lies beyond a line's ends: its mirror image, or its last pixel again and again; NumPy's words."""

GREY, BRIGHTER = 0.5, 0.25
"""Pictures are measured around grey, where nothing is clipped to black or white."""
TOLERANCE = 1e-4
"""How far LR of [0, 1] may lie from what the matrices say: pictures of 32 bits, and weights too small to count."""
NEGLIGIBLE = 1e-6
"""Weights below it are rounding errors of the measurement."""
AMPLIFIED = 10.0
"""How many times larger an error of LR may come out of the inverse along a line: LR of 8 bits has errors of 1/510."""


class NotLinearError(SrbenchError):
    """A degradation that no A stands for, or one whose LR tells too little of HR to be inverted."""


@dataclass(frozen=True)
class Lines:
    """How a line of LR is made of a line of HR, along rows as along columns.

    At scale n/d, d LR pixels lie on n HR pixels. weights: `(d, k)`: of the k HR pixels that make each of them, of sum
    1. first: the place of the first of those k, from the first of the n on. borders: what lies beyond the line.
    """

    weights: tuple[tuple[float, ...], ...]
    first: int
    borders: Borders

    def matrix(self, length: int, scale: Scale) -> Array:
        """`(length / scale, length)`: LR's line is this times HR's."""
        weights = np.array(self.weights)
        step, taps = scale.numerator, weights.shape[1]
        groups = length // step
        before, after = max(0, -self.first), max(0, self.first + taps - step)
        place = np.pad(np.arange(length), (before, after), mode=self.borders)
        matrix = np.zeros((groups * len(weights), length))
        for row in range(len(matrix)):
            group, phase = divmod(row, len(weights))
            start = group * step + self.first + before
            np.add.at(matrix[row], place[start : start + taps], weights[phase])
        return matrix

    def facts(self) -> dict[str, Any]:
        """Its fields as plain values, from which `of` makes it again."""
        return asdict(self)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Lines:
        """The lines of plain values."""
        return cls(tuple(tuple(map(float, row)) for row in facts["weights"]), int(facts["first"]), facts["borders"])


def lines_of(degradation: Degradation, scale: Scale) -> Lines:
    """Measure a degradation.

    Raises `NotLinearError` where it draws at random, is no linear function of rows and columns near each pixel, or
    cannot be inverted without making the errors of LR many times larger.
    """
    found = _examined(degradation, scale)
    if isinstance(found, Lines):
        return found
    raise NotLinearError(f"LR by {degradation} at scale {plain_scale(scale)} {found}")


@lru_cache(maxsize=64)
def _examined(degradation: Degradation, scale: Scale) -> Lines | str:
    """The lines, or why there are none."""
    if degradation.draws:
        return "is drawn at random, and so no function of HR"
    step = scale.numerator
    groups = 2 * math.ceil((4 * scale + 16) / step) + 1
    for lines in _candidates(degradation, scale, groups):
        if _holds(lines, degradation, scale, groups * step):
            matrix = lines.matrix(groups * step, scale)
            amplified = 1 / float(np.linalg.svd(matrix, compute_uv=False)[-1])
            if amplified <= AMPLIFIED:
                return lines
            return f"tells too little of HR: its errors would become up to {amplified:.0f} times larger along a line"
    return "is no linear function of the rows and columns of HR near each pixel"


def _lr(degradation: Degradation, hr: Array, scale: Scale) -> Array:
    picture = hr.astype(np.float32)[..., None]
    lr = degradation.lr(picture, Values(0.0, 1.0), scale, np.random.default_rng(0))
    return lr[..., 0].astype(np.float64)


def _candidates(degradation: Degradation, scale: Scale, groups: int) -> Iterator[Lines]:
    """What the LR pixels in the middle of a picture are made of, with each kind of borders; nothing if of all lines."""
    step, together, middle = scale.numerator, scale.denominator, groups // 2
    measured = np.empty((together, groups * step))
    grey = np.full((groups * step, step), GREY)
    for line in range(groups * step):
        grey[line] += BRIGHTER
        lr = _lr(degradation, grey, scale)[middle * together : (middle + 1) * together, 0]
        measured[:, line] = (lr - GREY) / BRIGHTER
        grey[line] = GREY
    (seen,) = np.nonzero((np.abs(measured) > NEGLIGIBLE).any(axis=0))
    if len(seen) and seen[0] > 0 and seen[-1] < groups * step - 1:
        weights = measured[:, seen[0] : seen[-1] + 1]
        weights = weights / weights.sum(axis=1, keepdims=True)
        for borders in get_args(Borders):
            yield Lines(tuple(map(tuple, weights.tolist())), int(seen[0]) - middle * step, borders)


def _holds(lines: Lines, degradation: Degradation, scale: Scale, length: int) -> bool:
    """Whether LR of noise is what the lines say, in two shapes of a picture."""
    generator = np.random.default_rng(0)
    for height, width in ((length, 3 * scale.numerator), (2 * scale.numerator, length)):
        hr = GREY + BRIGHTER * (2 * generator.random((height, width)) - 1)
        expected = lines.matrix(height, scale) @ hr @ lines.matrix(width, scale).T
        if np.abs(_lr(degradation, hr, scale) - expected).max() > TOLERANCE:
            return False
    return True


class Operator:
    """A of pictures of one size, and its pseudo-inverse: A X = R X C^T and A+ Y = R+ Y (C+)^T.

    That of a Kronecker product is the product of theirs; of a matrix R with independent rows it is R^T (R R^T)^-1.
    """

    def __init__(self, lines: Lines, height: int, width: int, scale: Scale, like: torch.Tensor) -> None:
        """height, width: of HR. like: the type and the device of pictures."""
        import torch

        down, across = (_matrices(lines, length, scale) for length in (height, width))
        self._rows, self._rows_back = (torch.from_numpy(matrix).to(like) for matrix in down)
        self._columns, self._columns_back = (torch.from_numpy(matrix).to(like) for matrix in across)

    def forward(self, hr: torch.Tensor) -> torch.Tensor:
        """LR `(..., h, w)` of HR `(..., H, W)`."""
        return self._rows @ hr @ self._columns.T

    def back(self, lr: torch.Tensor) -> torch.Tensor:
        """The smallest HR of which A makes this LR."""
        return self._rows_back @ lr @ self._columns_back.T

    def consistent(self, hr: torch.Tensor, lr: torch.Tensor) -> torch.Tensor:
        """The HR next to this one of which A makes this LR: A+ y + (I - A+ A) x."""
        return hr + self.back(lr - self.forward(hr))


@lru_cache(maxsize=16)
def _matrices(lines: Lines, length: int, scale: Scale) -> tuple[Array, Array]:
    matrix = lines.matrix(length, scale)
    return matrix, np.linalg.solve(matrix @ matrix.T, matrix).T.astype(np.float64)
