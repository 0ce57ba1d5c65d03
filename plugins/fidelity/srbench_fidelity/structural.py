"""Metrics that compare the neighbourhoods of pixels: SSIM, DSSIM and the multi-scale form.

Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004; Wang et al.,
"Multiscale structural similarity for image quality assessment", 2003.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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

NO_WINDOW = srbench.Skip(
    f"the part to be scored lies less than {WINDOW // 2} pixels from the sides of what is scored, where no window fits"
)

# SSIM goes over the image in tiles of this many rows and columns. A tile stays in the processor's cache, which makes
# it twice as fast as filtering whole channels and six times as fast as grouped convolutions. It also stays under the
# 32,768 numbers above which torch divides an operation among threads: threads that wait for each other at every one of
# hundreds of small additions lose more than they win as soon as another process wants the processor.
_TILE_ROWS, _TILE_COLUMNS = 48, 502
_NUMBERS = 32_768


class Ssim(srbench.ImageMetric):
    """Structural similarity, as its authors' MATLAB code computes it.

    11 x 11 Gaussian window (sigma 1.5), only where it lies wholly inside the image, population covariance, K1 = 0.01,
    K2 = 0.03, data range 1; the mean over pixels, then over channels. Skipped for a side under 11 pixels.
    """

    shown_as = "SSIM"
    papers: ClassVar = (
        srbench.Paper(
            ("Wang", "Bovik", "Sheikh", "Simoncelli"),
            "Image quality assessment: From error visibility to structural similarity",
            2004,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    judges = "distortion"
    higher_is_better = True
    range = (-1.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """SSIM of `(C, H, W)` against `(C, H, W)`."""
        require_same_shape(sr, hr)
        if small := too_small(hr):
            return small
        height, width = hr.shape[-2:]
        return _summed(sr, hr) / (hr.shape[0] * (height - WINDOW + 1) * (width - WINDOW + 1))

    def score_measured(self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor) -> float | srbench.Skip:
        """The mean of the map of SSIM over the pixels at which `measured` `(H, W)` is true and the window fits."""
        if small := too_small(hr):
            return small
        centres = window_centres(measured)
        if not centres.any():
            return NO_WINDOW
        return _summed(sr, hr, centres) / (hr.shape[0] * int(centres.sum()))


class Dssim(Ssim):
    """Structural dissimilarity: (1 - SSIM) / 2, SSIM as the metric `ssim` has it. 0 for equal images.

    Others call 1 - SSIM so, or 1 / SSIM - 1.
    """

    shown_as = "DSSIM"
    higher_is_better = False
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """DSSIM of `(C, H, W)` against `(C, H, W)`."""
        return _dissimilarity(super().score(sr, hr))

    def score_measured(self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor) -> float | srbench.Skip:
        """DSSIM of the mean SSIM of a part of the image."""
        return _dissimilarity(super().score_measured(sr, hr, measured))


def _dissimilarity(ssim: float | srbench.Skip) -> float | srbench.Skip:
    return ssim if isinstance(ssim, srbench.Skip) else (1 - ssim) / 2


class MsSsim(srbench.ImageMetric):
    """Multi-scale SSIM over five scales with the paper's weights, as pytorch-msssim computes it, in float64.

    Skipped for a short side of 160 pixels or less, where the window does not fit into the smallest scale.
    """

    shown_as = "MS-SSIM"
    papers: ClassVar = (
        srbench.Paper(
            ("Wang", "Simoncelli", "Bovik"),
            "Multiscale structural similarity for image quality assessment",
            2003,
            conference="Asilomar Conference on Signals, Systems and Computers",
        ),
    )
    judges = "distortion"
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


def too_small(hr: torch.Tensor) -> srbench.Skip | None:
    """Why an image `(C, H, W)` has no SSIM: the window does not fit into it; None where it does."""
    height, width = hr.shape[-2:]
    if min(height, width) >= WINDOW:
        return None
    return srbench.Skip(f"SSIM needs {WINDOW} pixels on each side of what is scored; this image has {width} x {height}")


def window_centres(part: torch.Tensor) -> torch.Tensor:
    """A part of an image `(H, W)` as far as the window fits around its pixels: `(H - 10, W - 10)`."""
    edge = WINDOW // 2
    return part[edge : part.shape[0] - edge, edge : part.shape[1] - edge]


def _summed(sr: torch.Tensor, hr: torch.Tensor, centres: torch.Tensor | None = None) -> float:
    """The sum of the map of SSIM over channels and pixels; centres `(H - 10, W - 10)`: where alone it counts."""
    height, width = hr.shape[-2:]
    total = 0.0
    for top in range(0, height - WINDOW + 1, _TILE_ROWS):
        rows = slice(top, top + _TILE_ROWS + WINDOW - 1)
        for left in range(0, width - WINDOW + 1, _TILE_COLUMNS):
            columns = slice(left, left + _TILE_COLUMNS + WINDOW - 1)
            counted = None if centres is None else centres[top : top + _TILE_ROWS, left : left + _TILE_COLUMNS]
            if counted is not None and not counted.any():
                continue
            for x, y in zip(sr[:, rows, columns], hr[:, rows, columns], strict=True):
                similarity = ssim_map(x, y)
                total += float(similarity.sum() if counted is None else similarity[counted].sum())
    return total


def ssim_map(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """SSIM at each pixel of `(H, W)` around which the window fits: `(H - 10, W - 10)`."""
    mean_x, mean_y = _blur(x), _blur(y)
    product = mean_x * mean_y
    squares = mean_x * mean_x + mean_y * mean_y
    # The two variances occur only as a sum, so that four filtered planes are enough.
    covariance = _blur(x * y).sub_(product)
    variances = _blur(x * x + y * y).sub_(squares)
    similarity = product.mul_(2).add_(C1).mul_(covariance.mul_(2).add_(C2))
    return similarity.div_(squares.add_(C1).mul_(variances.add_(C2)))


def ssim_of_pairs(images: Sequence[torch.Tensor]) -> list[float]:
    """SSIM of all pairs of images `(C, H, W)` of one shape, those of the first image first.

    What a pair shares with others, the means and variances of its images, is computed once; pairs of small images are
    computed together.
    """
    import torch

    channels, height, width = images[0].shape
    valid_rows, valid_columns = height - WINDOW + 1, width - WINDOW + 1
    totals = [torch.zeros(len(images) - place - 1, dtype=torch.float64) for place in range(len(images) - 1)]
    for top in range(0, valid_rows, _TILE_ROWS):
        rows = slice(top, top + _TILE_ROWS + WINDOW - 1)
        for left in range(0, valid_columns, _TILE_COLUMNS):
            columns = slice(left, left + _TILE_COLUMNS + WINDOW - 1)
            for channel in range(channels):
                _add_pairs(torch.stack([image[channel, rows, columns] for image in images]), totals)
    return [total / (channels * valid_rows * valid_columns) for sums in totals for total in sums.tolist()]


def _add_pairs(tiles: torch.Tensor, totals: Sequence[torch.Tensor]) -> None:
    """Add the sums of the SSIM maps of all pairs of tiles `(N, H, W)`."""
    means = _blur(tiles)
    squares = means * means
    variances = _blur(tiles * tiles).sub_(squares)
    together = max(1, _NUMBERS // tiles[0].numel())
    for one, sums in enumerate(totals):
        for start in range(one + 1, len(tiles), together):
            others = slice(start, start + together)
            product = means[one] * means[others]
            covariance = _blur(tiles[one] * tiles[others]).sub_(product)
            similarity = product.mul_(2).add_(C1).mul_(covariance.mul_(2).add_(C2))
            similarity.div_((squares[one] + squares[others]).add_(C1))
            similarity.div_((variances[one] + variances[others]).add_(C2))
            sums[start - one - 1 : start - one - 1 + together] += similarity.sum((1, 2))


def _gaussian() -> tuple[float, ...]:
    weights = [math.exp(-(((tap - WINDOW // 2) / SIGMA) ** 2) / 2) for tap in range(WINDOW)]
    return tuple(weight / sum(weights) for weight in weights)


_WEIGHTS = _gaussian()


def _blur(tile: torch.Tensor) -> torch.Tensor:
    """The Gaussian window over `(..., H, W)`, where it fits: `(..., H - 10, W - 10)`."""
    for dim in (-2, -1):
        length = tile.shape[dim] - WINDOW + 1
        blurred = tile.narrow(dim, 0, length) * _WEIGHTS[0]
        for tap in range(1, WINDOW):
            blurred.add_(tile.narrow(dim, tap, length), alpha=_WEIGHTS[tap])
        tile = blurred
    return tile
