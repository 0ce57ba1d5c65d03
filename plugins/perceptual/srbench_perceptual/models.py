"""Metrics that model what the eye makes of an image, as the package piq computes them, in float64.

piq scales white to 255, for which their constants are made, whatever the depth was.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import srbench

from .shape import require_same_shape

if TYPE_CHECKING:
    import torch

_SEEN_FROM_AFAR = 256
"""Short side in pixels: FSIM and VSI shrink an image by the whole number that brings it nearest to this."""


class _OfPiq(srbench.ImageMetric):
    """A metric that piq computes.

    name: for messages. short_side: the fewest pixels on each side.
    """

    name: ClassVar[str]
    short_side: ClassVar[int]
    judges = "distortion"
    higher_is_better = True
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """The score of `(C, H, W)` against `(C, H, W)`, both in [0, 1]."""
        require_same_shape(sr, hr)
        height, width = hr.shape[-2:]
        if min(height, width) < self.short_side:
            return srbench.Skip(
                f"{self.name} needs {self.short_side} pixels on each side of what is scored; this image has "
                f"{width} x {height}"
            )
        return float(self._compute(_piq(), sr[None], hr[None]))

    @abstractmethod
    def _compute(self, piq: Any, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        """The score of `(1, C, H, W)`, at least `short_side` on each side."""


class Fsim(_OfPiq):
    """Feature similarity: FSIM of grey images, FSIMc of colour images (Zhang, Zhang, Mou and Zhang 2011).

    Similarity of phase congruency and gradient, and of chroma in YIQ, weighed by phase congruency, with the paper's
    constants. As in its authors' code, an image is first averaged over F x F pixels and every F-th kept, F being a
    256th of the short side, rounded. Sees what the protocol scores. Skipped for a side under 16 pixels.
    """

    shown_as = "FSIM"
    papers: ClassVar = (
        srbench.Paper(
            ("Zhang", "Zhang", "Mou", "Zhang"),
            "FSIM: A feature similarity index for image quality assessment",
            2011,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    name = "FSIM"
    short_side = 16

    def _compute(self, piq: Any, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        factor = max(1, math.floor(min(hr.shape[-2:]) / _SEEN_FROM_AFAR + 0.5))
        seen = (_shrunk(image, factor) for image in (sr, hr))
        value: torch.Tensor = piq.fsim(*seen, data_range=1.0, chromatic=hr.shape[1] == 3)
        return value


class Vif(_OfPiq):
    """Visual information fidelity in the pixel domain, VIFp (Sheikh and Bovik 2006), over four scales.

    Of a colour image, its luma of BT.601 in full range. 1 for equal images; over 1 where SR has more contrast than HR.
    Sees what the protocol scores. Skipped for a side under 41 pixels, into which the windows of the scales do not fit.
    """

    shown_as = "VIF"
    papers: ClassVar = (
        srbench.Paper(
            ("Sheikh", "Bovik"),
            "Image information and visual quality",
            2006,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    name = "VIF"
    short_side = 41
    range = (0.0, math.inf)

    def _compute(self, piq: Any, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = piq.vif_p(sr, hr, data_range=1.0)
        return value


class HaarPsi(_OfPiq):
    """Haar wavelet-based perceptual similarity index (Reisenhofer, Bosse, Kutyniok and Wiegand 2018).

    C = 30 and alpha = 4.2, images halved first, as its authors have it; chroma in YIQ of colour images. Sees what the
    protocol scores. Skipped for a side under 16 pixels.
    """

    shown_as = "HaarPSI"
    papers: ClassVar = (
        srbench.Paper(
            ("Reisenhofer", "Bosse", "Kutyniok", "Wiegand"),
            "A Haar wavelet-based perceptual similarity index for image quality assessment",
            2018,
            arxiv="1607.06140",
        ),
    )
    name = "HaarPSI"
    short_side = 16

    def _compute(self, piq: Any, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = piq.haarpsi(sr, hr, data_range=1.0)
        # Of equal images, where all weights are nothing or rounding is unkind, it is the logarithm of 1 / 0 or near it.
        return value.nan_to_num(1.0, posinf=1.0).clamp(0.0, 1.0)


class Vsi(_OfPiq):
    """Visual saliency-induced index (Zhang, Shen and Li 2014), as piq has it.

    Similarity of saliency (SDSP), gradient and chroma in LMN, weighed by saliency. Compares whole images in RGB,
    whatever the protocol's channel; a grey image is repeated over the three channels. Skipped for a side under 16.
    """

    shown_as = "VSI"
    papers: ClassVar = (
        srbench.Paper(
            ("Zhang", "Shen", "Li"),
            "VSI: A visual saliency-induced index for perceptual image quality assessment",
            2014,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    name = "VSI"
    short_side = 16
    sees = "image"

    def _compute(self, piq: Any, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = piq.vsi(*(image.expand(-1, 3, -1, -1) for image in (sr, hr)), data_range=1.0)
        return value


def _shrunk(image: torch.Tensor, factor: int) -> torch.Tensor:
    """Every F-th mean of F x F pixels of `(1, C, H, W)`, with zeros beyond its sides, as MATLAB's conv2 has it."""
    from torch.nn import functional

    if factor == 1:
        return image
    before, after = (factor - 1) // 2, factor // 2
    padded = functional.pad(image, (before, after, before, after))
    return functional.avg_pool2d(padded, kernel_size=factor, stride=factor)


def _piq() -> Any:
    """The package piq, which imports torchvision."""
    from srbench.weights import import_torchvision

    import_torchvision()
    import piq

    return piq
