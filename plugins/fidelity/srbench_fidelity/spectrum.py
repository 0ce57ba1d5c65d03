"""The error of the power spectrum: does SR hold as much of each spatial frequency as HR does?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import srbench

from .shape import require_same_shape

if TYPE_CHECKING:
    import torch

SHORT_SIDE = 16
"""Enough for eight frequencies, of which the window blurs each into its neighbours."""
FLOOR = 1e-12
"""Power below this counts as this, so that images without a frequency have a logarithm. White noise of this power is
weaker than the rounding of 16-bit pixels, (1 / 65535)^2 / 12 = 2e-11."""


class Spectrum(srbench.ImageMetric):
    """Distance of the radially averaged power spectra: root mean square over frequencies of their ratio in decibels.

    With P(r) the mean power at the spatial frequency of r cycles along the shorter side (see `radial_power`), the
    score of a channel is sqrt(mean over r of (10 log10(P_SR(r) / P_HR(r)))^2): the log-spectral distance of Gray and
    Markel, "Distance measures for speech processing", 1976, of radial spectra. Powers under 1e-12 count as 1e-12 (white
    is 1). The score of a colour image is the mean over its channels. It compares how much there is of each frequency,
    not where: blur and noise raise it, a shift hardly does. Skipped for a side under 16 pixels.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Gray", "Markel"),
            "Distance measures for speech processing",
            1976,
            journal="IEEE Transactions on Acoustics, Speech, and Signal Processing",
        ),
    )
    judges = "distortion"
    unit = "dB"
    higher_is_better = False
    range = (0.0, math.inf)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """Log-spectral distance in dB of `(C, H, W)` to `(C, H, W)`."""
        require_same_shape(sr, hr)
        height, width = hr.shape[-2:]
        if min(height, width) < SHORT_SIDE:
            return srbench.Skip(
                f"the spectrum needs {SHORT_SIDE} pixels on each side of what is scored; this image has "
                f"{width} x {height}"
            )
        sr_power, hr_power = (radial_power(image).clamp_(min=FLOOR) for image in (sr, hr))
        decibels = 10 * (sr_power / hr_power).log10_()
        return float(decibels.square_().mean(dim=1).sqrt_().mean())


def radial_power(image: torch.Tensor) -> torch.Tensor:
    """Radially averaged power spectra `(C, N)` of `(C, H, W)` float64; N = min(H, W) // 2.

    Each channel, less its mean under the window, is multiplied by a Hann window (periodic, the product of one a side;
    without it the jump between opposite borders would leak into every frequency). Its power is |DFT|^2 / sum of the
    squared window: white noise of variance v has the expected power v at every frequency. Column r - 1 holds the mean
    over the DFT's frequencies (fx, fy), in cycles a pixel, for which min(H, W) sqrt(fx^2 + fy^2) rounds to r (halves
    down), for r = 1 to N. The constant (r = 0) and what lies beyond half a cycle a pixel (the corners) are left out.
    """
    import torch

    height, width = image.shape[-2:]
    short = min(height, width)
    window = torch.outer(*(torch.hann_window(side, periodic=True, dtype=image.dtype) for side in (height, width)))
    mean = (image * window).sum(dim=(-2, -1), keepdim=True) / window.sum()
    seen = (image - mean) * window
    transformed = torch.fft.fft2(seen)
    power = (transformed.real.square() + transformed.imag.square()) / window.square().sum()
    along, across = (torch.fft.fftfreq(side, dtype=torch.float64) for side in (height, width))
    # The halves that non-square sizes give are exact only up to rounding; the billionth puts all of them on one side.
    radius = torch.hypot(along[:, None], across[None]).mul_(short).sub_(0.5 + 1e-9).ceil_().long().flatten()
    counted = (radius > 0) & (radius <= short // 2)
    ring = radius[counted] - 1
    sums = power.new_zeros((image.shape[0], short // 2)).index_add_(1, ring, power.flatten(1)[:, counted])
    means: torch.Tensor = sums / torch.bincount(ring, minlength=short // 2)
    return means
