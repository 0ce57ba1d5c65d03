"""Kernel distances between two sets."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

import srbench
from srbench import Reference
from srbench.types import Positive

from ..kernels import gaussian_mmd, kernel_distance, median_distance
from .gathering import Gathering, Score, Vectors

CLIP = "timm:vit_large_patch14_clip_quickgelu_336.openai"
"""The network of CMMD: CLIP's ViT-L/14 at 336 pixels."""

AtLeastTwo = Annotated[int, msgspec.Meta(ge=2)]


class Kid(Gathering):
    """Kernel distance between the features of two sets (KID). Unbiased, so that it may be below 0.

    The mean over random subsets, as torch-fidelity takes them; for sets that fit into one subset the estimate over
    everything, with its standard error over random halves.
    """

    shown_as = "KID"
    papers: ClassVar = (
        srbench.Paper(
            ("Bińkowski", "Sutherland", "Arbel", "Gretton"),
            "Demystifying MMD GANs",
            2018,
            conference="ICLR",
            arxiv="1801.01401",
        ),
    )
    higher_is_better = False

    def __init__(
        self,
        extractor: str = "inception",
        subsets: AtLeastTwo = 100,
        subset_size: AtLeastTwo = 1000,
        reference: Reference = "test",
    ) -> None:
        super().__init__(extractor, "KID", 2, reference)
        self._subsets, self._subset_size = subsets, subset_size

    def _score(self, images: Vectors) -> Score:
        distance = kernel_distance(images, self._set("real"), self._subsets, self._subset_size)
        return Score(distance.value, distance.spread, {"subset size": distance.subset_size})


class Mmd(Gathering):
    """Squared MMD with a Gaussian kernel between the features of two sets, times 1000.

    sigma: the width of the kernel; without it, the median distance between real images.
    """

    shown_as = "MMD"
    papers: ClassVar = (
        srbench.Paper(
            ("Gretton", "Borgwardt", "Rasch", "Schölkopf", "Smola"),
            "A kernel two-sample test",
            2012,
            journal="Journal of Machine Learning Research",
        ),
    )
    higher_is_better = False
    unit = "10⁻³"
    range = (0.0, 2000.0)

    def __init__(
        self, extractor: str = "inception", sigma: Positive | None = None, reference: Reference = "test"
    ) -> None:
        super().__init__(extractor, "MMD", 2, reference)
        self._sigma = sigma

    def _score(self, images: Vectors) -> Score:
        real = self._set("real")
        sigma = self._sigma if self._sigma is not None else median_distance(real)
        return Score(1000 * gaussian_mmd(images, real, sigma), further={"sigma": sigma})


class Cmmd(Mmd):
    """CMMD (Jayasumana et al. 2024): MMD on CLIP's image embeddings with sigma = 10, times 1000."""

    shown_as = "CMMD"
    papers: ClassVar = (
        srbench.Paper(
            ("Jayasumana", "Ramalingam", "Veit", "Glasner", "Chakrabarti", "Kumar"),
            "Rethinking FID: Towards a better evaluation metric for image generation",
            2024,
            conference="CVPR",
            arxiv="2401.09603",
        ),
    )

    def __init__(self, extractor: str = CLIP, sigma: Positive = 10.0, reference: Reference = "test") -> None:
        super().__init__(extractor, sigma, reference)
