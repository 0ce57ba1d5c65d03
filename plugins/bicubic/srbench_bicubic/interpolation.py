"""Four interpolation kernels, each a method without parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench.pictures import Kernel, Scale, resize

if TYPE_CHECKING:
    import torch


class Interpolation(srbench.Method):
    """Upscaling by a fixed kernel, with MATLAB's borders."""

    kernel: ClassVar[Kernel]

    def supports(self, problem: srbench.Problem) -> None:
        """Every scale."""

    def upscale(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """Resize `(N, C, H, W)` by `scale`."""
        return resize(lr, scale, self.kernel)


class Nearest(Interpolation):
    """Each LR pixel becomes a square of equal pixels."""

    kernel = "nearest"
    halo = 0


class Bilinear(Interpolation):
    """Linear interpolation between the two nearest pixels along each side."""

    kernel = "bilinear"
    halo = 1


class Bicubic(Interpolation):
    """Keys' cubic convolution with a = -0.5 (Keys 1981), the baseline of every super-resolution table."""

    papers: ClassVar = (
        srbench.Paper(
            ("Keys",),
            "Cubic convolution interpolation for digital image processing",
            1981,
            journal="IEEE Transactions on Acoustics, Speech, and Signal Processing",
        ),
    )
    kernel = "bicubic"
    halo = 2


class Lanczos(Interpolation):
    """A windowed sinc with three lobes (Duchon 1979)."""

    papers: ClassVar = (
        srbench.Paper(
            ("Duchon",), "Lanczos filtering in one and two dimensions", 1979, journal="Journal of Applied Meteorology"
        ),
    )
    kernel = "lanczos"
    halo = 3
