"""Metrics that compare the neighbourhoods of pixels: SSIM and its multi-scale form.

Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004; Wang et al.,
"Multiscale structural similarity for image quality assessment", 2003.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import srbench

if TYPE_CHECKING:
    import torch

WINDOW = 11
SIGMA = 1.5
# (K L)^2 with K1 = 0.01, K2 = 0.03 and a data range L of 1.
C1 = 0.01**2
C2 = 0.03**2
# Halving four times must leave a window: (11 - 1) * 2^4, and one pixel more.
MS_SSIM_SHORT_SIDE = 161

# Rows filtered at a time: few enough for the statistics to stay in the processor's cache, which makes SSIM twice as
# fast as filtering whole channels, and six times as fast as grouped convolutions (float64, 512 x 512 x 3, one thread).
_STRIP = 32


class Ssim(srbench.ImageMetric):
    """Structural similarity, as its authors' MATLAB code computes it.

    11 x 11 Gaussian window (sigma 1.5), only where it lies wholly inside the image, population covariance, K1 = 0.01,
    K2 = 0.03, data range 1; the mean over pixels, then over channels. Skipped for a side under 11 pixels.
    """

    higher_is_better = True
    range = (-1.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """SSIM of `(C, H, W)` against `(C, H, W)`."""
        height, width = hr.shape[-2:]
        if min(height, width) < WINDOW:
            return srbench.Skip(
                f"SSIM needs {WINDOW} pixels on each side of what is scored; this image has {width} x {height}"
            )
        total = 0.0
        for channel in range(hr.shape[0]):
            for top in range(0, height - WINDOW + 1, _STRIP):
                rows = slice(top, top + _STRIP + WINDOW - 1)
                total += _sum_of_ssim(sr[channel, rows], hr[channel, rows])
        return total / (hr.shape[0] * (height - WINDOW + 1) * (width - WINDOW + 1))


class MsSsim(srbench.ImageMetric):
    """Multi-scale SSIM over five scales with the paper's weights, as pytorch-msssim computes it, in float64.

    Skipped for a short side of 160 pixels or less, where the window does not fit into the smallest scale.
    """

    higher_is_better = True
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """MS-SSIM of `(C, H, W)` against `(C, H, W)`."""
        from pytorch_msssim.ssim import ms_ssim

        height, width = hr.shape[-2:]
        if min(height, width) < MS_SSIM_SHORT_SIDE:
            return srbench.Skip(
                f"MS-SSIM needs more than {MS_SSIM_SHORT_SIDE - 1} pixels on each side of what is scored; "
                f"this image has {width} x {height}"
            )
        return float(ms_ssim(sr[None], hr[None], data_range=1.0, win_size=WINDOW, win_sigma=SIGMA))


def _sum_of_ssim(x: torch.Tensor, y: torch.Tensor) -> float:
    """The sum of the SSIM map of one strip `(rows, W)`."""
    import torch

    # The two variances occur only as a sum, so that four filtered planes are enough.
    mean_x, mean_y, mean_squares, mean_product = _blur(torch.stack([x, y, x * x + y * y, x * y]))
    product = mean_x * mean_y
    squares = mean_x * mean_x + mean_y * mean_y
    similarity = (2 * product + C1) * (2 * (mean_product - product) + C2)
    return float((similarity / ((squares + C1) * (mean_squares - squares + C2))).sum())


def _gaussian() -> tuple[float, ...]:
    weights = [math.exp(-(((tap - WINDOW // 2) / SIGMA) ** 2) / 2) for tap in range(WINDOW)]
    return tuple(weight / sum(weights) for weight in weights)


_WEIGHTS = _gaussian()


def _blur(planes: torch.Tensor) -> torch.Tensor:
    """The Gaussian window over `(P, H, W)`, where it fits: `(P, H - 10, W - 10)`."""
    for dim in (-2, -1):
        length = planes.shape[dim] - WINDOW + 1
        blurred = planes.narrow(dim, 0, length) * _WEIGHTS[0]
        for tap in range(1, WINDOW):
            blurred.add_(planes.narrow(dim, tap, length), alpha=_WEIGHTS[tap])
        planes = blurred
    return planes
