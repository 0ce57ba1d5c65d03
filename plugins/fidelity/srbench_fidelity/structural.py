"""Metrics that compare the neighbourhoods of pixels: SSIM and its multi-scale form.

Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004; Wang et al.,
"Multiscale structural similarity for image quality assessment", 2003.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import srbench

from .shape import require_same_shape

if TYPE_CHECKING:
    import torch

WINDOW = 11
SIGMA = 1.5
# (K L)^2 with K1 = 0.01, K2 = 0.03 and a data range L of 1.
C1 = 0.01**2
C2 = 0.03**2
MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Weights of the five scales, the finest first (Wang et al. 2003)."""
# Halving four times must leave a window: (11 - 1) * 2^4, and one pixel more.
MS_SSIM_SHORT_SIDE = 161

# SSIM goes over the image in tiles of this many rows and columns. A tile stays in the processor's cache, which makes
# it twice as fast as filtering whole channels and six times as fast as grouped convolutions. It also stays under the
# 32,768 numbers above which torch divides an operation among threads: threads that wait for each other at every one of
# hundreds of small additions lose more than they win as soon as another process wants the processor.
_TILE_ROWS, _TILE_COLUMNS = 48, 502


class Ssim(srbench.ImageMetric):
    """Structural similarity, as its authors' MATLAB code computes it.

    11 x 11 Gaussian window (sigma 1.5), only where it lies wholly inside the image, population covariance, K1 = 0.01,
    K2 = 0.03, data range 1; the mean over pixels, then over channels. Skipped for a side under 11 pixels.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Wang", "Bovik", "Sheikh", "Simoncelli"),
            "Image quality assessment: From error visibility to structural similarity",
            2004,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    higher_is_better = True
    range = (-1.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """SSIM of `(C, H, W)` against `(C, H, W)`."""
        require_same_shape(sr, hr)
        height, width = hr.shape[-2:]
        if min(height, width) < WINDOW:
            return srbench.Skip(
                f"SSIM needs {WINDOW} pixels on each side of what is scored; this image has {width} x {height}"
            )
        valid_rows, valid_columns = height - WINDOW + 1, width - WINDOW + 1
        total = 0.0
        for top in range(0, valid_rows, _TILE_ROWS):
            rows = slice(top, top + _TILE_ROWS + WINDOW - 1)
            for left in range(0, valid_columns, _TILE_COLUMNS):
                columns = slice(left, left + _TILE_COLUMNS + WINDOW - 1)
                for x, y in zip(sr[:, rows, columns], hr[:, rows, columns], strict=True):
                    total += _sum_of_ssim(x, y)
        return total / (hr.shape[0] * valid_rows * valid_columns)


class MsSsim(srbench.ImageMetric):
    """Multi-scale SSIM over five scales with the paper's weights, as pytorch-msssim computes it, in float64.

    Skipped for a short side of 160 pixels or less, where the window does not fit into the smallest scale.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Wang", "Simoncelli", "Bovik"),
            "Multiscale structural similarity for image quality assessment",
            2003,
            conference="Asilomar Conference on Signals, Systems and Computers",
        ),
    )
    higher_is_better = True
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """MS-SSIM of `(C, H, W)` against `(C, H, W)`."""
        require_same_shape(sr, hr)
        height, width = hr.shape[-2:]
        if min(height, width) < MS_SSIM_SHORT_SIDE:
            return srbench.Skip(
                f"MS-SSIM needs more than {MS_SSIM_SHORT_SIDE - 1} pixels on each side of what is scored; "
                f"this image has {width} x {height}"
            )
        return ms_ssim(sr, hr, len(MS_SSIM_WEIGHTS))


def ms_ssim(one: torch.Tensor, other: torch.Tensor, scales: int) -> float:
    """MS-SSIM of `(C, H, W)` against `(C, H, W)` over the `scales` finest of the five, their weights scaled to sum 1.

    Over all five it is that of pytorch-msssim, whose own function asks for all five. Needs an image of which
    `fitting_scales` is as many.
    """
    import torch
    from pytorch_msssim.ssim import _ssim
    from torch.nn.functional import avg_pool2d

    weights = MS_SSIM_WEIGHTS[:scales]
    # The package's own window is float32, whose sum is off by enough to move a score in the sixth decimal.
    window = torch.tensor(_WEIGHTS, dtype=other.dtype).expand(other.shape[0], 1, 1, WINDOW)
    x, y = one[None], other[None]
    factors = []
    for scale in range(scales):
        if scale:
            odd = [side % 2 for side in x.shape[2:]]
            x, y = avg_pool2d(x, 2, padding=odd), avg_pool2d(y, 2, padding=odd)
        similarity, contrast_and_structure = _ssim(x, y, 1.0, window)
        factors.append((similarity if scale == scales - 1 else contrast_and_structure).relu())
    exponents = other.new_tensor(weights if scales == len(MS_SSIM_WEIGHTS) else [w / sum(weights) for w in weights])
    return float((torch.stack(factors) ** exponents.view(-1, 1, 1)).prod(0).mean())


def fitting_scales(height: int, width: int) -> int:
    """Over how many of MS-SSIM's five scales the window fits into an image; 0 when it is smaller than the window."""
    side, scales = min(height, width), 0
    while scales < len(MS_SSIM_WEIGHTS) and side >= WINDOW:
        side, scales = (side + 1) // 2, scales + 1
    return scales


def _sum_of_ssim(x: torch.Tensor, y: torch.Tensor) -> float:
    """The sum of the SSIM map of one tile `(H, W)`."""
    mean_x, mean_y = _blur(x), _blur(y)
    product = mean_x * mean_y
    squares = mean_x * mean_x + mean_y * mean_y
    # The two variances occur only as a sum, so that four filtered planes are enough.
    covariance = _blur(x * y).sub_(product)
    variances = _blur(x * x + y * y).sub_(squares)
    similarity = product.mul_(2).add_(C1).mul_(covariance.mul_(2).add_(C2))
    return float(similarity.div_(squares.add_(C1).mul_(variances.add_(C2))).sum())


def _gaussian() -> tuple[float, ...]:
    weights = [math.exp(-(((tap - WINDOW // 2) / SIGMA) ** 2) / 2) for tap in range(WINDOW)]
    return tuple(weight / sum(weights) for weight in weights)


_WEIGHTS = _gaussian()


def _blur(tile: torch.Tensor) -> torch.Tensor:
    """The Gaussian window over `(H, W)`, where it fits: `(H - 10, W - 10)`."""
    for dim in (0, 1):
        length = tile.shape[dim] - WINDOW + 1
        blurred = tile.narrow(dim, 0, length) * _WEIGHTS[0]
        for tap in range(1, WINDOW):
            blurred.add_(tile.narrow(dim, tap, length), alpha=_WEIGHTS[tap])
        tile = blurred
    return tile
