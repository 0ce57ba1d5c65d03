"""Metrics that compare pixel with pixel. White is 1, whatever the depth; all channels count alike."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import srbench

from .shape import require_same_shape

if TYPE_CHECKING:
    import torch

_AT_ONCE = 2**20


class Pixelwise(srbench.ImageMetric):
    """A metric that does not mind where a pixel is: of a part of the image it is the score of the pixels there."""

    judges = "distortion"

    @abstractmethod
    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """The score of `(C, H, W)` against `(C, H, W)`."""

    def score_measured(self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor) -> float | srbench.Skip:
        """The score of the pixels at which `measured` `(H, W)` is true."""
        return self.score(sr[:, measured][:, None], hr[:, measured][:, None])


class Psnr(Pixelwise):
    """Peak signal-to-noise ratio: `10 log10(1 / MSE)`, the MSE taken over all channels. Infinite for equal images."""

    shown_as = "PSNR"
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

    shown_as = "LR-consistency"
    papers: ClassVar = (
        srbench.Paper(
            ("Lugmayr", "others"),
            "NTIRE 2021 learning the super-resolution space challenge",
            2021,
            conference="CVPR workshops",
        ),
    )
    sees = "lr"


class Rmse(Pixelwise):
    """Root mean squared error as a part of the data range: 0.01 is 2.55 levels of an 8-bit image."""

    shown_as = "RMSE"
    higher_is_better = False
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        """RMSE of `(C, H, W)` against `(C, H, W)`; white is 1."""
        return math.sqrt(_mean_squared_error(sr, hr))


class Mae(Pixelwise):
    """Mean absolute error as a part of the data range: 0.01 is 2.55 levels of an 8-bit image."""

    shown_as = "MAE"
    higher_is_better = False
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        """MAE of `(C, H, W)` against `(C, H, W)`; white is 1."""
        return math.fsum(float(difference.abs_().sum()) for difference in _differences(sr, hr)) / hr.numel()


class LargestError(Pixelwise):
    """The largest absolute error of any pixel and channel, as a part of the data range: 1 is black for white."""

    higher_is_better = False
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        """The largest |SR - HR| of `(C, H, W)` against `(C, H, W)`; white is 1."""
        return max(float(difference.abs_().max()) for difference in _differences(sr, hr))


class Nrmse(Pixelwise):
    """Root mean squared error divided by a size of HR, as scikit-image's `normalized_root_mse` has it.

    normalisation: what it is divided by. `euclidean`: the root mean square of HR. `range`: HR's largest value less its
    smallest. `mean`: the mean of HR. Over all channels; black is 0, so the first and last depend on where black is.
    Skipped where that is 0.
    """

    shown_as = "NRMSE"
    higher_is_better = False
    range = (0.0, math.inf)

    def __init__(self, normalisation: Literal["euclidean", "range", "mean"] = "euclidean") -> None:
        self.normalisation = normalisation

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """NRMSE of `(C, H, W)` against `(C, H, W)`."""
        rmse = math.sqrt(_mean_squared_error(sr, hr))
        if self.normalisation == "euclidean":
            size = float(hr.square().mean().sqrt())
        elif self.normalisation == "range":
            size = float(hr.max() - hr.min())
        else:
            size = float(hr.mean())
        if size == 0:
            what = "of one value" if self.normalisation == "range" else "black"
            return srbench.Skip(f"HR is {what} wherever it is scored: there is nothing to divide the error by")
        return rmse / size


class ScaleInvariantPsnr(Pixelwise):
    """PSNR after SR was brought to HR's brightness and contrast: by the gain and offset with the smallest MSE.

    10 log10(1 / MSE) of gain * SR + offset, one gain and one offset for all channels, by least squares, neither rounded
    nor clamped. Where SR's values are no brightness of HR's scale (fluorescence, magnitudes of MRI). Infinite where
    nothing is left but rounding (over 200 dB).

    offset: whether there is one; without, the gain alone is fitted, and black stays black.
    """

    shown_as = "SI-PSNR"
    unit = "dB"
    higher_is_better = True
    range = (0.0, math.inf)

    def __init__(self, offset: bool = True) -> None:
        self.offset = offset

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        """PSNR in dB of the best gain of `(C, H, W)` against `(C, H, W)`."""
        require_same_shape(sr, hr)
        made, wanted = sr.flatten(), hr.flatten()
        if self.offset:
            made, wanted = made - made.mean(), wanted - wanted.mean()
        power = float(made.dot(made))
        rest = wanted - made * (float(made.dot(wanted)) / power) if power > 0 else wanted
        mse = float(rest.dot(rest)) / len(rest)
        return math.inf if mse < 1e-20 else 0.0 - 10 * math.log10(mse)


def _mean_squared_error(sr: torch.Tensor, hr: torch.Tensor) -> float:
    # A dot product of the differences with themselves needs no second array.
    return math.fsum(float(difference.dot(difference)) for difference in _differences(sr, hr)) / hr.numel()


def _differences(sr: torch.Tensor, hr: torch.Tensor) -> Iterator[torch.Tensor]:
    """SR less HR, flat, a million at a time: of a large picture, all of them take as much memory as HR itself."""
    require_same_shape(sr, hr)
    made, wanted = sr.flatten(), hr.flatten()
    for start in range(0, len(wanted), _AT_ONCE):
        yield made[start : start + _AT_ONCE] - wanted[start : start + _AT_ONCE]
