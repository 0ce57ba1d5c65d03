"""LPIPS as a metric: what is asked of the images, and the features of each HR kept for the next method."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

import srbench
from srbench.weights import WeightsMissing

from .features import kept_features

if TYPE_CHECKING:
    import torch

    from .network import Network

TRUNKS = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet1_1"}
"""The weights under each trunk, by the names they have in `srbench fetch`."""
SHORT_SIDE = {"alex": 31, "vgg": 16, "squeeze": 17}
"""The shortest side in pixels: below it nothing is left for the trunk's deepest layer."""


class Lpips(srbench.ImageMetric):
    """Learned perceptual image patch similarity, v0.1 (Zhang et al., CVPR 2018), as the package lpips computes it.

    Compares whole images in RGB; a grey image is repeated over the three channels. The network under it is named by
    `net` (papers report alex, and vgg), its ImageNet weights come from `srbench fetch`, the linear heads with the
    package. Skipped without those weights, and for a side under 31 pixels (alex), 16 (vgg) or 17 (squeeze).
    """

    shown_as = "LPIPS"
    papers: ClassVar = (
        srbench.Paper(
            ("Zhang", "Isola", "Efros", "Shechtman", "Wang"),
            "The unreasonable effectiveness of deep features as a perceptual metric",
            2018,
            conference="CVPR",
            arxiv="1801.03924",
        ),
    )
    judges = "perception"
    higher_is_better = False
    range = (0.0, math.inf)
    sees = "image"

    def __init__(self, net: Literal["alex", "vgg", "squeeze"] = "alex") -> None:
        self.net = net
        self.weights = (TRUNKS[net],)
        self._network: Network | None = None

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """LPIPS of `(C, H, W)` against `(C, H, W)`, both in [0, 1]; 0 for equal images."""
        import torch

        if sr.shape != hr.shape:
            raise ValueError(f"SR is {tuple(sr.shape)} and HR is {tuple(hr.shape)}; both should be the same (C, H, W)")
        height, width = hr.shape[-2:]
        needed = SHORT_SIDE[self.net]
        if min(height, width) < needed:
            return srbench.Skip(
                f"LPIPS on {self.net} needs {needed} pixels on each side; this image has {width} x {height}"
            )
        try:
            network = self._ready()
        except WeightsMissing as missing:
            return srbench.Skip(str(missing))
        with torch.inference_mode():
            kept = kept_features(network.identity, hr, lambda: network.features(network.prepared(hr)))
            return network.distance(network.features(network.prepared(sr)), kept)

    def _ready(self) -> Network:
        """The network, made when the first image needs it."""
        if self._network is None:
            from .network import Network

            self._network = Network(self.net, self.weights[0], self.device)
        return self._network
