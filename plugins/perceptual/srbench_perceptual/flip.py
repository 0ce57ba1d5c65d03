"""FLIP: what a person sees who flips between two images, computed by its authors' own program."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench.types import Positive

from .shape import require_same_shape

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

PIXELS_PER_DEGREE = 67.0
"""A screen 0.7 m wide with 3840 pixels across, seen from 0.7 m: what FLIP's authors take when nothing is said."""


class Flip(srbench.ImageMetric):
    """FLIP for images of low dynamic range (Andersson et al. 2020): the mean of its map, 0 for equal images.

    Whole images, taken for sRGB whatever the protocol's channel; a grey image is repeated over the three channels.
    Skipped where the package flip-evaluator is not installed, which has no wheels for Python 3.14.

    pixels_per_degree: of the observer's field of view.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Andersson", "Nilsson", "Akenine-Möller", "Oskarsson", "Åström", "Fairchild"),
            "FLIP: A difference evaluator for alternating images",
            2020,
        ),
    )
    judges = "perception"
    shown_as = "FLIP"
    higher_is_better = False
    range = (0.0, 1.0)
    sees = "image"

    def __init__(self, pixels_per_degree: Positive = PIXELS_PER_DEGREE) -> None:
        self.pixels_per_degree = pixels_per_degree

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """Mean FLIP of `(C, H, W)` against `(C, H, W)`, both in [0, 1]."""
        return _missing() or float(self._map(sr, hr).mean())

    def score_measured(self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor) -> float | srbench.Skip:
        """The mean of the map over the pixels at which `measured` `(H, W)` is true."""
        return _missing() or float(self._map(sr, hr)[measured.numpy()].mean())

    def _map(self, sr: torch.Tensor, hr: torch.Tensor) -> npt.NDArray[np.float64]:
        """FLIP of each pixel, `(H, W)` in [0, 1]."""
        import flip_evaluator
        import numpy as np

        require_same_shape(sr, hr)
        reference, test = (
            np.ascontiguousarray(image.float().expand(3, -1, -1).permute(1, 2, 0).numpy()) for image in (hr, sr)
        )
        errors, _, _ = flip_evaluator.evaluate(
            reference, test, "LDR", applyMagma=False, computeMeanError=False, parameters={"ppd": self.pixels_per_degree}
        )
        return np.asarray(errors, np.float64).reshape(hr.shape[-2:])


def _missing() -> srbench.Skip | None:
    if find_spec("flip_evaluator") is not None:
        return None
    return srbench.Skip("FLIP needs the package flip-evaluator: pip install flip-evaluator")
