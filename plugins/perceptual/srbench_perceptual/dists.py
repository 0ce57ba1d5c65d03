"""DISTS as a metric: what is asked of the images."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench.weights import WeightsMissing

from .shape import require_same_shape

if TYPE_CHECKING:
    import torch

    from .network import Network

TRUNK = "vgg16"
"""The weights under it, by the name they have in `srbench fetch`."""
SHORT_SIDE = 16
"""In pixels: four poolings leave one pixel or more."""


class Dists(srbench.ImageMetric):
    """Deep image structure and texture similarity (Ding, Ma, Wang and Simoncelli 2020); 0 for equal images.

    Compares whole images in RGB at their own size; a grey image is repeated over the three channels. VGG16's ImageNet
    weights come from `srbench fetch`, those that were fitted to people's judgements with the package DISTS-pytorch.
    Skipped without the former, and for a side under 16 pixels.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Ding", "Ma", "Wang", "Simoncelli"),
            "Image quality assessment: Unifying structure and texture similarity",
            2020,
            journal="IEEE Transactions on Pattern Analysis and Machine Intelligence",
            arxiv="2004.07728",
        ),
    )
    judges = "perception"
    shown_as = "DISTS"
    higher_is_better = False
    range = (0.0, 2.0)
    sees = "image"
    weights = (TRUNK,)

    def __init__(self) -> None:
        self._network: Network | None = None

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """DISTS of `(C, H, W)` against `(C, H, W)`, both in [0, 1]."""
        import torch

        require_same_shape(sr, hr)
        height, width = hr.shape[-2:]
        if min(height, width) < SHORT_SIDE:
            return srbench.Skip(f"DISTS needs {SHORT_SIDE} pixels on each side; this image has {width} x {height}")
        try:
            network = self._ready()
        except WeightsMissing as missing:
            return srbench.Skip(str(missing))
        with torch.inference_mode():
            made, wanted = (network.features(image.float().expand(3, -1, -1)[None]) for image in (sr, hr))
            return network.distance(made, wanted)

    def _ready(self) -> Network:
        """The network, made when the first image needs it."""
        if self._network is None:
            from .network import Network

            self._network = Network(TRUNK, self.device)
        return self._network
