"""The error of edges: how evenly the gradients of HR are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import srbench

from .shape import require_same_shape

if TYPE_CHECKING:
    import torch

SHORT_SIDE = 6
"""Halved once, this leaves a whole Prewitt mask."""
FEWEST = 9
"""As many pixels as the smallest image has when it is halved."""
# T = 170 for white at 255, in the paper's section II; gradients are compared squared.
_STABILISER = 170 / 255**2


class Gmsd(srbench.ImageMetric):
    """Gradient magnitude similarity deviation: how unevenly the edges of HR are kept, 0 when all of them are.

    Xue, Zhang, Mou, Bovik, "Gradient magnitude similarity deviation: a highly efficient perceptual image quality
    index", 2014, as its authors' MATLAB code computes it: each image is averaged over 2 x 2 pixels and halved; the
    3 x 3 Prewitt masks, over 3, with zeros beyond the border, give gradient magnitudes g; the similarity of a pixel is
    (2 g_SR g_HR + T) / (g_SR^2 + g_HR^2 + T), T = 170 / 255^2 with white at 1; the score is its standard deviation
    over the pixels. The paper scores grey images; the score of a colour image is the mean over its channels.
    Skipped for a side under 6 pixels.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Xue", "Zhang", "Mou", "Bovik"),
            "Gradient magnitude similarity deviation: A highly efficient perceptual image quality index",
            2014,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    judges = "distortion"
    shown_as = "GMSD"
    higher_is_better = False
    # n similarities between 0 and 1 deviate by at most sqrt(n / (n - 1)) / 2, and there are nine of them or more.
    range = (0.0, 0.54)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """GMSD of `(C, H, W)` against `(C, H, W)`."""
        require_same_shape(sr, hr)
        return _too_small(hr) or float(_similarity(sr, hr).flatten(1).std(dim=1).mean())

    def score_measured(self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor) -> float | srbench.Skip:
        """The deviation over the part at which `measured` `(H, W)` is true: over pixels of the halved images of whose
        2 x 2 pixels one is in it. Skipped where these are fewer than nine.
        """
        from torch.nn import functional

        if small := _too_small(hr):
            return small
        part = functional.max_pool2d(measured[None].to(hr.dtype), kernel_size=2, ceil_mode=True)[0] > 0
        if (count := int(part.sum())) < FEWEST:
            return srbench.Skip(f"GMSD needs {FEWEST} pixels of the halved image; the part to be scored has {count}")
        return float(_similarity(sr, hr)[:, part].std(dim=1).mean())


def _too_small(hr: torch.Tensor) -> srbench.Skip | None:
    height, width = hr.shape[-2:]
    if min(height, width) >= SHORT_SIDE:
        return None
    return srbench.Skip(
        f"GMSD needs {SHORT_SIDE} pixels on each side of what is scored; this image has {width} x {height}"
    )


def _similarity(sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
    """The gradient magnitude similarity of each pixel of the halved images, `(C, ceil(H / 2), ceil(W / 2))`."""
    sr_gradient, hr_gradient = _gradient(_halved(sr)), _gradient(_halved(hr))
    product = (2 * sr_gradient * hr_gradient).add_(_STABILISER)
    squares = sr_gradient.square_().add_(hr_gradient.square_()).add_(_STABILISER)
    return product.div_(squares)


def _halved(image: torch.Tensor) -> torch.Tensor:
    """Means of 2 x 2 pixels, `(C, ceil(H / 2), ceil(W / 2))`; beyond an odd side lie zeros, as in MATLAB's conv2."""
    from torch.nn import functional

    return functional.avg_pool2d(functional.pad(image, (0, 1, 0, 1)), kernel_size=2)


def _gradient(image: torch.Tensor) -> torch.Tensor:
    """The gradient's magnitude at each pixel of `(C, H, W)`, by the Prewitt masks with zeros beyond the border."""
    import torch
    from torch.nn import functional

    padded = functional.pad(image, (1, 1, 1, 1))
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    columns = padded[..., :-2] + padded[..., 1:-1] + padded[..., 2:]
    return torch.hypot(rows[..., :-2] - rows[..., 2:], columns[:, :-2] - columns[:, 2:]).div_(3)
