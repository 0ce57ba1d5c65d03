"""Metrics that compare pixel with pixel. White is 1, whatever the depth; all channels count alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import srbench

from .shape import require_same_shape

if TYPE_CHECKING:
    import torch

_AT_ONCE = 2**20


class _Pixelwise(srbench.ImageMetric):
    def score_measured(self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor) -> float | srbench.Skip:
        """The score of the pixels that were measured."""
        if not measured.any():
            return srbench.Skip("no pixel that is scored was measured")
        return self.score(sr[:, measured][:, None], hr[:, measured][:, None])


class Psnr(_Pixelwise):
    """Peak signal-to-noise ratio: `10 log10(1 / MSE)`, the MSE taken over all channels. Infinite for equal images."""

    unit = "dB"
    higher_is_better = True
    range = (0.0, math.inf)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        """PSNR in dB of `(C, H, W)` against `(C, H, W)`."""
        mse = _mean_squared_error(sr, hr)
        return math.inf if mse == 0 else 0.0 - 10 * math.log10(mse)  # and not -0.0 for black against white


class LrConsistency(Psnr):
    """PSNR in dB of the LR that the method was given, against SR shrunk and rounded as the protocol makes LR.

    Lugmayr et al., "NTIRE 2021 learning the super-resolution space challenge", whose goal was a mean of 45 dB.
    In the protocol's channel, border included. SR that would give the very same LR has no error: infinite. Where LR
    was made by the protocol, HR itself does.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Lugmayr", "others"),
            "NTIRE 2021 learning the super-resolution space challenge",
            2021,
            conference="CVPR workshops",
        ),
    )
    sees = "lr"


class Rmse(_Pixelwise):
    """Root mean squared error as a part of the data range: 0.01 is 2.55 levels of an 8-bit image."""

    higher_is_better = False
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        """RMSE of `(C, H, W)` against `(C, H, W)`; white is 1."""
        return math.sqrt(_mean_squared_error(sr, hr))


class Mae(_Pixelwise):
    """Mean absolute error as a part of the data range: 0.01 is 2.55 levels of an 8-bit image."""

    higher_is_better = False
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        """MAE of `(C, H, W)` against `(C, H, W)`; white is 1."""
        return math.fsum(float(difference.abs_().sum()) for difference in _differences(sr, hr)) / hr.numel()


def _mean_squared_error(sr: torch.Tensor, hr: torch.Tensor) -> float:
    # A dot product of the differences with themselves needs no second array.
    return math.fsum(float(difference.dot(difference)) for difference in _differences(sr, hr)) / hr.numel()


def _differences(sr: torch.Tensor, hr: torch.Tensor) -> Iterator[torch.Tensor]:
    """SR less HR, flat, a million at a time: of a large picture, all of them take as much memory as HR itself."""
    require_same_shape(sr, hr)
    made, wanted = sr.flatten(), hr.flatten()
    for start in range(0, len(wanted), _AT_ONCE):
        yield made[start : start + _AT_ONCE] - wanted[start : start + _AT_ONCE]
